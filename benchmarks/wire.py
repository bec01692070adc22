"""PUBLISH and PUBACK packets by the thousand, as slices of one buffer.

All packets of a run have the same length, so that packet identifiers sit at a fixed stride: they are written and read with
extended slices, at a cost of some tens of nanoseconds each. The peers of a benchmark then take next to nothing of what they
share with the process that is measured. Anything out of stride is taken packet by packet, and nothing is ever guessed.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from mqtt5 import ConnectPacket, PublishPacket, QoS, SubscribePacket, TopicFilter

__all__ = [
    "FILTER",
    "NUMBERED",
    "READ_BYTES",
    "TOPIC",
    "WINDOW",
    "Acknowledgements",
    "PublishBatch",
    "Publishes",
    "connect",
    "encode_pubacks",
    "numbered_topics",
    "packet_spans",
    "subscribe",
    "subscribe_packet",
    "tune",
]

WINDOW = 1000
TOPIC = "bench/line-1/press-4/state"
FILTER = "bench/#"
READ_BYTES = 1 << 20
SOCKET_BUFFER_BYTES = 4 << 20
TIMEOUT_SECONDS = 20.0

NUMBER_OFFSET = 8
"""Where in a payload its number stands: behind the instant of its write, where it has one."""

_ID_MAX = 65_535
# Every packet identifier in order, twice, so that any run of at most 65 535 of them is one slice.
_ID_HIGH = bytes(packet_id >> 8 for packet_id in range(1, _ID_MAX + 1)) * 2
_ID_LOW = bytes(packet_id & 0xFF for packet_id in range(1, _ID_MAX + 1)) * 2

_PUBACK = 0x40

NUMBERED = b'{"n":'
"""How a payload of JSON begins that has its number in it, in five digits."""

_NUMBER_LEAST = 10_000
_DIGITS = [
    bytes(ord(f"{_NUMBER_LEAST + packet_id}"[place]) for packet_id in range(1, _ID_MAX + 1)) * 2 for place in range(5)
]


def numbered_topics(count: int) -> list[str]:
    """Return topics of one length, which `FILTER` matches."""
    return [f"bench/line-{number:06}/state" for number in range(count)]


def packet_spans(data: bytes | bytearray | memoryview) -> Iterator[tuple[int, int, int]]:
    """Yield start, start of the body, and end of each whole packet at the start of `data`."""
    start = 0
    while start + 2 <= len(data):
        length = 0
        for index in range(4):
            if start + 1 + index >= len(data):
                return
            byte = data[start + 1 + index]
            length |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                break
        body = start + 2 + index
        end = body + length
        if end > len(data):
            return
        yield start, body, end
        start = end


class PublishBatch:
    """Packets of one QoS and payload size, encoded once and sent again and again with new packet identifiers.

    Their topics, all of one length, come in turn. A payload that is long enough has a number, of which `checksum` is the sum
    over all that were encoded: who received them all, and each once, has the same. A `payload` that is given has it where it
    begins with `NUMBERED`, and `payload_bytes` says nothing then.
    """

    def __init__(
        self,
        qos: int,
        payload_bytes: int,
        topics: Sequence[str] = (TOPIC,),
        count_max: int = WINDOW,
        *,
        retain: bool = False,
        payload: bytes | None = None,
    ) -> None:
        has_digits = payload is not None and payload.startswith(NUMBERED)
        can_be_numbered = payload is None and payload_bytes >= NUMBER_OFFSET + 2
        payload = b"x" * payload_bytes if payload is None else payload
        packet_id = 1 if qos else None
        packets = [
            PublishPacket(topic, payload, qos=QoS(qos), retain=retain, packet_id=packet_id).write() for topic in topics
        ]
        self.packet_bytes = len(packets[0])
        assert {len(packet) for packet in packets} == {self.packet_bytes}, "topics of several lengths"
        self.qos = qos
        self._payload_offset = self.packet_bytes - len(payload)
        # Between the packet identifier and the payload stands one byte, the empty property length.
        self._id_offset = self._payload_offset - 3
        # Once round, and as much again as one call may ask for.
        self._packets = bytearray(b"".join(islice(cycle(packets), len(packets) + count_max)))
        self._topic_count = len(packets)
        self._topic = 0
        self._next = 0
        self._number_offset = self._payload_offset + NUMBER_OFFSET if can_be_numbered else 0
        self._digits_offset = self._payload_offset + len(NUMBERED) if has_digits else 0
        self.checksum = 0

    def encode(self, count: int) -> memoryview:
        """Return `count` packets with the next packet identifiers, valid until the next call."""
        size = self.packet_bytes
        data = memoryview(self._packets)[self._topic * size : (self._topic + count) * size]
        self._topic = (self._topic + count) % self._topic_count
        first = self._next
        self._next = (first + count) % _ID_MAX
        high, low = _ID_HIGH[first : first + count], _ID_LOW[first : first + count]
        if self.qos:
            data[self._id_offset :: size] = high
            data[self._id_offset + 1 :: size] = low
        if self._number_offset:
            data[self._number_offset :: size] = high
            data[self._number_offset + 1 :: size] = low
            self.checksum += 256 * sum(high) + sum(low)
        if self._digits_offset:
            for place, digits in enumerate(_DIGITS):
                data[self._digits_offset + place :: size] = digits[first : first + count]
            self.checksum += _NUMBER_LEAST * count + 256 * sum(high) + sum(low)
        return data

    def encode_stamped(self, stamps_ns: list[int]) -> memoryview:
        """Return a packet for each stamp, which is written into the first eight bytes of its payload."""
        data = self.encode(len(stamps_ns))
        for index, stamp_ns in enumerate(stamps_ns):
            start = index * self.packet_bytes + self._payload_offset
            data[start : start + 8] = stamp_ns.to_bytes(8, "big")
        return data


def encode_pubacks(high: bytes, low: bytes) -> bytes:
    """Encode a PUBACK for each packet identifier, given as their high and their low bytes."""
    data = bytearray(b"\x40\x02\x00\x00" * len(high))
    data[2::4] = high
    data[3::4] = low
    return bytes(data)


class Acknowledgements:
    """Counts the PUBACKs in what a publisher reads; `failed` are those with a reason code of 0x80 and above."""

    def __init__(self) -> None:
        self._rest = b""
        self.failed = 0

    def feed(self, data: bytes) -> int:
        """Return how many PUBACKs ended with `data`."""
        if self._rest:
            data = self._rest + data
        count, rest = divmod(len(data), 4)
        whole = len(data) - rest
        if data[0:whole:4] == b"\x40" * count and data[1:whole:4] == b"\x02" * count:
            self._rest = data[whole:]
            return count
        count = end = 0
        for start, body, end in packet_spans(data):
            if data[start] == _PUBACK:
                count += 1
                self.failed += end - body > 2 and data[body + 2] >= 0x80
        self._rest = data[end:]
        return count


@dataclass(slots=True)
class Taken:
    """What one read brought: PUBLISH packets, their PUBACKs if they are QoS 1, and the stamps if asked for."""

    count: int
    pubacks: bytes
    stamps_ns: list[int]
    others: list[bytes]


class Publishes:
    """Takes the PUBLISH packets out of what a subscriber or server reads; other packets come back as they are.

    `checksum` is the sum of the numbers of all that came, `duplicates` how many of them had DUP.
    """

    def __init__(self, *, wants_stamps: bool = False) -> None:
        self._wants_stamps = wants_stamps
        self._rest = bytearray()
        self._header = b""
        self._packet_bytes = 0
        self._payload_offset = 0
        self._number_offset = 0
        self._digits_offset = 0
        self.duplicates = 0
        self.checksum = 0

    def feed(self, data: bytes) -> Taken:
        """Return what became whole with `data`."""
        buffer = self._rest
        buffer += data
        taken = Taken(0, b"", [], [])
        position = 0
        while True:
            position += self._take_stride(memoryview(buffer)[position:], taken)
            span = next(packet_spans(memoryview(buffer)[position:]), None)
            if span is None:
                break
            _, body, end = span
            packet = bytes(buffer[position : position + end])
            if packet[0] & 0xF0 == 0x30:
                self._learn(packet, body)
                self._take_stride(memoryview(packet), taken)
            else:
                taken.others.append(packet)
            position += end
        self._rest = buffer[position:]
        return taken

    def _learn(self, packet: bytes, body: int) -> None:
        self._header = packet[:body]
        self._packet_bytes = len(packet)
        qos = packet[0] >> 1 & 3
        id_offset = body + 2 + int.from_bytes(packet[body : body + 2], "big")
        properties = id_offset + (2 if qos else 0)
        length, size = packet[properties], 1
        if length >= 0x80:
            length, size = length - 0x80 + packet[properties + 1] * 0x80, 2
            assert packet[properties + 1] < 0x80, "more properties than a benchmark sends"
        self._payload_offset = properties + size + length
        self._id_offset = id_offset if qos else 0
        has_digits = packet.startswith(NUMBERED, self._payload_offset)
        self._digits_offset = self._payload_offset + len(NUMBERED) if has_digits else 0
        number_offset = self._payload_offset + NUMBER_OFFSET
        self._number_offset = number_offset if number_offset + 2 <= len(packet) and not has_digits else 0

    def _take_stride(self, data: memoryview, taken: Taken) -> int:
        size = self._packet_bytes
        if not size:
            return 0
        count = len(data) // size
        for index, byte in enumerate(self._header):
            column = data[index : count * size : size].tobytes()
            if column != bytes((byte,)) * count:
                count = len(column) - len(column.lstrip(bytes((byte,))))
        if not count:
            return 0
        end = count * size
        if self._id_offset:
            high = data[self._id_offset : end : size].tobytes()
            low = data[self._id_offset + 1 : end : size].tobytes()
            taken.pubacks += encode_pubacks(high, low)
        if self._wants_stamps:
            for start in range(self._payload_offset, end, size):
                taken.stamps_ns.append(int.from_bytes(data[start : start + 8], "big"))
        if self._number_offset:
            high = data[self._number_offset : end : size].tobytes()
            low = data[self._number_offset + 1 : end : size].tobytes()
            self.checksum += 256 * sum(high) + sum(low)
        if self._digits_offset:
            for place in range(5):
                column = data[self._digits_offset + place : end : size].tobytes()
                self.checksum += (sum(column) - ord("0") * count) * 10 ** (4 - place)
        if self._header[0] & 0x08:
            self.duplicates += count
        taken.count += count
        return end


def tune(connection: socket.socket) -> None:
    """Set what all peers set: no delay, and buffers that hold a window of large messages."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)


def connect(port: int, client_id: str, session_expiry_seconds: int = 0) -> socket.socket:
    """Connect to a server on loopback and wait for its CONNACK.

    Raises:
        ConnectionError: the server refused, or closed.
    """
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    tune(connection)
    connection.sendall(_connect_packet(client_id, session_expiry_seconds))
    _expect(connection, 0x20, 1)
    return connection


def _connect_packet(client_id: str, session_expiry_seconds: int) -> bytes:
    expiry = session_expiry_seconds
    return ConnectPacket(client_id, clean_start=True, receive_max=_ID_MAX, session_expiry_interval=expiry).write()


def subscribe(connection: socket.socket, topic_filters: str | Sequence[str], qos: int) -> None:
    """Subscribe and wait for the SUBACK.

    Raises:
        ConnectionError: the server closed, or sent something else.
    """
    connection.sendall(subscribe_packet(topic_filters, qos))
    _expect(connection, 0x90, 2)


def subscribe_packet(topic_filters: str | Sequence[str], qos: int) -> bytes:
    """Encode a SUBSCRIBE of one or several filters."""
    filters = [topic_filters] if isinstance(topic_filters, str) else topic_filters
    return SubscribePacket(1, [TopicFilter(each, max_qos=QoS(qos)) for each in filters]).write()


def _expect(connection: socket.socket, first_byte: int, code_offset: int) -> None:
    data = b""
    while True:
        for _, body, end in packet_spans(data):
            # The reason code of a CONNACK is its second byte, those of a SUBACK are its last.
            code = data[body + 1] if code_offset == 1 else data[end - 1]
            if data[0] != first_byte or code >= 0x80 or end != len(data):
                raise ConnectionError(f"expected packet {first_byte:#x}, the server answered {data[:16].hex()}")
            return
        received = connection.recv(4096)
        if not received:
            raise ConnectionError("the server closed the connection")
        data += received
