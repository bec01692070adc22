"""The embedded broker on streams: reads, steps, writes once for each connection and turn of the loop, commits.

Knows streams, the clock, the journal's writer and who checks credentials. Does not know listeners (`broker_listeners`) or
what the broker core does with the bytes.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from tidegate.broker.broker import Broker
from tidegate.broker.connection import Connection, ListenerPolicy
from tidegate.broker.events import AuthenticationRequested, BrokerEvent, QueueWanted
from tidegate.broker.identity import Accepted, Basis, Presented, Refused, Verdict
from tidegate.broker.journal import JournalBatch, QueuedRecord, StoredState, merge
from tidegate.broker.limits import BrokerLimits
from tidegate.exceptions import StoreFailed
from tidegate.moment import Moment
from tidegate.net.stream import Stream
from tidegate.net.tasks import Tasks

__all__ = ["ADDRESSES_WATCHED_MAX", "BrokerHost", "BrokerParts", "Gate", "Journal"]

ADDRESSES_WATCHED_MAX = 10_000
"""Of how many addresses failed authentications are remembered; beyond that the oldest is forgotten."""

COMMIT_AGAIN_SECONDS = 1.0
"""How long a failed commit waits before it is tried again."""

JUDGED_IN_ONE_TURN = 100
"""Of how many clients the credentials are judged again before others have their turn."""

SERVER_BUSY = 0x89


class Journal(Protocol):
    """What commits batches, one after the other; see `store.journal_writer`."""

    def submit(self, batch: JournalBatch, done: Callable[[StoreFailed | None], None]) -> None:
        """Commit a batch and call `done` on the loop."""
        ...

    def read_queue(
        self,
        session: int,
        after_sequence: int,
        count: int,
        done: Callable[[list[QueuedRecord] | StoreFailed], None],
    ) -> None:
        """Read the next messages of a session and call `done` on the loop."""
        ...


class Gate(Protocol):
    """What checks credentials; see `auth.authenticator`."""

    def is_slow(self, presented: Presented) -> bool:
        """Tell whether `check` takes so long that it must run in a thread."""
        ...

    def check(self, presented: Presented, now_wall: float) -> Verdict:
        """Judge what a client presented."""
        ...

    def judge_again(self, basis: Basis | None, presented: Presented, now_wall: float) -> Verdict | None:
        """Judge a client that was let in, None while nothing is different."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerParts:
    """What the host is made of. `report` is told what happened; `journal` None keeps nothing on disk."""

    clock: Callable[[], Moment]
    new_id: Callable[[], str]
    tasks: Tasks
    journal: Journal | None
    report: Callable[[BrokerEvent], None]
    report_store: Callable[[StoreFailed | None], None]


class BrokerHost:
    """Runs one broker core on the running loop."""

    def __init__(self, limits: BrokerLimits, parts: BrokerParts, state: StoredState | None = None) -> None:
        self.core = Broker(limits, new_id=parts.new_id)
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._attachments: dict[Connection, _Attachment] = {}
        self._gates: dict[ListenerPolicy, Gate] = {}
        self._turn_is_due = False
        self.turn_began: Moment | None = None
        """What time it is in this turn of the loop, once something came in it; then its end is due."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._is_committing = False
        self._failed: JournalBatch | None = None
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._limits = limits
        self._empty = asyncio.Event()
        if state is not None:
            self.core.restore(state, parts.clock())
        self._arm_timer()

    @property
    def connections(self) -> int:
        """Return how many clients have a connection."""
        return len(self._attachments)

    def use_gate(self, policy: ListenerPolicy, gate: Gate | None) -> None:
        """Let `gate` check the clients that come by listeners of a policy, and those that are there by what it asks now."""
        if gate is None:
            self._gates.pop(policy, None)
        elif gate != self._gates.get(policy):
            self._gates[policy] = gate
            self.judge_again(policy)

    def judge_again(self, policy: ListenerPolicy) -> None:
        """Find out whose credential is not good any more, and let those clients go."""
        if policy in self._gates and policy.needs_authentication:
            self._parts.tasks.start(self._judge_all_again(policy), "judge clients again")

    def accept(self, policy: ListenerPolicy, stream: Stream, address: str, certificates_der: tuple[bytes, ...]) -> None:
        """Take a stream that was just accepted. `address` is the peer's, without the port."""
        if self.is_shut_out(address) or len(self._attachments) >= self._limits.connections_max:
            self.core.statistics.connections_shut_out += 1
            stream.abort()
            return
        now = self._parts.clock()
        connection = self.core.connection_made(policy, now, stream.peer, certificates_der)
        attachment = _Attachment(self, connection, stream, address)
        self._attachments[connection] = attachment
        stream.start(attachment)
        self._arm_timer()

    def is_shut_out(self, address: str) -> bool:
        """Tell whether an address had too many failed authentications of late."""
        failures = self._failures.get(address)
        if failures is None:
            return False
        oldest = self._parts.clock().monotonic - self._limits.authentication_failures_seconds
        while failures and failures[0] < oldest:
            failures.popleft()
        if not failures:
            del self._failures[address]
        return len(failures) >= self._limits.authentication_failures_max

    def rights_changed(self, policy: ListenerPolicy) -> None:
        """Take note that a policy has other rules now."""
        self.core.rights_changed(policy, self._parts.clock())
        self.end_turn()

    async def stop(self, seconds: float) -> None:
        """Say goodbye to all clients, and wait until their sockets are closed and everything is committed."""
        self.core.shut_down(self._parts.clock())
        self._turn()
        try:
            async with asyncio.timeout(seconds):
                while self._attachments or self._is_committing:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            for attachment in list(self._attachments.values()):
                attachment.stream.abort()
        if self._timer is not None:
            self._timer.cancel()

    def end_turn(self) -> None:
        """Write what came of this turn of the loop at its end."""
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._turn)

    def lost(self, attachment: "_Attachment") -> None:
        """Take note that a stream has ended."""
        del self._attachments[attachment.connection]
        self.core.connection_lost(attachment.connection, self._parts.clock())
        self._empty.set()
        self.end_turn()

    def begin_turn(self) -> Moment:
        """Return what time it is in this turn of the loop, whose end writes: the clock is read once for all that came in it."""
        if self.turn_began is None:
            self.turn_began = self._parts.clock()
        self.end_turn()
        return self.turn_began

    def _turn(self) -> None:
        self._turn_is_due = False
        core = self.core
        now = self.turn_began or self._parts.clock()
        self.turn_began = None
        for event in core.take_events():
            self._handle(event)
        attachments = self._attachments
        for connection in core.take_dirty():
            attachment = attachments.get(connection)
            if attachment is not None:
                attachment.follow(now)
        self._commit()
        self._arm_timer()
        if core.is_dirty:
            self.end_turn()

    def _handle(self, event: BrokerEvent) -> None:
        if isinstance(event, AuthenticationRequested):
            self._authenticate(event)
        elif isinstance(event, QueueWanted):
            assert self._parts.journal is not None, "only a durable session has messages on disk"
            self._parts.journal.read_queue(
                event.session, event.after_sequence, event.count, partial(self._queue_read, event)
            )
        else:
            self._parts.report(event)

    def _authenticate(self, event: AuthenticationRequested) -> None:
        gate = self._gates.get(event.connection.policy)
        if gate is None:
            self._decided(event, Refused(SERVER_BUSY, "the listener's authentication cannot be used at present"))
        elif gate.is_slow(event.presented):
            client_id = event.presented.client_id
            self._parts.tasks.start(self._check_slowly(gate, event), f"authenticate {client_id[:64]!r}")
        else:
            self._decided(event, gate.check(event.presented, self._parts.clock().wall))

    async def _check_slowly(self, gate: Gate, event: AuthenticationRequested) -> None:
        wall = self._parts.clock().wall
        try:
            verdict = await asyncio.to_thread(gate.check, event.presented, wall)
        except BaseException:
            self._decided(event, Refused(SERVER_BUSY, "the check failed"))
            raise
        self._decided(event, verdict)
        if isinstance(verdict, Accepted) and event.connection.session is not None:
            # Methods and users may be others than when it began.
            self._judge_one_again(event.connection)

    async def _judge_all_again(self, policy: ListenerPolicy) -> None:
        for number, connection in enumerate(list(self._attachments), start=1):
            if number % JUDGED_IN_ONE_TURN == 0:
                await asyncio.sleep(0)
            # Those that have no verdict yet get it by the methods of that time.
            is_in = connection.policy is policy and connection.session is not None and not connection.is_deciding
            if is_in and not connection.wants_close:
                self._judge_one_again(connection)

    def _judge_one_again(self, connection: Connection) -> None:
        gate = self._gates.get(connection.policy)
        if gate is None:
            return
        now = self._parts.clock()
        presented = Presented(client_id=connection.identity.client_id, certificates_der=connection.certificates_der)
        verdict = gate.judge_again(connection.basis, presented, now.wall)
        if verdict is not None:
            self.core.authentication_decided(connection, verdict, now)
            self.end_turn()

    def _decided(self, event: AuthenticationRequested, verdict: Verdict) -> None:
        attachment = self._attachments.get(event.connection)
        if isinstance(verdict, Refused) and verdict.reason_code != SERVER_BUSY and attachment is not None:
            self._note_failure(attachment.address)
        self.core.authentication_decided(event.connection, verdict, self._parts.clock())
        self.end_turn()

    def _note_failure(self, address: str) -> None:
        failures = self._failures.setdefault(address, deque(maxlen=self._limits.authentication_failures_max))
        failures.append(self._parts.clock().monotonic)
        self._failures.move_to_end(address)
        if len(self._failures) > ADDRESSES_WATCHED_MAX:
            self._failures.popitem(last=False)

    def _commit(self) -> None:
        """Give the next batch to the journal, one at a time; meanwhile the one after it gathers."""
        if self._is_committing:
            return
        batch = self.core.take_batch()
        if batch is None and self._failed is None:
            return
        if self._failed is not None:
            batch = self._failed if batch is None else merge(self._failed, batch)
            self._failed = None
        assert batch is not None
        journal = self._parts.journal
        if journal is None or not batch:
            self.core.committed(batch.number, self._parts.clock())
            self.end_turn()
            return
        self._is_committing = True
        journal.submit(batch, partial(self._committed, batch))

    def _committed(self, batch: JournalBatch, error: StoreFailed | None) -> None:
        self._parts.report_store(error)
        if error is not None:
            # Nothing that waits for it is said; it is tried again with what has come since.
            self._failed = batch
            self._loop.call_later(COMMIT_AGAIN_SECONDS, self._commit_again)
            return
        self._is_committing = False
        self._empty.set()
        self.core.committed(batch.number, self._parts.clock())
        self._turn()

    def _commit_again(self) -> None:
        self._is_committing = False
        self._commit()

    def _queue_read(self, event: QueueWanted, found: list[QueuedRecord] | StoreFailed) -> None:
        if isinstance(found, StoreFailed):
            self._parts.report_store(found)
            found = []
        self.core.queue_read(event.session, found, self._parts.clock())
        self.end_turn()

    def _arm_timer(self) -> None:
        at = self.core.next_timeout
        if at is None or (self._timer is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        delay = max(0.0, at - self._parts.clock().monotonic)
        self._timer = self._loop.call_later(delay, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        self.core.handle_timeout(self._parts.clock())
        self._turn()


class _Attachment:
    """A connection of the core and its stream; the stream's receiver."""

    __slots__ = ("address", "connection", "host", "is_closing", "is_reading", "stream")

    def __init__(self, host: BrokerHost, connection: Connection, stream: Stream, address: str) -> None:
        self.host = host
        self.connection = connection
        self.stream = stream
        self.address = address
        self.is_reading = True
        self.is_closing = False

    def data_received(self, data: bytes) -> None:
        host = self.host
        host.core.receive_data(self.connection, data, host.turn_began or host.begin_turn())

    def stream_closed(self, error: Exception | None) -> None:
        self.host.lost(self)

    def writing_paused(self) -> None:
        self.host.core.set_writable(self.connection, False, self.host.begin_turn())

    def writing_resumed(self) -> None:
        self.host.core.set_writable(self.connection, True, self.host.begin_turn())

    def follow(self, now: Moment) -> None:
        """Write, close, and read or hold back, as the core wants it."""
        if self.is_closing:
            return
        connection = self.connection
        if connection.output:
            output = self.host.core.take_output(connection, now)
            if len(output) == 1:
                self.stream.write(output[0])
            else:
                self.stream.writelines(output)
        if connection.wants_close:
            self.is_closing = True
            self.stream.close()
            return
        wants = connection.wants_reading
        if wants is not self.is_reading:
            self.is_reading = wants
            if wants:
                self.stream.resume_reading()
                self.host.core.resume_reading(connection, now)
            else:
                self.stream.pause_reading()
