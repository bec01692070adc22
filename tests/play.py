"""A test is a conversation: what the two servers say to a relay, what it answers, and what it reports.

    play(Relay(flow_plan())).start().source(publish(1)).expect_destination(publish(1, topic="out/1"))

Each expectation takes all that was said since the last one to the same side, and shows the difference where it is another.
After every step the accounting is checked.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import ndiff

import mqtt5
from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    Packet,
    PubAckPacket,
    PubAckReasonCode,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
)

from tidegate.flow.events import RelayEvent, Side
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, FlowPlan, SidePlan
from tidegate.flow.relay import Relay
from tidegate.moment import Moment
from tidegate.transform.spec import TransformSpec

__all__ = [
    "Play",
    "connack",
    "describe",
    "flow_plan",
    "play",
    "puback",
    "publish",
    "relay_of",
    "side_plan",
    "suback",
]

_UNTOLD = (None, False, 0, "", 65_535)


class Play:
    """One conversation with one relay. Every step returns the play, so that it reads as a script."""

    def __init__(self, relay: Relay, monotonic: float = 100.0) -> None:
        self.relay = relay
        self.now = Moment(monotonic, 1_700_000_000.0)
        self.events: list[RelayEvent] = []
        self._said: dict[Side, list[Packet]] = {side: [] for side in Side}
        self._script: list[str] = []

    def connect(self, side: Side) -> "Play":
        """Open a transport; the relay says CONNECT."""
        return self._step(f"connect {side.value}", lambda: self.relay.connection_made(side, self.now))

    def start(self, source: ConnAckPacket | None = None, destination: ConnAckPacket | None = None) -> "Play":
        """Connect and subscribe with servers that grant everything, and forget what was said and reported until then."""
        return self.start_destination(destination).start_source(source)

    def start_source(self, answer: ConnAckPacket | None = None, *packets: Packet) -> "Play":
        """Connect the source and answer SUBSCRIBE; `packets` come right after CONNACK."""
        self.connect(Side.SOURCE).source(connack() if answer is None else answer, *packets)
        subscribe = self._said[Side.SOURCE][-1]
        assert isinstance(subscribe, SubscribePacket), describe(subscribe)
        self.source(suback(subscribe.packet_id, *[1] * len(subscribe.topic_filters)))
        return self.forget(Side.SOURCE)

    def start_destination(self, answer: ConnAckPacket | None = None) -> "Play":
        """Connect the destination, and forget CONNECT; what the relay says after CONNACK is not forgotten."""
        self.connect(Side.DESTINATION).forget(Side.DESTINATION)
        self.destination(connack() if answer is None else answer)
        self.events.clear()
        return self

    def forget(self, side: Side) -> "Play":
        """Take what the relay said to one side as heard, and its events too."""
        self._said[side].clear()
        self.events.clear()
        return self

    def source(self, *packets: Packet | bytes) -> "Play":
        """Let the source say something, in one read."""
        return self._receive(Side.SOURCE, packets)

    def destination(self, *packets: Packet | bytes) -> "Play":
        """Let the destination say something, in one read."""
        return self._receive(Side.DESTINATION, packets)

    def lose(self, side: Side, detail: str = "the connection was closed by the server") -> "Play":
        """End a transport."""
        return self._step(f"lose {side.value}", lambda: self.relay.connection_lost(side, detail, self.now))

    def do(self, name: str, action: Callable[[Relay, Moment], None]) -> "Play":
        """Do anything else with the relay: drain, end_session, reconnect, ..."""
        return self._step(name, lambda: action(self.relay, self.now))

    def wait(self, seconds: float) -> "Play":
        """Let time go by and everything come due in its turn."""
        until = self.now.monotonic + seconds
        while (deadline := self.relay.next_timeout()) is not None and deadline <= until:
            self._go_to(max(deadline, self.now.monotonic))
            self._step(f"wait until {deadline:g}", lambda: self.relay.handle_timeout(self.now))
        self._go_to(until)
        return self

    def expect_source(self, *packets: Packet) -> "Play":
        """Expect that the relay has said this to the source, and nothing else."""
        return self._expect(Side.SOURCE, packets)

    def expect_destination(self, *packets: Packet) -> "Play":
        """Expect that the relay has said this to the destination, and nothing else."""
        return self._expect(Side.DESTINATION, packets)

    def expect_silence(self) -> "Play":
        """Expect that the relay has said nothing to anybody."""
        return self.expect_source().expect_destination()

    def expect_events(self, *events: RelayEvent) -> "Play":
        """Expect that the relay has reported this, and nothing else."""
        if self.events != list(events):
            self._fail("events", [str(event) for event in events], [str(event) for event in self.events])
        self.events.clear()
        return self

    def expect_closed(self, side: Side) -> "Play":
        """Expect that the relay wants one connection closed."""
        assert self.relay.wants_close(side), "\n".join(self._script)
        return self

    def expect_reading(self, reads_source: bool) -> "Play":
        """Expect that the source socket is read, or is not."""
        assert self.relay.reads_source is reads_source, "\n".join(self._script)
        return self

    def expect_counts(self, **counts: object) -> "Play":
        """Expect these counters, by their names in `Counters`; `pending` is the relay's."""
        seen = {
            name: self.relay.pending() if name == "pending" else getattr(self.relay.counters, name) for name in counts
        }
        assert seen == counts, "\n".join(self._script)
        return self

    def said(self, side: Side) -> list[Packet]:
        """Take what the relay has said to one side."""
        said, self._said[side] = self._said[side], []
        return said

    def _receive(self, side: Side, packets: Sequence[Packet | bytes]) -> "Play":
        data = b"".join(packet if isinstance(packet, bytes) else packet.write() for packet in packets)
        names = ", ".join(repr(packet) if isinstance(packet, bytes) else describe(packet) for packet in packets)
        return self._step(f"{side.value} > {names}", lambda: self.relay.receive_data(side, data, self.now))

    def _step(self, name: str, action: Callable[[], None]) -> "Play":
        self._script.append(f"{self.now.monotonic:8.3f} {name}")
        action()
        self.relay.check_accounting()
        for event in self.relay.take_events():
            self._script.append(f"{'':8} = {event}")
            self.events.append(event)
        for side in Side:
            for packet in _decoded(b"".join(self.relay.data_to_send(side, self.now))):
                self._script.append(f"{'':8} {side.value} < {describe(packet)}")
                self._said[side].append(packet)
        return self

    def _expect(self, side: Side, packets: Sequence[Packet]) -> "Play":
        said = self.said(side)
        if said != list(packets):
            self._fail(f"the {side.value}", [describe(item) for item in packets], [describe(item) for item in said])
        return self

    def _fail(self, what: str, expected: list[str], seen: list[str]) -> None:
        difference = "\n".join(ndiff(expected, seen))
        script = "\n".join(self._script)
        raise AssertionError(f"{what}, - expected, + seen:\n{difference}\n\nthe conversation:\n{script}")

    def _go_to(self, monotonic: float) -> None:
        self.now = Moment(monotonic, self.now.wall + monotonic - self.now.monotonic)


def relay_of(plan: FlowPlan, held_filters: frozenset[str] = frozenset()) -> Relay:
    """Return a relay whose ids are all the same."""
    return Relay(plan, new_id=lambda: "id", held_filters=held_filters)


def play(relay: Relay) -> Play:
    """Begin a conversation with a relay that is not connected."""
    return Play(relay)


def describe(packet: Packet) -> str:
    """Return a packet as a person writes it: `PUBLISH packet_id=1 topic='a'`, what is usual left out."""
    name = type(packet).__name__.removesuffix("Packet").upper()
    fields = [
        f"{field}={value!r}"
        for field in dir(packet)
        if not field.startswith("_") and not callable(value := getattr(packet, field)) and value not in (*_UNTOLD, [])
    ]
    return " ".join((name, *fields))


def connack(*, session_present: bool = False, receive_maximum: int = 65_535, **properties: object) -> ConnAckPacket:
    """Return a CONNACK 0x00; `properties` are the codec's names."""
    return ConnAckPacket(session_present=session_present, receive_max=receive_maximum, **properties)  # type: ignore[arg-type]


def suback(packet_id: int, *codes: int) -> SubAckPacket:
    """Return a SUBACK."""
    return SubAckPacket(packet_id, [SubAckReasonCode(code) for code in codes])


def puback(packet_id: int, reason_code: int = 0, reason: str | None = None) -> PubAckPacket:
    """Return a PUBACK."""
    return PubAckPacket(packet_id, reason_code=PubAckReasonCode(reason_code), reason_str=reason)


def publish(
    number: int,
    packet_id: int | None = -1,
    *,
    topic: str = "t/1",
    payload: bytes | None = None,
    duplicate: bool = False,
    retain: bool = False,
    expiry_seconds: int | None = None,
) -> PublishPacket:
    """Return a PUBLISH of QoS 1 whose payload is its number; its packet id is the number too, None makes it QoS 0."""
    if packet_id == -1:
        packet_id = number
    return PublishPacket(
        topic,
        b"%d" % number if payload is None else payload,
        qos=QoS.AT_MOST_ONCE if packet_id is None else QoS.AT_LEAST_ONCE,
        packet_id=packet_id,
        duplicate=duplicate,
        retain=retain,
        message_expiry_interval=expiry_seconds,
    )


def side_plan(name: str, **changes: object) -> SidePlan:
    """Return one side of a plan; `changes` are fields of `SidePlan`."""
    plan = SidePlan(
        endpoint=EndpointPlan(
            name=name,
            host=name,
            port=1883,
            transport="tcp",
            path="/mqtt",
            tls=None,
            authentication=AnonymousPlan(),
            service_type="Custom MQTT Broker",
        ),
        client_id=f"tidegate-flow-0-{name}",
        qos=1,
        keep_alive_seconds=0,
        session_expiry_seconds=600,
        receive_maximum=10,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def flow_plan(**changes: object) -> FlowPlan:
    """Return a plan whose topics stay what they are; `changes` are fields of `FlowPlan`."""
    plan = FlowPlan(
        name="flow",
        profile="default",
        ordinal=0,
        source=side_plan("source"),
        destination=side_plan("destination"),
        topic_filters=("t/#",),
        retain_mode="Keep",
        transform=TransformSpec(topic_template="${inputTopic}"),
        stall_seconds=60.0,
        stall_seconds_max=900.0,
        qos0_pending_bytes_max=1_000,
        packet_bytes_max=None,
        on_rejected=None,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def _decoded(data: bytes) -> list[Packet]:
    packets: list[Packet] = []
    view = memoryview(data)
    while view:
        packet, length = mqtt5.read(view)
        assert not packets or not isinstance(packet, ConnectPacket), "CONNECT twice"
        packets.append(packet)
        view = view[length:]
    return packets
