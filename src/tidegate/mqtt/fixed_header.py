"""The fixed header of a packet (section 2.1): its type and its length, the same in all versions of MQTT.

Knows how long a packet is before it is whole, and where a PUBLISH has its properties. Does not know what is in them.
"""

from tidegate.exceptions import MalformedPacket, ProtocolViolation

__all__ = [
    "PACKET_BYTES_MAX",
    "PACKET_TYPE_NAMES",
    "PUBLISH",
    "overhead_bytes",
    "packet_bytes",
    "packet_too_large",
    "too_much_overhead",
]

# Section 2.1.4: the Remaining Length is at most 268 435 455, after a fixed header of at most five bytes.
PACKET_BYTES_MAX = 268_435_460

PUBLISH = 3
"""The packet type whose length is mostly payload."""

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


def too_much_overhead(length: int, overhead_bytes_max: int) -> ProtocolViolation:
    """Return the error for a packet with `length` bytes beside its payload, reason code 0x97 (Quota exceeded)."""
    return ProtocolViolation(f"{length} bytes beside a payload, and the maximum is {overhead_bytes_max}", 0x97)


def overhead_bytes(packet: memoryview, has_properties: bool) -> int:
    """Return how many bytes of a whole packet are dear to decode: the properties of a PUBLISH, all of any other.

    Raises:
        MalformedPacket: the length of the properties has more than four bytes [MQTT-1.5.5-1].
    """
    if packet[0] >> 4 != PUBLISH:
        return len(packet)
    if not has_properties:
        return 0
    start = 2
    while packet[start - 1] >= 0x80:
        start += 1
    start += 2 + int.from_bytes(packet[start : start + 2], "big") + (2 if packet[0] & 0x06 else 0)
    length = packet_bytes(packet[start - 1 :])
    return 0 if length is None else length
