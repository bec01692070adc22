"""A test is a conversation with a broker: what clients say to it, and what it says to each of them.

    broker = BrokerPlay()
    subscriber = broker.connect("subscriber")
    subscriber.subscribe("a/#", qos=1)
    broker.connect("publisher").send(publish("a/b", b"x", qos=1, packet_id=1)).expect(puback(1))
    subscriber.expect(publish("a/b", b"x", qos=1, packet_id=1))

Each expectation takes all that was said to that client since the last one. Commits happen after every step unless
`commits` is False; then `commit` does it.
"""

from collections.abc import Sequence
from typing import Any

import mqtt5
from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PubAckPacket,
    PubAckReasonCode,
    PubCompPacket,
    PubCompReasonCode,
    PublishPacket,
    PubRecPacket,
    PubRecReasonCode,
    PubRelPacket,
    PubRelReasonCode,
    QoS,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
)

from tests.mqtt.wire import raw_packet, text
from tidegate.broker.broker import Broker
from tidegate.broker.connection import Connection, ListenerPolicy
from tidegate.broker.events import AuthenticationRequested, BrokerEvent, QueueWanted
from tidegate.broker.identity import Verdict
from tidegate.broker.journal import JournalBatch, StoredState, merge
from tidegate.broker.limits import BrokerLimits
from tidegate.moment import Moment

__all__ = ["BrokerPlay", "Client", "puback", "pubcomp", "publish", "pubrec", "pubrel", "subscribe", "subscription"]

WALL = 1_700_000_000.0


def publish(topic: str, payload: bytes = b"", *, qos: int = 0, **fields: Any) -> PublishPacket:  # Any: the codec's own
    return PublishPacket(topic, payload, qos=QoS(qos), **fields)


def puback(packet_id: int, reason_code: int = 0) -> PubAckPacket:
    return PubAckPacket(packet_id, reason_code=PubAckReasonCode(reason_code))


def pubrec(packet_id: int, reason_code: int = 0) -> PubRecPacket:
    return PubRecPacket(packet_id, reason_code=PubRecReasonCode(reason_code))


def pubrel(packet_id: int, reason_code: int = 0) -> PubRelPacket:
    return PubRelPacket(packet_id, reason_code=PubRelReasonCode(reason_code))


def pubcomp(packet_id: int, reason_code: int = 0) -> PubCompPacket:
    return PubCompPacket(packet_id, reason_code=PubCompReasonCode(reason_code))


def subscription(topic_filter: str, qos: int = 2, **options: Any) -> TopicFilter:  # Any: the codec's own
    options.setdefault("retain_as_published", False)
    return TopicFilter(topic_filter, max_qos=QoS(qos), **options)


def subscribe(packet_id: int, *filters: TopicFilter, identifier: int | None = None) -> SubscribePacket:
    return SubscribePacket(packet_id, list(filters), subscription_id=identifier)


class BrokerPlay:
    """A broker, its clock and its clients."""

    def __init__(
        self, limits: BrokerLimits | None = None, state: StoredState | None = None, *, commits: bool = True
    ) -> None:
        self.now = Moment(1000.0, WALL)
        self.commits = commits
        self.events: list[BrokerEvent] = []
        self.batches: list[JournalBatch] = []
        self._open: JournalBatch | None = None
        self._ids = 0
        self.broker = Broker(limits or BrokerLimits(), new_id=self._new_id)
        if state is not None:
            self.broker.restore(state, self.now)

    def client(self, policy: ListenerPolicy | None = None) -> "Client":
        """Open a connection that has said nothing yet."""
        connection = self.broker.connection_made(policy or ListenerPolicy(), self.now, "peer:1")
        return Client(self, connection)

    def connect(self, client_id: str = "client", policy: ListenerPolicy | None = None, **fields: Any) -> "Client":
        """Connect a client and take its CONNACK, which is kept. Any: the fields are the codec's."""
        client = self.client(policy).send(ConnectPacket(client_id, **fields))
        said = client.said()
        assert said and isinstance(said[0], ConnAckPacket) and not int(said[0].reason_code), said
        client.connack = said[0]
        client.kept = said[1:]
        return client

    def connect_3_1_1(
        self, client_id: str = "old", *, clean_session: bool = True, session_present: int = 0
    ) -> "Client":
        """Connect a client of MQTT 3.1.1 and take its CONNACK; what it says and is told are bytes."""
        flags = b"\x02" if clean_session else b"\x00"
        client = self.client().send(raw_packet(0x10, text("MQTT") + b"\x04" + flags + b"\x00\x3c" + text(client_id)))
        connack, said = b"\x20\x02" + bytes((session_present, 0)), client.raw()
        assert said[: len(connack)] == connack, said
        client.kept_bytes = said[len(connack) :]
        return client

    def advance(self, seconds: float, *, wall: float | None = None) -> None:
        """Let time pass, and everything happen that is due meanwhile; `wall` is how far the wall clock goes."""
        end = self.now.monotonic + seconds
        wall_end = self.now.wall + (seconds if wall is None else wall)
        while (due := self.broker.next_timeout) is not None and due <= end:
            at = max(due, self.now.monotonic)
            self.now = Moment(at, wall_end - (end - at))
            self.broker.handle_timeout(self.now)
            self.settle()
        self.now = Moment(end, wall_end)
        self.settle()

    def settle(self) -> None:
        """Take events, and commit what is to be committed."""
        for event in self.broker.take_events():
            self.events.append(event)
            if isinstance(event, QueueWanted):
                self.broker.queue_read(event.session, [], self.now)
        if self.commits:
            self.commit()

    def take_batch(self) -> JournalBatch | None:
        """Take the batch that gathered, to be committed later with `commit`."""
        batch = self.broker.take_batch()
        if batch is not None:
            self._open = batch if self._open is None else merge(self._open, batch)
        return self._open

    def commit(self) -> None:
        """Commit what gathered."""
        batch = self.take_batch()
        if batch is not None:
            self._open = None
            self.batches.append(batch)
            self.broker.committed(batch.number, self.now)

    def decide(self, verdict: Verdict) -> None:
        """Answer the authentication that was requested last."""
        requested = [event for event in self.events if isinstance(event, AuthenticationRequested)]
        self.events = [event for event in self.events if not isinstance(event, AuthenticationRequested)]
        self.broker.authentication_decided(requested[-1].connection, verdict, self.now)
        self.settle()

    def _new_id(self) -> str:
        self._ids += 1
        return f"made-{self._ids}"


class Client:
    """One client's connection."""

    def __init__(self, play: BrokerPlay, connection: Connection) -> None:
        self.play = play
        self.connection = connection
        self.connack: ConnAckPacket | None = None
        self.kept: list[Packet] = []
        self.kept_bytes = b""
        self._rest = b""
        self._last_id = 100

    def send(self, *packets: Packet | bytes) -> "Client":
        """Say something, all of it in one read."""
        data = b"".join(each if isinstance(each, bytes) else each.write() for each in packets)
        self.play.broker.receive_data(self.connection, data, self.play.now)
        self.play.settle()
        return self

    def subscribe(self, topic_filter: str, qos: int = 2, **options: Any) -> "Client":  # Any: the codec's own
        """Subscribe and take the SUBACK; retained messages stay to be expected."""
        self._last_id += 1
        identifier = options.pop("identifier", None)
        self.send(subscribe(self._last_id, subscription(topic_filter, qos, **options), identifier=identifier))
        said = self.said()
        assert isinstance(said[0], SubAckPacket) and [int(code) for code in said[0].reason_codes] == [qos], said
        self.kept = said[1:]
        return self

    def said(self) -> list[Packet]:
        """Return all that the broker said since the last time."""
        data = self._rest + b"".join(self.play.broker.take_output(self.connection, self.play.now))
        packets: list[Packet] = []
        while data:
            packet, length = mqtt5.read(memoryview(data))
            packets.append(packet)
            data = data[length:]
        kept, self.kept = self.kept, []
        return [*kept, *packets]

    def raw(self) -> bytes:
        """Return the bytes that the broker sent since the last time."""
        kept, self.kept_bytes = self.kept_bytes, b""
        return kept + b"".join(self.play.broker.take_output(self.connection, self.play.now))

    def expect(self, *packets: Packet) -> "Client":
        """Expect exactly this, in this order."""
        assert _texts(self.said()) == _texts(packets)
        return self

    def expect_bytes(self, *data: bytes) -> "Client":
        """Expect exactly these bytes."""
        assert self.raw() == b"".join(data)
        return self

    def expect_closed(self, reason_code: int | None = None) -> None:
        """Expect that the broker ends the connection, with DISCONNECT and this reason code or (None) without."""
        wanted = [] if reason_code is None else [reason_code]
        said = self.said()
        assert [int(each.reason_code) for each in said if isinstance(each, DisconnectPacket)] == wanted, said
        assert self.connection.wants_close

    def expect_refused(self, reason_code: int) -> None:
        """Expect a CONNACK that refuses, and the end."""
        said = self.said()
        assert len(said) == 1 and isinstance(said[0], ConnAckPacket), said
        assert int(said[0].reason_code) == reason_code
        assert self.connection.wants_close

    def cut(self) -> None:
        """End the connection without a word."""
        self.play.broker.connection_lost(self.connection, self.play.now)
        self.play.settle()

    def leave(self) -> None:
        """Say DISCONNECT 0x00."""
        self.send(DisconnectPacket())
        self.cut()


def _texts(packets: Sequence[Packet]) -> list[str]:
    return [str(packet) for packet in packets]
