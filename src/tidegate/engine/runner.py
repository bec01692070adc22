"""Runs one data flow: a relay, its driver, and a dial loop for each of its two sides.

Knows how a flow starts, drains and ends, and how a changed credential reaches it. Does not know which flows should run
(`flow_group`) or bytes (`net.driver`).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tidegate.engine.credentials import CREDENTIAL_REFUSALS, Credentials
from tidegate.engine.dataset_files import DatasetFiles
from tidegate.engine.dataset_store import DatasetStore
from tidegate.engine.datasets import DatasetReader, Datasets
from tidegate.engine.dial_loop import GOOD_CONNECTION_SECONDS, DialLoop
from tidegate.engine.expiry_watch import ExpiryWatch
from tidegate.engine.health import FlowHealth, Verdict
from tidegate.engine.session_records import SessionRecords
from tidegate.engine.tally import FlowTally
from tidegate.engine.token_renewal import TokenRenewal
from tidegate.exceptions import CredentialError
from tidegate.flow.events import (
    ConnectionEnded,
    ConnectionOpened,
    Drained,
    MessageDropped,
    RelayEvent,
    Side,
    SubscriptionsHeld,
)
from tidegate.flow.plan import EndpointPlan, FlowPlan, SidePlan
from tidegate.flow.relay import Relay
from tidegate.moment import Moment
from tidegate.net.driver import RelayDriver
from tidegate.net.packet_log import LoggedStream
from tidegate.net.stream import Stream
from tidegate.net.tasks import Tasks
from tidegate.telemetry.credential_events import CredentialExpiring, CredentialRefused, CredentialsChanged
from tidegate.telemetry.drop_log import DropLog
from tidegate.telemetry.events import (
    DrainEnded,
    EngineEvent,
    FlowHalted,
    FlowStarted,
    FlowStopped,
    SessionNotRecorded,
    line_of,
)
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_flow_line, logs_packets
from tidegate.telemetry.status import FlowStatus, SideStatus, iso_time
from tidegate.transform.view import Record

__all__ = ["FlowRunner", "FlowTools"]

CLOSING_SECONDS_MAX = 3.0
"""How long the sockets of a relay that has ended may take to close."""

_UP = ("connected", "subscribed")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowTools:
    """What runners of one process share. `dial` raises `ConnectFailed`; `random` gives numbers from 0 to below 1, `new_id` a
    UUID each time. `credential_warning_seconds` is how long before its end a credential is warned of, 0 for never."""

    dial: Callable[[EndpointPlan, ssl.SSLContext | None], Awaitable[Stream]]
    records: SessionRecords
    tasks: Tasks
    clock: Callable[[], Moment]
    random: Callable[[], float]
    new_id: Callable[[], str]
    credential_warning_seconds: float = 14 * 86_400.0


class FlowRunner:
    """One running copy of a data flow, from `start` to the end of `stop`.

    `held_filters` are what its source session holds from an earlier run.
    """

    def __init__(
        self,
        plan: FlowPlan,
        tools: FlowTools,
        credentials: Credentials,
        tally: FlowTally,
        held_filters: frozenset[str] = frozenset(),
    ) -> None:
        self.plan = plan
        self._tools = tools
        self._credentials = credentials
        self._tally = tally
        self._holds_filters = bool(held_filters)
        self._relay = Relay(plan, new_id=tools.new_id, held_filters=held_filters)
        self._driver = RelayDriver(
            self._relay, clock=tools.clock, loop=asyncio.get_running_loop(), on_event=self._handle_event
        )
        self._loops = {side: self._dial_loop(side) for side in Side}
        self._loop_tasks: list[asyncio.Task[None]] = []
        self._health = FlowHealth(plan)
        self._drop_log = DropLog()
        self._drained = asyncio.Event()
        self._fingerprints: dict[Side, bytes] = {}
        self._tokens: dict[Side, bytes] = {}
        self._renewals = self._token_renewals()
        self._expiries = {side: ExpiryWatch(side, tools.credential_warning_seconds, self._report) for side in Side}
        self._datasets, self._dataset_reader = self._make_datasets()
        self._credential_errors: dict[Side, str] = {}
        self._last_errors: dict[Side, str] = {}
        wall = tools.clock().wall
        self._verdict = Verdict("Unknown", None, "starting")
        self._verdict_since = wall
        self._states: dict[Side, tuple[str, float]] = {side: ("idle", wall) for side in Side}

    def start(self) -> None:
        """Begin to connect both sides."""
        self._report(FlowStarted())
        for side, loop in self._loops.items():
            name = f"dial {self.plan.name}-{self.plan.ordinal} {side.value}"
            self._loop_tasks.append(self._tools.tasks.start(loop.run(), name))
        for side, renewal in self._renewals.items():
            name = f"tokens of {self.plan.name}-{self.plan.ordinal} {side.value}"
            self._loop_tasks.append(self._tools.tasks.start(renewal.run(), name))
        if self._dataset_reader is not None:
            name = f"data sets of {self.plan.name}-{self.plan.ordinal}"
            self._loop_tasks.append(self._tools.tasks.start(self._dataset_reader.run(), name))

    async def stop(self, *, end_session: bool, seconds: float) -> None:
        """Settle what is pending and disconnect, within `seconds`; then leave what is unsettled to the source's session.

        A cancelled stop still closes the sockets.
        """
        self._driver.call(Relay.end_session if end_session else Relay.drain)
        if end_session:
            # A session is ended on a connection, also where the data sets never came.
            self._datasets.loaded.set()
        for loop in self._loops.values():
            loop.wake()
        try:
            if not await self._drains_within(seconds):
                self._report(DrainEnded(self._relay.pending(), seconds))
                self._driver.call(Relay.abandon)
                await self._drains_within(CLOSING_SECONDS_MAX)
        finally:
            self._driver.close()
            for task in self._loop_tasks:
                task.cancel()
            self._tally.retire(self._relay)
        # A source that could not be reached in time still has its session, whatever was wanted.
        self._report(FlowStopped(session_kept=not end_session or self._holds_filters))

    def abandon(self) -> None:
        """Disconnect now, whatever is pending; a `stop` that waits comes to its end."""
        self._driver.call(Relay.abandon)

    def use_credentials(self, credentials: Credentials) -> None:
        """Take credentials that may have changed: re-make a connection that used others, keeping its session.

        What cannot be used is reported once, and the connection that stands is left alone.
        """
        self._credentials = credentials
        if self._dataset_reader is not None:
            self._dataset_reader.use_credentials(credentials)
        for side in Side:
            endpoint = self._side_plan(side).endpoint
            renewal = self._renewals.get(side)
            # A new token needs no new connection; where there is none, it is worth another attempt.
            if renewal is not None and renewal.look() and not self._driver.is_attached(side):
                self._loops[side].wake()
            if credentials.fingerprint(endpoint) == self._fingerprints.get(side):
                self._credential_errors.pop(side, None)
                if renewal is None or renewal.problem is None:
                    self._health.clear_credential(side)
                continue
            try:
                credentials.ssl_context(endpoint)
            except CredentialError as error:
                if self._driver.is_attached(side) and self._credential_errors.get(side) != str(error):
                    self._credential_errors[side] = str(error)
                    self._report(CredentialRefused(side, str(error), error.hint, keeps_connection=True))
                continue
            self._credential_errors.pop(side, None)
            if self._driver.is_attached(side):
                self._report(CredentialsChanged(side))
                self._driver.reconnect(side, "the credential changed")
            else:
                self._loops[side].wake()

    def is_subscribed(self) -> bool:
        """Tell whether the source holds all subscriptions of the flow."""
        return self._relay.side_state(Side.SOURCE) == "subscribed"

    def check_accounting(self) -> None:
        """Raise `AssertionError` with the figures when they do not add up."""
        self._relay.check_accounting()

    def refresh(self, now: Moment) -> None:
        """Judge the health anew, so that `since` is right although nobody asks."""
        for side in Side:
            state = self._relay.side_state(side)
            if state != self._states[side][0]:
                self._states[side] = (state, now.wall)
            elif state in _UP and now.wall - self._states[side][1] >= GOOD_CONNECTION_SECONDS:
                self._health.note_good_connection(side)
            self._health.note_expiring(side, self._look_at_expiries(side, now))
        verdict = self._health.verdict(
            self._states[Side.SOURCE][0],
            self._states[Side.DESTINATION][0],
            self._relay.oldest_pending_seconds(now),
            self._relay.counters.delivered,
        )
        if verdict.health != self._verdict.health:
            self._verdict_since = now.wall
        self._verdict = verdict

    def status(self) -> FlowStatus:
        """Return what the flow shows of itself now."""
        now = self._tools.clock()
        self.refresh(now)
        return FlowStatus(
            name=self.plan.name,
            profile=self.plan.profile,
            ordinal=self.plan.ordinal,
            health=self._verdict.health,
            reason_code=self._verdict.reason_code,
            message=self._verdict.message,
            since=iso_time(self._verdict_since),
            counters=self._tally.figures(self._relay),
            pending=self._relay.pending(),
            oldest_pending_seconds=self._relay.oldest_pending_seconds(now),
            source=self._side_status(Side.SOURCE),
            destination=self._side_status(Side.DESTINATION),
            datasets=self._datasets.status(),
        )

    def _side_status(self, side: Side) -> SideStatus:
        plan = self._side_plan(side)
        state, since = self._states[side]
        credentials = self._expiries[side].statuses()
        return SideStatus(
            endpoint=plan.endpoint.name,
            service_type=plan.endpoint.service_type,
            state=state,
            connected=state in _UP,
            client_id=plan.client_id,
            inflight=self._relay.inflight(side),
            reconnects=dict(self._tally.reconnects[side]),
            errors=dict(self._tally.errors[side]),
            last_error=self._last_errors.get(side),
            next_retry_seconds=self._loops[side].next_retry_seconds,
            since=iso_time(since),
            renewals=self._tally.renewals[side],
            credential_expires=next((each.expires for each in credentials if each.kind != "authority"), None),
            credentials=credentials,
        )

    def _look_at_expiries(self, side: Side, now: Moment) -> CredentialExpiring | None:
        watch = self._expiries[side]
        if side in self._renewals:
            watch.use_token(self._renewals[side].expiry)
        return watch.look(now.wall)

    def _side_plan(self, side: Side) -> SidePlan:
        return self.plan.source if side is Side.SOURCE else self.plan.destination

    def _dial_loop(self, side: Side) -> DialLoop:
        return DialLoop(
            side,
            self._side_plan(side).client_id,
            open_stream=lambda: self._open_stream(side),
            attach=self._attach,
            report=self._report,
            monotonic=lambda: self._tools.clock().monotonic,
            random=self._tools.random,
        )

    def _token_renewals(self) -> dict[Side, TokenRenewal]:
        tools = self._tools
        renewals: dict[Side, TokenRenewal] = {}
        for side in Side:
            provider = self._credentials.tokens(self._side_plan(side).endpoint)
            if provider is not None:
                present = partial(self._present, side)
                renewals[side] = TokenRenewal(
                    side, provider, present=present, report=self._report, clock=tools.clock, random=tools.random
                )
        return renewals

    def _present(self, side: Side, token: bytes) -> bool:
        return self._driver.call(lambda relay, now: relay.reauthenticate(side, token, now))

    def _attach(self, side: Side, stream: Stream) -> None:
        self._driver.attach(side, stream, self._tokens.pop(side, None))

    def _make_datasets(self) -> tuple[Datasets, DatasetReader | None]:
        plan, tools = self.plan.datasets, self._tools

        def use(key: str, records: Sequence[Record]) -> None:
            self._driver.call(lambda relay, _: relay.use_records(key, records))

        datasets = Datasets(() if plan is None else plan.keys, use=use, report=self._report)
        if plan is None:
            return datasets, None
        if plan.folder is not None:
            return datasets, DatasetFiles(plan.folder, plan.keys, datasets)
        return datasets, DatasetStore(
            plan, datasets, self._credentials, dial=tools.dial, clock=tools.clock, random=tools.random
        )

    async def _open_stream(self, side: Side) -> Stream:
        if side is Side.SOURCE:
            # A session that is kept delivers as soon as it is connected.
            await self._datasets.loaded.wait()
        endpoint = self._side_plan(side).endpoint
        # Of the attempt, whatever comes of it: what was tried already is no reason to hurry the next one.
        self._fingerprints[side] = self._credentials.fingerprint(endpoint)
        self._expiries[side].use_certificates(self._credentials.expiries(endpoint))
        tls = self._credentials.ssl_context(endpoint)
        renewal = self._renewals.get(side)
        if renewal is not None:
            self._tokens[side] = await renewal.for_connection()
        stream = await self._tools.dial(endpoint, tls)
        # Asked once for each connection, so that packets cost nothing where nobody wants their lines.
        return LoggedStream(stream, partial(self._log_packet, side)) if logs_packets(self.plan.profile) else stream

    async def _drains_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._drained.wait()
        except TimeoutError:
            return False
        return True

    def _handle_event(self, event: RelayEvent, now: Moment) -> None:
        # A stream of messages that do not fit must not cost more than a count for each.
        if type(event) is MessageDropped:
            hidden = self._drop_log.admit(event.reason, now.monotonic)
            if hidden is not None:
                self._log(event, {"hidden": hidden} if hidden else {})
            return
        self._report(event)
        if isinstance(event, ConnectionOpened):
            self._loops[event.side].accepted()
            if event.side in self._renewals:
                self._renewals[event.side].opened()
        elif isinstance(event, ConnectionEnded):
            self._loops[event.side].ended(event)
            if event.side in self._renewals:
                is_refused = not event.by_us and event.reason_code in CREDENTIAL_REFUSALS
                self._renewals[event.side].ended(is_refused=is_refused)
        elif isinstance(event, SubscriptionsHeld):
            self._record(event.topic_filters)
        elif isinstance(event, Drained):
            self._drained.set()

    def _report(self, event: RelayEvent | EngineEvent) -> None:
        """Log an event, count it, and let the health know."""
        self._health.handle(event, self._relay.counters.delivered)
        self._tally.note(event)
        self._log(event, {})
        self.refresh(self._tools.clock())
        if isinstance(event, FlowHalted):
            self._driver.call(Relay.abandon)

    def _record(self, topic_filters: tuple[str, ...]) -> None:
        """Write down what the source session holds, before the SUBSCRIBE that makes it so leaves."""
        self._holds_filters = bool(topic_filters)
        try:
            self._tools.records.record(self.plan.source.client_id, topic_filters)
        except OSError as error:
            self._report(SessionNotRecorded(error.strerror or str(error)))

    def _log_packet(self, side: Side, mark: Literal["<", ">"], text: str) -> None:
        # JSON lines have no mark, so the words say it too.
        text = f"{'received' if mark == '<' else 'sent'} {text}"
        line = Line("debug", mark, text, side=side, fields={"side": side.value})
        endpoint = self._side_plan(side).endpoint.name
        log_flow_line(self.plan.profile, self.plan.name, self.plan.ordinal, endpoint, line, {})

    def _log(self, event: RelayEvent | EngineEvent, fields: dict[str, int]) -> None:
        line = line_of(event)
        if line.side is not None and line.error_code is not None:
            self._tally.errors[line.side][line.error_code] += 1
        if line.side is not None and line.level in ("warning", "error"):
            self._last_errors[line.side] = line.text
        endpoint = None if line.side is None else self._side_plan(line.side).endpoint.name
        log_flow_line(self.plan.profile, self.plan.name, self.plan.ordinal, endpoint, line, fields)
