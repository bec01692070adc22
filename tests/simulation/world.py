"""A world: one seed, one fake clock, clients, two brokers and a relay between them, and what goes wrong.

Knows who is connected to whom and how a world begins and ends. Does not know packets, or what has to hold (`oversight`).
"""

from collections.abc import Callable
from random import Random

import mqtt5 as packets

from tests.simulation.books import Books, Tap
from tests.simulation.clients import Client, Publisher, Subscriber
from tests.simulation.conduct import Conduct, Memory
from tests.simulation.door import Door
from tests.simulation.faults import strike
from tests.simulation.host import Host, RelayEnd
from tests.simulation.ledger import Ledger
from tests.simulation.link import End, Link
from tests.simulation.meddler import Meddler, Misdeeds
from tests.simulation.oversight import DestinationWatch, Oversight, SourceWatch
from tests.simulation.publication import Publication, Violation
from tests.simulation.retained import shown
from tests.simulation.server import CoreMaker, Server, make_core
from tests.simulation.settings import draw, limits, plan
from tests.simulation.timeline import Timeline
from tests.simulation.whims import LARGE_PAYLOAD_BYTES, Whims
from tidegate.flow.events import RelayEvent, Side, SubscriptionsHeld
from tidegate.flow.plan import FlowPlan
from tidegate.flow.relay import Relay

__all__ = ["RelayMaker", "World", "WorldFailed", "make_relay", "run_world"]

RelayMaker = Callable[[FlowPlan, frozenset[str]], Relay]

# How long a world may take to settle once nothing goes wrong any more: slow retries, full back-off and doubled stall
# times included.
SETTLE_SECONDS = 3600.0


def make_relay(flow: FlowPlan, held_filters: frozenset[str]) -> Relay:
    """Make the real thing."""
    return Relay(flow, new_id=lambda: "id", held_filters=held_filters)


class WorldFailed(AssertionError):
    """A world in which an invariant did not hold; its sentence has the command that replays it."""


class World:
    """One world. `run` raises when an invariant does not hold; `trace` is the conversation, where it was asked for."""

    def __init__(
        self,
        seed: int,
        maker: RelayMaker = make_relay,
        core_maker: CoreMaker = make_core,
        is_traced: bool = False,
    ) -> None:
        self.trace: list[str] | None = [] if is_traced else None
        self.random = random = Random(seed)
        self.settings = settings = draw(random)
        self.network = settings.network
        self.timeline = Timeline()
        self.ledger = Ledger()
        self.whims = Whims(settings, random, self.ledger)
        self.unreachable_until = {side: 0.0 for side in Side}
        self.links: dict[Side, Link | None] = {side: None for side in Side}
        self.doors: dict[Side, Door | None] = {side: None for side in Side}
        self.is_calm = False
        self.is_stopping = False
        self._maker = maker
        self._memories = {side: Memory() for side in Side}
        self._held_filters: frozenset[str] = frozenset()
        self._published = 0
        self._source_cut_at = 0.0
        self._twice_allowed = False
        self.plan = plan(settings, settings.filters, settings.source_window, settings.destination_window)
        self.servers = {side: self._server(side, core_maker) for side in Side}
        self._observe()
        self.publisher, self.subscribers = self._clients()
        self.use_plan(self.plan)
        self.host = self.new_host()

    @property
    def clients(self) -> list[Client]:
        """Return the clients of the world's own."""
        return [self.publisher, *self.subscribers]

    def server_of(self, client: Client) -> Server:
        """Return the broker to which a client of the world's own connects."""
        return self.servers[Side.DESTINATION if client.client_id == "subscriber" else Side.SOURCE]

    def run(self) -> None:
        """Live through the world.

        Raises:
            AssertionError: an invariant does not hold.
        """
        self.note("world", str(self.settings))
        for side in Side:
            self.servers[side].start()
        for client in self.clients:
            client.start()
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
        server = self.servers[side]
        if server.core is None or self.timeline.now < self.unreachable_until[side]:
            self.note("relay", f"cannot reach the {side.value}")
            return None
        self.note("relay", f"dials the {side.value}")
        self._end_conduct(side)
        door = Door(side.value, server, Tap(server.books), Conduct(side.value, self._memories[side]), self._noting())
        door.hand = Meddler(door, self.timeline, self.random, self._misdeeds(side))
        self.doors[side] = door
        self.links[side] = link = server.accept(end, door)
        self.oversight.begin_connection(side)
        return link

    def relay_event(self, event: RelayEvent) -> None:
        """Record what the engine records."""
        if self.trace is not None:
            self.note("relay", str(event))
        if isinstance(event, SubscriptionsHeld):
            self._held_filters = frozenset(event.topic_filters)

    def _end_conduct(self, side: Side) -> None:
        """The relay has no connection to a side any more, though the broker may not know yet."""
        door = self.doors[side]
        if door is not None and door.conduct is not None:
            door.conduct.ended()

    def use_plan(self, flow: FlowPlan) -> None:
        """Let the next relay run this plan."""
        self.plan = flow
        self._memories[Side.DESTINATION].window = flow.destination.receive_maximum

    def new_host(self) -> Host:
        """Make the next life of the relay's process, which knows nothing but the filters that were recorded."""
        for side in Side:
            self._end_conduct(side)
            self._memories[side].unanswered.clear()
        self.oversight.begin_life(self.plan)
        return Host(self, self._maker(self.plan, self._held_filters))

    def lose_disk(self, side: Side) -> None:
        """Kill a broker whose disk is another one afterwards."""
        server = self.servers[side]
        server.kill()
        server.disk.lose_everything()
        server.books.is_new_disk = True
        self._twice_allowed = True

    def _server(self, side: Side, core_maker: CoreMaker) -> Server:
        settings = self.settings
        return Server(
            self,
            Books(side.value, self.ledger.publications),
            core_maker,
            limits(settings),
            commit_seconds=settings.commit_seconds,
            commit_failures=settings.commit_failures,
        )

    def _observe(self) -> None:
        source, destination = (self.servers[side].books for side in (Side.SOURCE, Side.DESTINATION))
        relay, relay_there = self.plan.source.client_id, self.plan.destination.client_id
        self.oversight = Oversight(
            self.settings, self.ledger, source.follow(relay), lambda: self.timeline.now, self.plan
        )
        destination.follow(relay_there)
        source.observer = SourceWatch(self.oversight, relay)
        destination.observer = DestinationWatch(self.oversight, relay_there)

    def _clients(self) -> tuple[Publisher, list[Subscriber]]:
        settings, random, timeline = self.settings, self.random, self.timeline
        source, destination = self.servers[Side.SOURCE], self.servers[Side.DESTINATION]
        window = settings.subscriber_window
        publisher = Publisher(
            "publisher",
            timeline,
            random,
            self._connecting("publisher", source),
            settings.publisher_window,
        )
        subscribers = [
            Subscriber(
                "subscriber",
                timeline,
                random,
                self._connecting("subscriber", destination),
                window,
                "out/#",
                1,
                lambda number, packet: None,
            )
        ]
        source.books.follow("publisher")
        destination.books.follow("subscriber")
        if settings.has_witness:
            seen: set[int] = set()
            witness = Subscriber(
                "witness",
                timeline,
                random,
                self._connecting("witness", source),
                window,
                "t/#",
                2,
                lambda number, packet: self._witnessed(seen, number, packet),
            )
            source.books.follow("witness")
            subscribers.append(witness)
        return publisher, subscribers

    def _connecting(self, name: str, server: Server) -> Callable[[End], Link | None]:
        def connect(end: End) -> Link | None:
            if server.core is None:
                return None
            return server.accept(end, Door(name, server, Tap(server.books), None, self._noting()))

        return connect

    def _noting(self) -> Callable[[str, str], None] | None:
        return None if self.trace is None else self.note

    def _misdeeds(self, side: Side) -> Misdeeds:
        settings, whims = self.settings, self.whims
        is_source = side is Side.SOURCE
        return Misdeeds(
            announce=lambda: whims.announce(side),
            verdict=whims.verdict,
            confirmed=self.oversight.confirmed,
            answer_seconds=settings.answer_seconds,
            answers_in_order=settings.answers_in_order,
            applies_late=settings.applies_late and settings.answers_in_order,
            excess=settings.source_excess if is_source else 1,
        )

    def _witnessed(self, seen: set[int], number: int, packet: packets.PublishPacket) -> None:
        """What is published with QoS 2 comes to a subscriber with QoS 2 once, whatever dies meanwhile."""
        if packet.qos == packets.QoS.EXACTLY_ONCE:
            if number in seen and not self._twice_allowed:
                raise Violation(f"<{number}> came twice to the witness, with QoS 2")
            seen.add(number)

    def _publish(self) -> None:
        random, settings = self.random, self.settings
        self._published += 1
        number = self._published
        if random.random() < settings.state_share:
            self._publish_state(number)
            return
        is_resolvable = random.random() >= settings.unresolvable_share
        is_large = random.random() < settings.large_share
        text = b"x" * (LARGE_PAYLOAD_BYTES if is_large else random.randint(0, 20))
        qos = 2 if random.random() < settings.qos2_share else 1
        publication = Publication(
            number,
            f"t/{random.randint(1, settings.topics)}" if is_resolvable else "t",
            text + b"<%d>" % number,
            0 if random.random() < settings.qos0_share else qos,
            random.random() < settings.retain_share,
            random.randint(0, 20) if random.random() < settings.expiry_share else None,
            self.timeline.now,
        )
        self.ledger.publications[number] = publication
        if not is_resolvable:
            self.ledger.excuse(number, "topic")
        self.whims.consider(publication)
        self.publisher.publish(publication)

    def _publish_state(self, number: int) -> None:
        """Set or remove a retained message that no subscription is for."""
        random = self.random
        payload = b"" if random.random() < 0.3 else b"<%d>" % number
        topic = f"state/{random.randint(1, 4)}"
        publication = Publication(number, topic, payload, random.choice((0, 1, 2)), True, None, self.timeline.now)
        self.ledger.publications[number] = publication
        self.publisher.publish(publication)

    def _calm(self) -> None:
        self.is_calm = self.whims.is_calm = True
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
        inflight = relay.inflight(Side.SOURCE) + relay.inflight(Side.DESTINATION)
        return (
            self.publisher.is_idle
            and self.servers[Side.SOURCE].is_idle(self.plan.source.client_id)
            and not relay.pending()
            and not inflight
            and (self.host.has_drained or self._is_ready())
            and self._have_subscribers_all()
        )

    def _have_subscribers_all(self) -> bool:
        source, destination = self.servers[Side.SOURCE], self.servers[Side.DESTINATION]
        return destination.is_idle("subscriber") and source.is_idle("witness")

    def _stuck(self) -> str:
        relay = self.host.relay
        session = self.servers[Side.SOURCE].session(self.plan.source.client_id)
        held = "no session" if session is None else f"{len(session.queue)} queued, {len(session.inflight)} in flight"
        return (
            f"stuck: pending {relay.pending()}, source {relay.side_state(Side.SOURCE)}, destination"
            f" {relay.side_state(Side.DESTINATION)}, in flight {relay.inflight(Side.SOURCE)} and"
            f" {relay.inflight(Side.DESTINATION)}; the source has {held}; the publisher is"
            f" {'idle' if self.publisher.is_idle else 'not idle'}, the subscribers have"
            f" {'everything' if self._have_subscribers_all() else 'not everything'}"
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
        self.timeline.after(10, lambda: None)
        ends_at = self.timeline.now + 10
        self._run_until(lambda: self.timeline.now >= ends_at, ends_at + 1, 0.0)
        session = self.servers[Side.SOURCE].session(self.plan.source.client_id)
        if ends_session and session is not None and session.connection is None and not has_lost_disconnect:
            raise Violation("the source still has a session that was to be ended")
        if not ends_session and session is None and self.settings.session_expiry_seconds > 10:
            raise Violation("the source has no session any more, and it was to be kept")

    def _check_end(self) -> None:
        now = self.timeline.moment()
        self.oversight.check_end()
        for server in self.servers.values():
            assert server.core is not None, "a world that has settled has brokers"
            server.books.retained.check(shown(server.core, now), now.monotonic, is_restored=False)
        for side, client_id in ((Side.DESTINATION, "subscriber"), (Side.SOURCE, "witness")):
            self.servers[side].books.check_end(client_id, now.monotonic)


def run_world(seed: int, maker: RelayMaker = make_relay, core_maker: CoreMaker = make_core) -> World:
    """Live through the world of a seed.

    Raises:
        WorldFailed: an invariant does not hold; the sentence has the command that replays the world.
    """
    world = World(seed, maker, core_maker)
    try:
        world.run()
    except AssertionError as error:
        command = f".venv/bin/python -m tests.simulation.replay {seed}"
        raise WorldFailed(f"world {seed}: {error}\nhint: replay it with `{command}`") from error
    return world
