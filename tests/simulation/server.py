"""A broker of a world: one core after the other on one disk, run as `engine/broker_host.py` runs it.

Knows the core's public calls, commits that take their time and fail, and how a process ends. Does not know packets (`door`)
or what has to hold (`books`).
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

import mqtt5 as packets

from tests.simulation.books import Books, Tap
from tests.simulation.disk import Disk
from tests.simulation.door import Door
from tests.simulation.link import End, Link, Network
from tests.simulation.publication import split
from tests.simulation.retained import shown
from tests.simulation.timeline import Appointment, Timeline
from tidegate.broker.broker import Broker
from tidegate.broker.connection import Connection, ListenerPolicy
from tidegate.broker.events import QueueWanted
from tidegate.broker.journal import JournalBatch, merge
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.session import Session

__all__ = ["CoreMaker", "Server", "World", "make_core"]

CoreMaker = Callable[[BrokerLimits], Broker]

COMMIT_AGAIN_SECONDS = 1.0


class World(Protocol):
    """What a server needs of its world."""

    timeline: Timeline
    random: Random
    network: Network
    is_calm: bool


def make_core(limits: BrokerLimits) -> Broker:
    """Make the real thing. No client of a world comes without a client identifier."""
    return Broker(limits, new_id=lambda: "")


class Server:
    """One broker over its lives. A commit takes up to `commit_seconds`, and `commit_failures` (0 to 1) of them fail."""

    def __init__(
        self,
        world: World,
        books: Books,
        make: CoreMaker,
        limits: BrokerLimits,
        *,
        commit_seconds: float,
        commit_failures: float,
    ) -> None:
        self.disk = Disk()
        self.books = books
        self.core: Broker | None = None
        self._world = world
        self._make = make
        self._limits = limits
        self._commit_seconds = commit_seconds
        self._commit_failures = commit_failures
        self._policy = ListenerPolicy()
        self._doors: dict[Connection, Door] = {}
        self._timer: Appointment | None = None
        self._commit_timer: Appointment | None = None
        self._committing: JournalBatch | None = None
        self._failed: JournalBatch | None = None
        self._turn_is_due = False
        self._at_next_commit: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin a life with what the disk holds."""
        if self.core is not None:
            return
        now = self._world.timeline.moment()
        self.core = core = self._make(self._limits)
        core.restore(self.disk.state(self._limits.queued_in_memory_max), now)
        self.books.restored(shown(core, now), now.monotonic)
        self._turn()

    def kill(self) -> None:
        """Die at once: of the batch whose commit is not through, nobody knows whether it is on the disk."""
        if self.core is None:
            return
        if self._committing is not None and self._commit_timer is not None and self._world.random.random() < 0.5:
            self.disk.commit(self._committing)
        self._end_life()
        self.books.check_disk(self.disk, self._world.timeline.now)
        self.books.killed()
        self._cut_all()

    def at_next_commit(self, action: Callable[[], None]) -> None:
        """Let something happen while the next commit is on its way, or when its answers have just left."""
        self._at_next_commit = action

    def stop(self) -> None:
        """Say goodbye to all clients, and end with everything on disk."""
        core = self.core
        if core is None:
            return
        now = self._world.timeline.moment()
        core.shut_down(now)
        self._turn()
        batch = self._committing or self._failed
        while batch is not None or (batch := core.take_batch()) is not None:
            self.disk.commit(batch)
            core.committed(batch.number, now)
            self.books.committed(batch.number)
            batch = None
        self._end_life()
        self._doors.clear()

    def accept(self, end: End, door: Door) -> Link:
        """Connect a client."""
        world, core = self._world, self.core
        assert core is not None, "nobody connects to a server that is down"
        link = Link(world.timeline, world.random, world.network, end, door)
        connection = core.connection_made(self._policy, world.timeline.moment(), "client")
        self._doors[connection] = door
        door.opened(link, connection)
        self._arm()
        return link

    def session(self, client_id: str) -> Session | None:
        """Return a client's session in this life. The core shows it to nobody, and a world has to know when it ends."""
        return None if self.core is None else self.core._sessions.get(client_id)

    def is_idle(self, client_id: str) -> bool:
        """Tell whether nothing waits for a client or is in flight to it."""
        session = self.session(client_id)
        return self.core is not None and (session is None or (not len(session.queue) and not session.inflight))

    def has_waiting(self, client_id: str) -> bool:
        """Tell whether a client is there, and messages wait until it takes them."""
        session = self.session(client_id)
        return session is not None and session.connection is not None and len(session.queue) > 0

    def receive(self, door: Door, data: bytes) -> None:
        """Take bytes from a client."""
        if self._doors.get(door.connection) is door and self.core is not None:
            self.core.receive_data(door.connection, data, self._world.timeline.moment())
            self._turn()

    def set_writable(self, door: Door, is_writable: bool) -> None:
        """Take note that a client keeps up, or does not; as in an event loop this happens inside a write."""
        if self._doors.get(door.connection) is door and self.core is not None:
            self.core.set_writable(door.connection, is_writable, self._world.timeline.moment())
            self._turn_soon()

    def lost(self, door: Door) -> None:
        """Take note that a connection is gone."""
        if self._doors.pop(door.connection, None) is not None and self.core is not None:
            self.core.connection_lost(door.connection, self._world.timeline.moment())
            self._turn()

    def visit(self, hello: packets.ConnectPacket) -> None:
        """Let a client connect and be gone at once."""
        core = self.core
        if core is None:
            return
        now = self._world.timeline.moment()
        tap = Tap(self.books)
        connection = core.connection_made(self._policy, now, "visitor")
        tap.received(hello)
        core.receive_data(connection, hello.write(), now)
        for packet, _ in split(b"".join(core.take_output(connection, now)))[0]:
            tap.sent(packet)
        core.connection_lost(connection, now)
        tap.ended()
        self._turn()

    def _turn(self) -> None:
        core, timeline = self.core, self._world.timeline
        if core is None:
            return
        now = timeline.moment()
        for event in core.take_events():
            if isinstance(event, QueueWanted):
                self._want_queue(core, event)
        for connection in core.take_dirty():
            door = self._doors.get(connection)
            if door is not None:
                door.follow(core, now)
        self._commit()
        self._arm()
        if core.is_dirty:
            self._turn_soon()
        self.books.look(self.session, now.monotonic)

    def _turn_soon(self) -> None:
        if not self._turn_is_due:
            self._turn_is_due = True
            self._world.timeline.after(0.0, self._turn_now)

    def _turn_now(self) -> None:
        self._turn_is_due = False
        self._turn()

    def _delay(self) -> float:
        return self._world.random.random() * self._commit_seconds if self._commit_seconds else 0.0

    def _want_queue(self, core: Broker, wanted: QueueWanted) -> None:
        # One thread does it all: what is being committed is there when the queue is read.
        at = self._world.timeline.now if self._commit_timer is None else self._commit_timer.at
        self._world.timeline.at(at, lambda: self._read_queue(core, wanted))

    def _read_queue(self, core: Broker, wanted: QueueWanted) -> None:
        if core is self.core:
            found = self.disk.read_queue(wanted.session, wanted.after_sequence, wanted.count)
            core.queue_read(wanted.session, found, self._world.timeline.moment())
            self._turn()

    def _commit(self) -> None:
        core = self.core
        assert core is not None, "only a living core has anything to commit"
        if self._committing is not None:
            return
        batch = core.take_batch()
        if batch is not None:
            self.books.gathering = batch.number + 1
        if self._failed is not None:
            batch = self._failed if batch is None else merge(self._failed, batch)
            self._failed = None
        if batch is None:
            return
        if not batch:
            core.committed(batch.number, self._world.timeline.moment())
            self.books.committed(batch.number)
            self._turn_soon()
            return
        self._committing = batch
        delay, timeline = self._delay(), self._world.timeline
        self._commit_timer = timeline.after(delay, self._committed)
        if self._at_next_commit is not None:
            timeline.after(delay * 2 * self._world.random.random(), self._at_next_commit)
            self._at_next_commit = None

    def _committed(self) -> None:
        core, batch = self.core, self._committing
        assert core is not None and batch is not None, "a commit ends with its life"
        world = self._world
        if self._commit_failures and not world.is_calm and world.random.random() < self._commit_failures:
            self._failed = batch
            self._commit_timer = None
            world.timeline.after(COMMIT_AGAIN_SECONDS, lambda: self._commit_again(core))
            return
        self.disk.commit(batch)
        self._committing = self._commit_timer = None
        self.books.committed(batch.number)
        core.committed(batch.number, world.timeline.moment())
        self._turn()

    def _commit_again(self, core: Broker) -> None:
        if core is self.core:
            self._committing = None
            self._turn()

    def _arm(self) -> None:
        core = self.core
        at = None if core is None else core.next_timeout
        if at is None or (self._timer is not None and self._timer.at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._world.timeline.at(at, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        assert self.core is not None, "a timer ends with its life"
        self.core.handle_timeout(self._world.timeline.moment())
        self._turn()

    def _end_life(self) -> None:
        for appointment in (self._timer, self._commit_timer):
            if appointment is not None:
                appointment.cancel()
        self.core = None
        self._timer = self._commit_timer = None
        self._committing = self._failed = None

    def _cut_all(self) -> None:
        doors = list(self._doors.values())
        self._doors.clear()
        for door in doors:
            door.die()
