"""Feeds the broker bytes that no client would send, and checks what it promises.

usage: python -m fuzzing.fuzz_broker [--seconds N] [--seed N]

`check` is the target, shared with the tests: whatever one client sends, in whatever version and however it is split, nothing
is raised, the others go on being served, what is said to it is in form and ends with the connection, and when it has gone
nothing of it is left.
"""

from collections.abc import Iterator, Sequence
from random import Random

import mqtt5

from fuzzing.damage import damaged, pieces
from fuzzing.runner import input_in_notes, run_as_command, run_for
from tidegate.broker.broker import Broker
from tidegate.broker.connection import Connection, ListenerPolicy
from tidegate.broker.events import QueueWanted
from tidegate.broker.limits import BrokerLimits
from tidegate.moment import Moment

__all__ = ["CONNECTS", "check", "inputs", "main", "run"]

LIMITS = BrokerLimits(packet_bytes_max=2_048, connect_bytes_max=1_024, queued_in_memory_max=8, topic_levels_max=8)
"""Small, so that short inputs meet them."""

SERVER_KINDS = (2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15)
FILTERS = ("#", "a/+", "$share/g/a/#", "a", "$SYS/#", "+/+/+/+/+/+/+/+/+/+", "")
# The codec writes none that no client may publish to: to those go clients of MQTT 3.1.1, and damage.
TOPICS_OF_5 = ("a", "a/b", "$SYS/x", "/" * 20, "größe", "a" * 300)
TOPICS = (*TOPICS_OF_5, "", "a/+")


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def _framed(first: int, body: bytes) -> bytes:
    length = bytearray()
    rest = len(body)
    while rest >= 0x80:
        length.append(rest & 0x7F | 0x80)
        rest >>= 7
    length.append(rest)
    return bytes((first, *length)) + body


CONNECTS = {
    5: mqtt5.ConnectPacket("fuzzed", session_expiry_interval=10, receive_max=3).write(),
    4: _framed(0x10, _text("MQTT") + b"\x04\x00\x00\x0a" + _text("fuzzed")),
    3: _framed(0x10, _text("MQIsdp") + b"\x03\x02\x00\x0a" + _text("fuzzed")),
}
"""By protocol level."""


class _Others:
    """A broker with a client that publishes and one that subscribes, which nothing may disturb."""

    def __init__(self) -> None:
        self.now = Moment(1_000.0, 1_700_000_000.0)
        self.broker = Broker(LIMITS, new_id=lambda: "made")
        self.subscriber = self.connect("subscriber")
        self.publisher = self.connect("publisher")
        self.tell(
            self.subscriber, mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("good", max_qos=mqtt5.QoS.AT_LEAST_ONCE)])
        )
        self.said(self.subscriber)
        self.count = 0

    def connect(self, client_id: str) -> Connection:
        connection = self.broker.connection_made(ListenerPolicy(), self.now)
        self.tell(connection, mqtt5.ConnectPacket(client_id, keep_alive=0))
        assert self.said(connection)[:1] == b"\x20"
        return connection

    def tell(self, connection: Connection, *packets: mqtt5.Packet) -> None:
        self.feed(connection, b"".join(packet.write() for packet in packets))

    def feed(self, connection: Connection, data: bytes) -> None:
        self.broker.receive_data(connection, data, self.now)
        self.settle()

    def settle(self) -> None:
        """Do what a host does at the end of a turn."""
        for event in self.broker.take_events():
            if isinstance(event, QueueWanted):
                self.broker.queue_read(event.session, [], self.now)
        batch = self.broker.take_batch()
        if batch is not None:
            self.broker.committed(batch.number, self.now)
        for connection in self.broker.take_dirty():
            if connection.wants_reading and connection.stalled:
                self.broker.resume_reading(connection, self.now)

    def advance(self, seconds: float) -> None:
        self.now = Moment(self.now.monotonic + seconds, self.now.wall + seconds)
        self.broker.handle_timeout(self.now)
        self.settle()

    def said(self, connection: Connection) -> bytes:
        return b"".join(self.broker.take_output(connection, self.now))

    def are_served(self) -> None:
        """Pass a message from one to the other and have it acknowledged by both."""
        self.count += 1
        payload = b"message %d" % self.count
        message = mqtt5.PublishPacket("good", payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self.count)
        self.tell(self.publisher, message)
        assert mqtt5.PubAckPacket(self.count).write() in self.said(self.publisher), "another publisher is not answered"
        came = self.said(self.subscriber)
        assert payload in came, "another subscriber gets nothing"
        packets = [packet for packet in _packets(came) if isinstance(packet, mqtt5.PublishPacket)]
        self.tell(self.subscriber, *(mqtt5.PubAckPacket(packet.packet_id) for packet in packets if packet.packet_id))


def check(data: bytes, cuts: Sequence[int], level: int | None) -> None:
    """Send `data` in the pieces that `cuts` make, after a CONNECT of a protocol level (None: as the first thing).

    Raises:
        AssertionError: the broker broke a promise. Any other exception is a broken promise as well.
    """
    others = _Others()
    connection = others.broker.connection_made(ListenerPolicy(), others.now)
    if level is not None:
        others.feed(connection, CONNECTS[level])
        assert others.said(connection)[:1] == b"\x20"
    said = bytearray()
    for piece in filter(None, pieces(data, cuts)):
        was_ended = connection.wants_close
        others.feed(connection, piece)
        more = others.said(connection)
        assert not (was_ended and more), "something was said after the end"
        said += more
    _check_form(bytes(said), level)
    others.are_served()
    others.broker.connection_lost(connection, others.now)
    others.settle()
    for _ in range(3):
        others.advance(LIMITS.connect_timeout_seconds)
        others.are_served()
    assert len(others.broker.connections) == 2, "a connection is left"


def _check_form(said: bytes, level: int | None) -> None:
    """Assert that what was said is whole packets of kinds that a server sends; of MQTT 5 the codec knows the rest."""
    if level == 5:
        assert all(_packets(said))
        return
    while said:
        assert said[0] >> 4 in SERVER_KINDS, f"no server sends 0x{said[0]:02x}"
        length = shift = position = 0
        while True:
            position += 1
            length |= (said[position] & 0x7F) << shift
            shift += 7
            if said[position] < 0x80:
                break
        assert len(said) > position + length, "half a packet"
        said = said[position + 1 + length :]


def _packets(data: bytes) -> Iterator[mqtt5.Packet]:
    while data:
        packet, length = mqtt5.read(memoryview(data))
        yield packet
        data = data[length:]


def inputs(random: Random) -> Iterator[bytes]:
    """Yield inputs for ever: conversations of a client of either version, with damage that leads down other paths."""
    while True:
        is_v5 = bool(random.getrandbits(1))
        data = b"".join((_packet_5 if is_v5 else _packet_3)(random) for _ in range(random.randint(0, 6)))
        if random.random() < 0.3:
            data = random.choice(tuple(CONNECTS.values())) + data
        for _ in range(random.choice((0, 1, 1, 2, 5))):
            data = damaged(data, random)
        yield data


def _packet_5(random: Random) -> bytes:
    packet_id = random.choice((1, 2, 3, random.randint(1, 65_535)))
    qos = mqtt5.QoS(random.randint(0, 2))
    kind = random.randrange(9)
    if kind == 0:
        return random.choice((mqtt5.PubAckPacket, mqtt5.PubRecPacket, mqtt5.PubRelPacket, mqtt5.PubCompPacket))(
            packet_id
        ).write()
    if kind == 1:
        filters = [mqtt5.TopicFilter(random.choice(FILTERS), max_qos=qos) for _ in range(random.randint(1, 3))]
        identifier = random.choice((None, None, 1, 268_435_455))
        return mqtt5.SubscribePacket(packet_id, filters, subscription_id=identifier).write()
    if kind == 2:
        return mqtt5.UnsubscribePacket(packet_id, [random.choice(FILTERS)]).write()
    if kind == 3:
        return random.choice((mqtt5.PingReqPacket(), mqtt5.DisconnectPacket(), mqtt5.AuthPacket())).write()
    if kind == 4:
        body = random.randbytes(random.randint(0, 40))
        return _framed(random.randrange(256), body)
    return mqtt5.PublishPacket(
        random.choice(TOPICS_OF_5),
        random.randbytes(random.choice((0, 5, 300, 3_000))),
        qos=qos,
        retain=bool(random.getrandbits(1)),
        packet_id=packet_id if qos != mqtt5.QoS.AT_MOST_ONCE else None,
        topic_alias=random.choice((None, None, 1, 64, 65)),
        message_expiry_interval=random.choice((None, 0, 1)),
        user_properties=[("k", "v")] * random.choice((0, 0, 1, 300)),
    ).write()


def _packet_3(random: Random) -> bytes:
    packet_id = random.choice((1, 2, 3, random.randint(0, 65_535))).to_bytes(2, "big")
    qos = random.randint(0, 3)
    kind = random.randrange(7)
    if kind == 0:
        return _framed(random.choice((0x40, 0x50, 0x62, 0x70)), packet_id)
    if kind == 1:
        return _framed(0x82, packet_id + _text(random.choice(FILTERS)) + bytes((qos,)))
    if kind == 2:
        return _framed(0xA2, packet_id + _text(random.choice(FILTERS)))
    if kind == 3:
        return random.choice((b"\xc0\x00", b"\xe0\x00"))
    if kind == 4:
        return _framed(random.randrange(256), random.randbytes(random.randint(0, 40)))
    flags = random.choice((0, 1, 8)) | qos << 1
    body = _text(random.choice(TOPICS)) + (packet_id if qos else b"") + random.randbytes(random.choice((0, 5, 3_000)))
    return _framed(0x30 | flags, body)


def run(seconds: float, seed: int) -> int:
    """Check inputs of a seed for some seconds; return how many. See `fuzzing.runner.run_for`."""

    def one(random: Random, data: bytes) -> None:
        cuts = [random.randint(0, len(data)) for _ in range(random.randint(0, 4))]
        level = random.choice((None, 3, 4, 5, 5))
        with input_in_notes(f"check({data!r}, {cuts}, {level})"):
            check(data, cuts, level)

    return run_for(seconds, seed, inputs, one)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    run_as_command("Fuzz the broker with what its clients send.", run, arguments)


if __name__ == "__main__":
    main()
