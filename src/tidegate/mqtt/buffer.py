"""Bytes in, whole packets out, bounded.

Knows where a packet ends. Does not know what packets mean.
"""

from collections.abc import Callable

from tidegate.mqtt.fixed_header import PACKET_BYTES_MAX, packet_bytes, packet_too_large
from tidegate.mqtt.packets import ReceivedPacket, decode_gathering

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """Holds the bytes of one incomplete packet, and nothing else, between two reads.

    `packet_bytes_max` is the Maximum Packet Size that we announced, None for the protocol's own limit (256 MiB).
    `decode` takes the packets off the front of what it is given, and says how many bytes they had.
    A packet that claims to be longer is refused when its fixed header has come, before its bytes are kept.
    """

    def __init__(
        self,
        packet_bytes_max: int | None = None,
        decode: Callable[[memoryview, list[ReceivedPacket], int], int] = decode_gathering,
    ) -> None:
        self._decode = decode
        self._packet_bytes_max = PACKET_BYTES_MAX if packet_bytes_max is None else packet_bytes_max
        self._rest = bytearray()
        self._needed = 0

    def __len__(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes, packets: list[ReceivedPacket]) -> None:
        """Append to `packets` every packet that `data` completes.

        Raises:
            MalformedPacket: the bytes are no packet; those before it were appended.
            ProtocolViolation: a packet is longer than `packet_bytes_max`, reason code 0x95; those before it were appended.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest.clear()
        view = memoryview(data)
        consumed = self._decode(view, packets, self._packet_bytes_max)
        if consumed < len(data):
            rest = view[consumed:]
            self._needed = self._packet_length(rest)
            self._rest += rest

    def _packet_length(self, rest: memoryview) -> int:
        length = packet_bytes(rest)
        if length is None:
            return len(rest) + 1
        if length > self._packet_bytes_max:
            raise packet_too_large(length, self._packet_bytes_max)
        return length
