"""Bytes in, whole packets out, bounded.

Knows where a packet ends. Does not know what packets mean.
"""

from collections.abc import Callable

from tidegate.exceptions import MalformedPacket
from tidegate.mqtt.fixed_header import (
    PACKET_BYTES_MAX,
    PUBLISH,
    overhead_bytes,
    packet_bytes,
    packet_too_large,
    too_much_overhead,
)
from tidegate.mqtt.packets import ReceivedPacket, decode_gathering
from tidegate.mqtt.plain_publish import PlainPublishes

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """Holds the bytes of one incomplete packet, and nothing else, between two reads.

    `packet_bytes_max` is the Maximum Packet Size that we announced, None for the protocol's own limit (256 MiB).
    `decode` takes the packets off the front of what it is given, and says how many bytes they had.
    A packet that claims to be longer is refused when its fixed header has come, before its bytes are kept.
    `overhead_bytes_max` bounds all but payloads: packets other than PUBLISH, and what a PUBLISH has before its payload.
    They are many small things, and dear to decode. In MQTT 3.1.1 a PUBLISH has no properties.
    """

    def __init__(
        self,
        packet_bytes_max: int | None = None,
        decode: Callable[[memoryview, list[ReceivedPacket], int], int] = decode_gathering,
        overhead_bytes_max: int = PACKET_BYTES_MAX,
        *,
        has_properties: bool = True,
    ) -> None:
        self._decode = decode
        self._packet_bytes_max = PACKET_BYTES_MAX if packet_bytes_max is None else packet_bytes_max
        self._overhead_bytes_max = overhead_bytes_max
        self._has_properties = has_properties
        self._plain = PlainPublishes() if has_properties else None
        self._rest = bytearray()
        self._needed = 0

    def __len__(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes, packets: list[ReceivedPacket]) -> None:
        """Append to `packets` every packet that `data` completes.

        Raises:
            MalformedPacket: the bytes are no packet; those before it were appended.
            ProtocolViolation: a packet is longer than `packet_bytes_max`, reason code 0x95, or has more than
                `overhead_bytes_max` besides its payload, 0x97; those before it were appended.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest.clear()
        if self._plain is not None and data and data[0] >> 4 == PUBLISH:
            taken = self._plain.take(data, packets, self._packet_bytes_max)
            if taken == len(data):
                return
            data = data[taken:] if taken else data
        view = memoryview(data)
        if len(data) > self._overhead_bytes_max:
            self._check_overhead(view, packets)
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
        if length > self._overhead_bytes_max and rest[0] >> 4 != PUBLISH:
            raise too_much_overhead(length, self._overhead_bytes_max)
        return length

    def _check_overhead(self, view: memoryview, packets: list[ReceivedPacket]) -> None:
        """Refuse a packet with too much besides its payload before it is decoded; decode those before it."""
        position = 0
        while (length := _length_of_whole(view[position:])) is not None:
            if length > self._overhead_bytes_max:
                overhead = overhead_bytes(view[position : position + length], self._has_properties)
                if overhead > self._overhead_bytes_max:
                    self._decode(view[:position], packets, self._packet_bytes_max)
                    raise too_much_overhead(overhead, self._overhead_bytes_max)
            position += length


def _length_of_whole(view: memoryview) -> int | None:
    """Return the length of the whole packet that starts `view`, None for none; what is malformed is for `decode`."""
    try:
        length = packet_bytes(view)
    except MalformedPacket:
        return None
    return length if length is not None and length <= len(view) else None
