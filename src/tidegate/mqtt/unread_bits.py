"""Bits that the codec lets pass and that must have one value.

Knows where they are in the bytes of a whole packet that the codec could read. Does not know what the others mean.
"""

from tidegate.exceptions import MalformedPacket

__all__ = ["check_connect_flags", "check_subscription_options"]

_CONNECT_FLAGS_OFFSET = 7
"""Behind the fixed header: the protocol name with its length takes six bytes, the protocol level one."""

_RESERVED_OPTIONS = 0xC0


def check_connect_flags(connect: memoryview) -> None:
    """Check the connect flags of a CONNECT.

    Raises:
        MalformedPacket: the reserved one is 1 [MQTT-3.1.2-3], or those of a will are and there is none.
    """
    _, start = _variable_byte_integer(connect, 1)
    flags = connect[start + _CONNECT_FLAGS_OFFSET]
    if flags & 0x01:
        raise MalformedPacket("CONNECT with the reserved flag 1 [MQTT-3.1.2-3]")
    if flags & 0x38 and not flags & 0x04:
        raise MalformedPacket("CONNECT with Will QoS or Will Retain, and without a will [MQTT-3.1.2-11, MQTT-3.1.2-13]")


def check_subscription_options(subscribe: memoryview) -> None:
    """Check the options of each filter of a SUBSCRIBE.

    Raises:
        MalformedPacket: bit 6 or 7 is 1 [MQTT-3.8.3-5].
    """
    _, position = _variable_byte_integer(subscribe, 1)
    properties_bytes, position = _variable_byte_integer(subscribe, position + 2)
    position += properties_bytes
    while position < len(subscribe):
        position += 2 + int.from_bytes(subscribe[position : position + 2], "big")
        if subscribe[position] & _RESERVED_OPTIONS:
            raise MalformedPacket("SUBSCRIBE with a reserved bit in its options [MQTT-3.8.3-5]")
        position += 1


def _variable_byte_integer(data: memoryview, position: int) -> tuple[int, int]:
    """Return a valid Variable Byte Integer (section 1.5.5) and where it ends."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
