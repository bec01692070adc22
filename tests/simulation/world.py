"""A world: one seed, one fake clock, two broker models, a relay, faults, and the invariants that hold after every step.

Knows who is connected to whom and what goes wrong when. Does not know packets (`broker`) or the promise's rules (`ledger`).
"""

from collections.abc import Callable
from random import Random

import mqtt5 as packets

from tests.simulation.broker import Broker
from tests.simulation.faults import strike
from tests.simulation.host import Host, RelayEnd
from tests.simulation.ledger import Ledger
from tests.simulation.link import Link
from tests.simulation.publication import Announcement, Publication, Violation, numbers_in
from tests.simulation.server_connection import ServerConnection
from tests.simulation.settings import draw, plan
from tests.simulation.timeline import Timeline
from tidegate.flow.events import RelayEvent, Side, SubscriptionsHeld
from tidegate.flow.plan import FlowPlan
from tidegate.flow.relay import Relay
from tidegate.mqtt.topics import matches

__all__ = ["RelayMaker", "World", "WorldFailed", "make_relay", "run_world"]

RelayMaker = Callable[[FlowPlan, frozenset[str]], Relay]

# How long a world may take to settle once nothing goes wrong any more: slow retries, full back-off and doubled stall
# times included.
SETTLE_SECONDS = 3600.0
PACKET_BYTES_SMALL = 250
LARGE_PAYLOAD_BYTES = 400

HOLD_CODES = (0x80, 0x83, 0x87, 0x91, 0x97)
DROP_CODES = (0x90, 0x99)


def make_relay(flow: FlowPlan, held_filters: frozenset[str]) -> Relay:
    """Make the real thing."""
    return Relay(flow, new_id=lambda: "id", held_filters=held_filters)


class WorldFailed(AssertionError):
    """A world in which an invariant did not hold; its sentence has the command that replays it."""


class World:
    """One world. `run` raises when an invariant does not hold; `trace` is the conversation, where it was asked for."""

    def __init__(self, seed: int, maker: RelayMaker = make_relay, is_traced: bool = False) -> None:
        self.trace: list[str] | None = [] if is_traced else None
        self.random = random = Random(seed)
        self.settings = settings = draw(random)
        self.timeline = Timeline()
        self.ledger = Ledger()
        self.steps = 0
        self._maker = maker
        self.is_calm = False
        self._holds: dict[int, int] = {}
        self._refusals: dict[int, int] = {}
        self.unreachable_until = {side: 0.0 for side in Side}
        self.refuses_connect = {side: 0 for side in Side}
        self.links: dict[Side, Link | None] = {side: None for side in Side}
        self._held_filters: frozenset[str] = frozenset()
        self._seen: set[int] = set()
        self._received: set[int] = set()
        self._owed: set[int] = set()
        self._source_rest = b""
        self._returned = 0
        self._has_been_large = False
        self._has_been_unretained = False
        self._published = 0
        self.is_stopping = False
        self._source_cut_at = 0.0
        self.brokers = {side: self._broker(side) for side in Side}
        self.brokers[Side.SOURCE].excess = settings.source_excess
        self.plan = plan(settings, settings.filters, settings.source_window, settings.destination_window)
        self.use_plan(self.plan)
        self.host = self.new_host()

    def run(self) -> None:
        """Live through the world.

        Raises:
            AssertionError: an invariant does not hold.
        """
        self.note("world", str(self.settings))
        self.host.start()
        for _ in range(self.settings.messages):
            self.timeline.after(self.random.random() * self.settings.seconds, self._publish)
        for at, name in self.settings.faults:
            self.timeline.after(at, lambda name=name: strike(self, name))  # type: ignore[misc]
        self.timeline.after(self.settings.seconds, self._calm)
        calm_at = self.timeline.now + self.settings.seconds
        self._run_until(lambda: self.is_calm and self._is_ready(), calm_at + SETTLE_SECONDS)
        if self.settings.ending == "end_session_under_load":
            self._end_under_load()
        self._run_until(self._is_settled, self.timeline.now + SETTLE_SECONDS)
        if self.settings.ending in ("drain", "end_session"):
            self._stop(ends_session=self.settings.ending == "end_session")
        self._check_end()

    def note(self, where: str, what: str) -> None:
        """Take a line for the trace."""
        if self.trace is not None:
            self.trace.append(f"{self.timeline.now - 1000.0:10.4f} {where:<11} {what}")

    def dial(self, side: Side, end: RelayEnd) -> Link | None:
        """Connect the relay's end to a broker, or not."""
        broker = self.brokers[side]
        if not broker.is_up or self.timeline.now < self.unreachable_until[side]:
            self.note("relay", f"cannot reach the {side.value}")
            return None
        connection = ServerConnection(broker)
        link = Link(self.timeline, self.random, self.settings.network, end, connection)
        connection.link = link
        self.links[side] = link
        if side is Side.SOURCE:
            self._source_rest = b""
        self.note("relay", f"dials the {side.value}")
        return link

    def relay_event(self, event: RelayEvent) -> None:
        """Record what the engine records."""
        self.note("relay", str(event))
        if isinstance(event, SubscriptionsHeld):
            self._held_filters = frozenset(event.topic_filters)

    def relay_received(self, side: Side, data: bytes, is_kept: bool) -> None:
        """Remember what the relay holds and the source may forget."""
        if side is Side.SOURCE:
            data = self._source_rest + data
            # A number may come in two pieces.
            start = data.rfind(b"<", -12)
            self._source_rest = data[start:] if start >= 0 and b">" not in data[start:] else b""
            for number in numbers_in(data):
                self._take_received(number, is_kept)

    def relay_wrote(self, side: Side, data: bytes) -> None:
        """With QoS 0 to the destination, a message is delivered when its bytes are handed to the socket."""
        if side is Side.DESTINATION and not self.plan.destination.qos:
            numbers = list(numbers_in(data))
            # What is written a second time may have been lost the first time: it is a resend.
            self.ledger.held.update(number for number in numbers if number in self.ledger.confirmed)
            self.ledger.confirmed.update(numbers)

    def relay_ending(self, side: Side) -> None:
        """A destination's connection that ends explains the duplicates of what was in flight on it."""
        if side is Side.DESTINATION:
            self.ledger.duplicates_allowed += self.host.relay.inflight(Side.DESTINATION)

    def relay_stepped(self) -> None:
        """Check what holds after every step."""
        self.steps += 1
        relay, flow = self.host.relay, self.plan
        relay.check_accounting()
        pending = relay.pending()
        source_window = flow.source.receive_maximum * self.settings.source_excess
        windows = source_window + max(source_window, flow.destination.receive_maximum)
        qos0_max = flow.qos0_pending_bytes_max // 4
        if (not self.settings.qos0_share and pending > windows) or pending > windows + qos0_max:
            raise Violation(f"{pending} messages are pending, and the two windows are {windows}")
        if relay.inflight(Side.SOURCE) > source_window:
            raise Violation(f"{relay.inflight(Side.SOURCE)} messages of the source are not acknowledged")
        if relay.inflight(Side.DESTINATION) > flow.destination.receive_maximum:
            raise Violation(f"{relay.inflight(Side.DESTINATION)} messages are in flight to the destination")
        returned = relay.counters.dropped.get("returned", 0)
        if returned > self._returned:
            self._check_returned(returned - self._returned)
            self._returned = returned

    def routed(self, publication: Publication) -> None:
        """A message went into the relay's session at the source."""
        self.ledger.routed.add(publication.number)

    def forgotten(self, publications: list[Publication]) -> None:
        """The source forgot messages: what the relay has of them is in its hands alone."""
        for publication in publications:
            self.note("source", f"forgets <{publication.number}>")
            self.ledger.forgotten.add(publication.number)
            is_declared = any(matches(topic_filter, publication.topic) for topic_filter in self.plan.topic_filters)
            if publication.qos and is_declared and publication.number in self._received:
                self._owed.add(publication.number)

    def acknowledged(self, publication: Publication) -> None:
        """The relay acknowledged a message to the source."""
        if not any(matches(topic_filter, publication.topic) for topic_filter in self.plan.topic_filters):
            self.ledger.excuse(publication.number, "unsubscribed")
        self.ledger.acknowledge(publication, self.timeline.now)

    def accepted(self, number: int, packet: packets.PublishPacket, topic: str) -> None:
        """A subscriber at the destination has got a message."""
        publication = self.ledger.publications[number]
        keeps = publication.retain and self.plan.retain_mode == "Keep"
        if packet.retain is not keeps:
            raise Violation(f"<{number}> came with retain {packet.retain}, published with {publication.retain}")
        self.ledger.accept(number, packet, topic, "out/" + publication.topic[2:])

    def confirmed(self, number: int, reason_code: int) -> None:
        """The destination answered a publish."""
        if reason_code < 0x80:
            self.ledger.confirmed.add(number)
            return
        if (self.settings.on_rejected or ("drop" if reason_code in DROP_CODES else "hold")) == "drop":
            self.ledger.excuse(number, f"refused with 0x{reason_code:02X}")

    def _take_received(self, number: int, is_kept: bool) -> None:
        ledger = self.ledger
        if number in self._seen and ledger.publications[number].expiry_seconds is not None:
            # Its life may have ended here, and the source gave it a little more: a resend, which comes after others.
            ledger.held.add(number)
        self._seen.add(number)
        if is_kept:
            self._received.add(number)
        # What comes again after it has arrived explains one duplicate; what is still pending explains none.
        if ledger.copies[number] or (not self.plan.destination.qos and number in ledger.confirmed):
            ledger.duplicates_allowed += 1

    def _broker(self, side: Side) -> Broker:
        settings, random = self.settings, self.random
        is_destination = side is Side.DESTINATION
        return Broker(
            side.value,
            self.timeline,
            self,
            announce=lambda: self._announce(side),
            verdict=self._verdict,
            answer_seconds=lambda: random.random() * settings.answer_seconds,
            answers_in_order=settings.answers_in_order,
            applies_late=settings.applies_late and is_destination,
            uses_aliases=settings.uses_aliases,
        )

    def _announce(self, side: Side) -> Announcement:
        random, settings = self.random, self.settings
        if self.refuses_connect[side]:
            self.refuses_connect[side] -= 1
            return Announcement(reason_code=random.choice((0x87, 0x88, 0x89, 0x97)))
        if not settings.limits_change or self.is_calm:
            return Announcement(topic_alias_maximum=2 if settings.uses_aliases else 0)
        announced = Announcement(
            receive_maximum=random.choice((1, 2, 5, 65_535)),
            topic_alias_maximum=random.choice((0, 1, 3)),
            packet_bytes_max=random.choice((None, PACKET_BYTES_SMALL)),
            retain_available=random.random() < 0.7,
            maximum_qos=random.choice((2, 2, 2, 2, 1, 0)),
            wildcards_available=random.random() < 0.9,
            keep_alive_seconds=random.choice((None, 3, 20)),
        )
        if side is Side.DESTINATION:
            self._has_been_large |= announced.packet_bytes_max is not None
            self._has_been_unretained |= not announced.retain_available
            for publication in self.ledger.publications.values():
                self._excuse_by_limits(publication)
        return announced

    def _excuse_by_limits(self, publication: Publication) -> None:
        is_too_large = self._has_been_large and len(publication.payload) > PACKET_BYTES_SMALL
        is_retained = self._has_been_unretained and publication.retain and self.plan.retain_mode == "Keep"
        if not is_too_large and not is_retained:
            return
        if self.settings.on_rejected == "hold":
            self.ledger.held.add(publication.number)
        else:
            self.ledger.excuse(publication.number, "too large" if is_too_large else "retained")

    def _verdict(self, number: int) -> int:
        if number in self._refusals:
            return self._refusals[number]
        times = self._holds.get(number, 0)
        if times and not self.is_calm:
            self._holds[number] = times - 1
            self.ledger.held.add(number)
            return HOLD_CODES[(number + times) % len(HOLD_CODES)]
        return 0x10 if number % 7 == 0 else 0

    def _publish(self) -> None:
        random, settings = self.random, self.settings
        self._published += 1
        number = self._published
        is_resolvable = random.random() >= settings.unresolvable_share
        is_large = random.random() < settings.large_share
        text = b"x" * (LARGE_PAYLOAD_BYTES if is_large else random.randint(0, 20))
        publication = Publication(
            number,
            f"t/{random.randint(1, settings.topics)}" if is_resolvable else "t",
            text + b"<%d>" % number,
            0 if random.random() < settings.qos0_share else 1,
            random.random() < settings.retain_share,
            random.randint(0, 20) if random.random() < settings.expiry_share else None,
            self.timeline.now,
        )
        self.ledger.publications[number] = publication
        self.note("publisher", f"<{number}> {publication.topic} QoS {publication.qos}")
        if not is_resolvable:
            self.ledger.excuse(number, "topic")
        if random.random() < settings.held_share:
            self._holds[number] = random.randint(1, 2)
        if random.random() < settings.refused_share and settings.on_rejected != "hold":
            self._refusals[number] = random.choice(DROP_CODES)
        self._excuse_by_limits(publication)
        self.brokers[Side.SOURCE].publish(publication)

    def use_plan(self, flow: FlowPlan) -> None:
        """Let the next relay run this plan."""
        self.plan = flow
        self.brokers[Side.DESTINATION].client_window = flow.destination.receive_maximum

    def new_host(self) -> Host:
        """Make the next life of the relay's process, which knows nothing but the filters that were recorded."""
        for side, client_id in (
            (Side.SOURCE, self.plan.source.client_id),
            (Side.DESTINATION, self.plan.destination.client_id),
        ):
            self.brokers[side].forget_unanswered(client_id)
        self._received.clear()
        self._owed.clear()
        self._returned = 0
        return Host(self, self._maker(self.plan, self._held_filters))

    def _source_holds(self) -> list[Publication]:
        session = self.brokers[Side.SOURCE].sessions.get(self.plan.source.client_id)
        return [] if session is None else [*session.inflight.values(), *session.queue]

    def _check_returned(self, count: int) -> None:
        """A relay gives back only what the source's session still holds."""
        held = self._source_holds()
        if not held and self.settings.session_expiry_seconds < 10:
            # The session ended in silence, and the relay could not know.
            self._owed.clear()
        elif count > len(held):
            raise Violation(f"{count} messages were returned to a source that holds {len(held)}")
        self._received.difference_update(publication.number for publication in held)

    def _calm(self) -> None:
        self.is_calm = True
        self.note("world", "no more faults")
        self.host.dial_again_now()
        if self.settings.limits_change:
            # What a server said in its last CONNACK holds until the next one.
            for link in self.links.values():
                if link is not None:
                    link.cut()

    def _run_until(self, is_done: Callable[[], bool], deadline: float, every_seconds: float = 0.5) -> None:
        timeline = self.timeline
        checked_at = 0.0
        while True:
            if timeline.now >= checked_at + every_seconds:
                checked_at = timeline.now
                if is_done():
                    return
                if timeline.now > deadline:
                    raise Violation(self._stuck())
            if not timeline.run_next():
                if is_done():
                    return
                raise Violation(f"nothing happens any more: {self._stuck()}")

    def _is_ready(self) -> bool:
        relay = self.host.relay
        return (
            not self.is_stopping
            and relay.side_state(Side.SOURCE) == "subscribed"
            and relay.side_state(Side.DESTINATION) == "connected"
        )

    def _is_settled(self) -> bool:
        relay = self.host.relay
        session = self.brokers[Side.SOURCE].sessions.get(self.plan.source.client_id)
        is_empty = session is None or (not session.queue and not session.inflight)
        inflight = relay.inflight(Side.SOURCE) + relay.inflight(Side.DESTINATION)
        return is_empty and not relay.pending() and not inflight and (self.host.has_drained or self._is_ready())

    def _stuck(self) -> str:
        relay = self.host.relay
        session = self.brokers[Side.SOURCE].sessions.get(self.plan.source.client_id)
        held = "no session" if session is None else f"{len(session.queue)} queued, {len(session.inflight)} in flight"
        return (
            f"stuck: pending {relay.pending()}, source {relay.side_state(Side.SOURCE)}, destination"
            f" {relay.side_state(Side.DESTINATION)}, in flight {relay.inflight(Side.SOURCE)} and"
            f" {relay.inflight(Side.DESTINATION)}; the source has {held}"
        )

    def _end_under_load(self) -> None:
        """End the session while messages come and connections break: what was routed arrives all the same."""
        for _ in range(20):
            self.timeline.after(self.random.random() * 3, self._publish)
        for side in Side:
            if self.random.random() < 0.5:
                link = self.links[side]
                assert link is not None
                self.timeline.after(self.random.random() * 4, lambda side=side, link=link: self._cut_late(side, link))  # type: ignore[misc]
        self._run_until(lambda: True, self.timeline.now + 1)
        self._stop(ends_session=True)

    def _cut_late(self, side: Side, link: Link) -> None:
        if side is Side.SOURCE:
            self._source_cut_at = self.timeline.now
        link.cut()

    def _stop(self, *, ends_session: bool) -> None:
        host = self.host
        host.step(lambda relay, now: relay.end_session(now) if ends_session else relay.drain(now))
        self._run_until(lambda: host.has_drained, self.timeline.now + SETTLE_SECONDS, 0.0)
        if host.unsettled:
            raise Violation(f"{host.unsettled} messages are unsettled after a drain")
        # The DISCONNECT may have been on its way when the connection was cut; nobody can know.
        has_lost_disconnect = self.timeline.now - self._source_cut_at < 2.0
        source = self.brokers[Side.SOURCE]
        self.timeline.after(10, lambda: None)
        ends_at = self.timeline.now + 10
        self._run_until(lambda: self.timeline.now >= ends_at, ends_at + 1, 0.0)
        has_session = self.plan.source.client_id in source.sessions and not source.connections
        if ends_session and has_session and not has_lost_disconnect:
            raise Violation("the source still has a session that was to be ended")
        if not ends_session and not source.sessions and self.settings.session_expiry_seconds > 10:
            raise Violation("the source has no session any more, and it was to be kept")

    def _check_end(self) -> None:
        now = self.timeline.now
        missing = self.ledger.missing(now)
        if missing:
            raise Violation(f"{len(missing)} messages never arrived: {missing[:10]}")
        lost = [
            number
            for number in sorted(self._owed - self.ledger.confirmed - set(self.ledger.excuses))
            if now < self.ledger.publications[number].expires_at
        ]
        if lost:
            raise Violation(f"the relay lost messages that it held and the source had forgotten: {lost}")


def run_world(seed: int, maker: RelayMaker = make_relay) -> World:
    """Live through the world of a seed.

    Raises:
        WorldFailed: an invariant does not hold; the sentence has the command that replays the world.
    """
    world = World(seed, maker)
    try:
        world.run()
    except AssertionError as error:
        command = f".venv/bin/python -m tests.simulation.replay {seed}"
        raise WorldFailed(f"world {seed}: {error}\nhint: replay it with `{command}`") from error
    return world
