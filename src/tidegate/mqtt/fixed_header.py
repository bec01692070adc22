"""The fixed header of a packet (section 2.1): its type and its length, the same in all versions of MQTT.

Knows how long a packet is before it is whole. Does not know what is in it.
"""

from tidegate.exceptions import MalformedPacket, ProtocolViolation

__all__ = ["PACKET_BYTES_MAX", "PACKET_TYPE_NAMES", "packet_bytes", "packet_too_large"]

# Section 2.1.4: the Remaining Length is at most 268 435 455, after a fixed header of at most five bytes.
PACKET_BYTES_MAX = 268_435_460

PACKET_TYPE_NAMES = (
    "packet type 0",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
)


def packet_too_large(length: int, packet_bytes_max: int) -> ProtocolViolation:
    """Return the error for a received packet of `length` bytes, reason code 0x95 [MQTT-3.1.2-24]."""
    return ProtocolViolation(f"a packet of {length} bytes, and the maximum is {packet_bytes_max}", 0x95)


def packet_bytes(data: memoryview) -> int | None:
    """Return the length in bytes of the packet that starts `data`, None while its fixed header is incomplete.

    Raises:
        MalformedPacket: the Remaining Length has more than four bytes [MQTT-1.5.5-1].
    """
    length = 0
    for index in range(1, 5):
        if index >= len(data):
            return None
        byte = data[index]
        length |= (byte & 0x7F) << 7 * (index - 1)
        if byte < 0x80:
            return index + 1 + length
    raise MalformedPacket("a Remaining Length of more than four bytes [MQTT-1.5.5-1]")
