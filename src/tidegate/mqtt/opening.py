"""The first bytes of a client: which version of MQTT it speaks.

Knows the head of a CONNECT in all versions. Does not know the rest of it; the bytes are handed on as they came.
"""

from tidegate.exceptions import MalformedPacket, ProtocolViolation
from tidegate.mqtt.fixed_header import packet_bytes, packet_too_large
from tidegate.mqtt.wire import Wire

__all__ = ["UNSUPPORTED_PROTOCOL_VERSION", "Opening"]

UNSUPPORTED_PROTOCOL_VERSION = 0x84

_CONNECT = 0x10
_BRIDGE = 0x80
"""The bit of the protocol level by which bridges of MQTT 3.1.1 say what they are; it means nothing here."""
_NAMES = {b"\x00\x04MQTT": (4, 5), b"\x00\x06MQIsdp": (3,)}


class Opening:
    """Keeps bytes until the protocol level of CONNECT has come, and refuses at once what cannot become one."""

    __slots__ = ("_bytes_max", "_data", "is_unsupported", "wire")

    def __init__(self, connect_bytes_max: int) -> None:
        self._bytes_max = connect_bytes_max
        self._data = b""
        self.is_unsupported = False
        """Whether a CONNECT has come whose version nobody here knows."""
        self.wire = Wire.V5
        """How to say so."""

    def feed(self, data: bytes) -> tuple[Wire, bytes] | None:
        """Return how the client speaks and all bytes that have come, None while its level has not.

        Raises:
            ProtocolViolation: the first packet is no CONNECT [MQTT-3.1.0-1] (0x82), is too large (0x95), or has a protocol
                level that no server knows [MQTT-3.1.2-2] (0x84).
            MalformedPacket: it has no name of the protocol [MQTT-3.1.2-1].
        """
        data = self._data + data
        if data[0] != _CONNECT:
            raise ProtocolViolation("the first packet is no CONNECT [MQTT-3.1.0-1]")
        view = memoryview(data)
        length = packet_bytes(view)
        if length is None:
            self._data = data
            return None
        if length > self._bytes_max:
            raise packet_too_large(length, self._bytes_max)
        start = 2
        while data[start - 1] >= 0x80:
            start += 1
        for name, levels in _NAMES.items():
            if length <= start + len(name):
                # No room for this name and a protocol level, whatever follows.
                continue
            head = data[start : start + len(name)]
            if head == name:
                if len(data) <= start + len(name):
                    break
                level = data[start + len(name)]
                if level & ~_BRIDGE in (3, 4):
                    level &= ~_BRIDGE
                if level not in levels:
                    self.is_unsupported = True
                    self.wire = Wire.V5 if level >= 5 else Wire.V3
                    raise ProtocolViolation(f"protocol level {level} [MQTT-3.1.2-2]", UNSUPPORTED_PROTOCOL_VERSION)
                return (Wire.V5 if level == 5 else Wire.V3), data
            if name.startswith(head):
                break
        else:
            raise MalformedPacket("a CONNECT without name and level of the protocol [MQTT-3.1.2-1]")
        self._data = data
        return None
