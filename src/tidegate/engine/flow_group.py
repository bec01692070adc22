"""The flows that run in this process: brought from what runs to what should, one flow at a time, each by itself.

Knows how an assignment is carried out, in the engine and in its workers alike. Does not know resources or processes.
"""

import asyncio
from collections.abc import Callable, Coroutine

from tidegate.engine.credentials import Credentials
from tidegate.engine.diff import Assignment, FlowKey, Stop, diff, flow_key
from tidegate.engine.runner import FlowRunner, FlowTools
from tidegate.engine.tally import FlowTally
from tidegate.flow.plan import FlowPlan
from tidegate.telemetry.status import FlowStatus

__all__ = ["END_SESSION_SECONDS_MAX", "FlowGroup"]

END_SESSION_SECONDS_MAX = 60.0
"""How long a deleted flow may take to empty and end its session."""

SUCCESSOR_SECONDS_MAX = 60.0
"""How long a flow whose client id changed goes on under the old one, until the new one holds its subscriptions."""

REFRESH_SECONDS = 1.0


class _Slot:
    """One flow's place: its runner, and the changes that wait for each other."""

    def __init__(self, plan: FlowPlan) -> None:
        self.plan = plan
        self.runner: FlowRunner | None = None
        self.lock = asyncio.Lock()
        self.wanted: FlowPlan | None = plan
        self.end_session = False


class FlowGroup:
    """Carries out assignments. `credentials` are replaced by `use_credentials`; `drain_seconds` is for each flow."""

    def __init__(self, tools: FlowTools, credentials: Credentials, *, drain_seconds: float) -> None:
        self._tools = tools
        self._credentials = credentials
        self._drain_seconds = drain_seconds
        self._slots: dict[FlowKey, _Slot] = {}
        self._tallies: dict[tuple[str, int], FlowTally] = {}
        self._changes: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def __len__(self) -> int:
        """Tell how many flows run or are coming to their end."""
        return len(self._slots)

    async def apply(self, wanted: Assignment) -> None:
        """Make `wanted` what runs; once the group stops, nothing is started any more.

        Returns when every released flow has stopped, since it may start elsewhere next; everything else goes on by itself.
        """
        if not self._is_stopping:
            await self._carry_out(wanted)

    def use_credentials(self, credentials: Credentials) -> None:
        """Take secrets that may have changed; only connections that used others are re-made."""
        self._credentials = credentials
        for runner in self._runners():
            runner.use_credentials(credentials)

    async def refresh(self) -> None:
        """Follow the health of all flows, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            now = self._tools.clock()
            for runner in self._runners():
                runner.refresh(now)

    async def stop(self) -> None:
        """Drain every flow and keep its session."""
        self._is_stopping = True
        await self._carry_out(Assignment(released=frozenset(self._slots)))
        # Sessions that are being ended are left to their brokers' expiry rather than waited for.
        self.abandon()
        while self._changes:
            await asyncio.wait(self._changes)

    def abandon(self) -> None:
        """Disconnect everything now."""
        for runner in self._runners():
            runner.abandon()

    def status(self) -> list[FlowStatus]:
        """Return what every flow shows of itself, in order of name and instance."""
        flows = (
            FlowStatus.starting(slot.plan, "starting") if slot.runner is None else slot.runner.status()
            for slot in self._slots.values()
        )
        return sorted(flows, key=lambda flow: (flow.name, flow.ordinal))

    def check_accounting(self) -> list[str]:
        """Return the figures of each flow whose figures do not add up."""
        return [
            f"{runner.plan.name}-{runner.plan.ordinal}: {problem}"
            for runner in self._runners()
            if (problem := _problem(runner.check_accounting)) is not None
        ]

    async def _carry_out(self, wanted: Assignment) -> None:
        running = [slot.plan for slot in self._slots.values() if slot.wanted is not None]
        change = diff(running, wanted)
        for plan in change.start:
            self._change(plan, plan)
        for _, plan in change.replace:
            self._change(plan, plan)
        stopping = [(stop, self._stop(stop)) for stop in change.stop]
        # Not `gather`, which would cancel them when whoever waits here is cancelled.
        if released := [task for stop, task in stopping if not stop.end_session]:
            await asyncio.wait(released)

    def _runners(self) -> list[FlowRunner]:
        return [slot.runner for slot in self._slots.values() if slot.runner is not None]

    def _change(self, shown: FlowPlan, wanted: FlowPlan) -> None:
        key = flow_key(shown)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot(shown)
        slot.plan = slot.wanted = wanted
        self._begin(self._bring_to(key, slot), f"change {key.name}-{key.ordinal}")

    def _stop(self, stop: Stop) -> "asyncio.Task[None]":
        key = flow_key(stop.plan)
        slot = self._slots[key]
        slot.wanted = None
        slot.end_session = stop.end_session
        return self._begin(self._end(key, slot, stop.successor), f"stop {key.name}-{key.ordinal}")

    def _begin(self, change: Coroutine[None, None, None], name: str) -> "asyncio.Task[None]":
        task = self._tools.tasks.start(change, name)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return task

    async def _bring_to(self, key: FlowKey, slot: _Slot) -> None:
        """Let the slot run what is wanted by now; an edit that came in between is part of it."""
        async with slot.lock:
            if slot.runner is not None and slot.runner.plan == slot.wanted:
                return
            if slot.runner is not None and slot.wanted is not None:
                await slot.runner.stop(end_session=False, seconds=self._drain_seconds)
                slot.runner = None
            held_filters = self._tools.records.held_filters(key.client_id)
            if slot.wanted is None:
                return
            tally = self._tallies.setdefault((key.name, key.ordinal), FlowTally())
            slot.runner = FlowRunner(slot.wanted, self._tools, self._credentials, tally, held_filters)
            slot.runner.start()

    async def _end(self, key: FlowKey, slot: _Slot, successor: FlowKey | None) -> None:
        if successor is not None:
            await self._wait_for_successor(successor, slot)
        async with slot.lock:
            if slot.wanted is not None:
                return
            if slot.runner is not None:
                seconds = max(self._drain_seconds, END_SESSION_SECONDS_MAX) if slot.end_session else self._drain_seconds
                await slot.runner.stop(end_session=slot.end_session, seconds=seconds)
                slot.runner = None
            if slot.wanted is None and self._slots.get(key) is slot:
                del self._slots[key]
                if slot.end_session and not any(key[:2] == other[:2] for other in self._slots):
                    self._tallies.pop((key.name, key.ordinal), None)

    async def _wait_for_successor(self, successor: FlowKey, slot: _Slot) -> None:
        """Go on until the new session holds the subscriptions: what arrives in between would be in neither."""
        waited = 0.0
        while waited < SUCCESSOR_SECONDS_MAX and slot.wanted is None and not self._is_stopping:
            other = self._slots.get(successor)
            if other is None or (other.runner is not None and other.runner.is_subscribed()):
                return
            await asyncio.sleep(0.05)
            waited += 0.05


def _problem(check: Callable[[], None]) -> str | None:
    try:
        check()
    except AssertionError as error:
        return str(error)
    return None
