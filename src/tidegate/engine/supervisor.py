"""What should run, running: each flow in its place, in this process or in the worker of its instance.

Knows places, and that a flow which moves stops in one before it starts in the other. Does not know resources or files.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tidegate.engine.credentials import Credentials
from tidegate.engine.diff import Assignment, FlowKey, flow_key
from tidegate.engine.flow_group import FlowGroup
from tidegate.engine.worker_channel import SecretValues
from tidegate.engine.workers import Worker
from tidegate.flow.plan import FlowPlan
from tidegate.net.tasks import Tasks
from tidegate.telemetry.status import FlowStatus

__all__ = ["Place", "Supervisor", "Wanted"]

IDLE_CHECK_SECONDS = 0.5


class Place(NamedTuple):
    """Where flows run: a worker, one for each instance of a profile."""

    profile: str
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Everything that should run.

    `disabled` names the data flows that are declared but switched off: their sessions live on. Flows of a profile in
    `worker_profiles` run in workers; `log_levels` are those of the profiles.
    """

    flows: tuple[FlowPlan, ...] = ()
    disabled: frozenset[str] = frozenset()
    worker_profiles: frozenset[str] = frozenset()
    log_levels: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Holds the flows of this process and the workers. `new_worker` starts one for a place."""

    def __init__(self, group: FlowGroup, new_worker: Callable[[Place], Worker], tasks: Tasks) -> None:
        self._group = group
        self._new_worker = new_worker
        self._tasks = tasks
        self._workers: dict[Place, Worker] = {}
        self._shown: dict[Place, list[FlowStatus]] = {}
        self._places: dict[FlowKey, Place | None] = {}
        self._plans: dict[FlowKey, FlowPlan] = {}
        self._wanted_places: set[Place] = set()
        self._lock = asyncio.Lock()
        self._is_stopping = False

    async def apply(self, wanted: Wanted) -> None:
        """Make `wanted` what runs. What is not touched is not disturbed; once it stops, nothing is started any more."""
        async with self._lock:
            if self._is_stopping:
                return
            before = self._places
            after = {flow_key(plan): _place(plan, wanted) for plan in wanted.flows}
            moved = {key for key, place in after.items() if key in before and before[key] != place}
            released = frozenset(moved | {key for key in before if key.name in wanted.disabled})
            by_place: dict[Place | None, list[FlowPlan]] = {None: []}
            by_place.update((place, []) for place in self._workers)
            for plan in wanted.flows:
                by_place.setdefault(after[flow_key(plan)], []).append(plan)
            self._places, self._plans = after, {flow_key(plan): plan for plan in wanted.flows}
            self._wanted_places = {place for place, flows in by_place.items() if place is not None and flows}
            for new_place in self._wanted_places - self._workers.keys():
                self._workers[new_place] = self._new_worker(new_place)
            await asyncio.gather(
                *(
                    self._apply(place, [plan for plan in flows if flow_key(plan) not in moved], released)
                    for place, flows in by_place.items()
                )
            )
            for place, flows in by_place.items():
                if any(flow_key(plan) in moved for plan in flows):
                    await self._apply(place, flows, released)
            for idle in self._workers.keys() - self._wanted_places:
                self._tasks.start(self._remove_when_idle(idle), f"remove worker {idle.profile}-{idle.ordinal}")

    async def use_credentials(
        self, credentials: Credentials, secret_values: SecretValues, log_levels: dict[str, str]
    ) -> None:
        """Take secrets that may have changed, here and in the workers."""
        self._group.use_credentials(credentials)
        await asyncio.gather(
            *(
                worker.use_secrets(secret_values, log_levels.get(place.profile, "info"))
                for place, worker in self._workers.items()
            )
        )

    async def status(self) -> list[FlowStatus]:
        """Return every instance of every flow, in order of name and instance."""
        workers = list(self._workers.items())
        answers = await asyncio.gather(*(worker.status() for _, worker in workers))
        flows = self._group.status()
        for (place, _), answer in zip(workers, answers, strict=True):
            flows += self._of_worker(place, answer)
        return sorted(flows, key=lambda flow: (flow.name, flow.ordinal))

    async def check_accounting(self) -> list[str]:
        """Return the figures that do not add up."""
        findings = await asyncio.gather(*(worker.check_accounting() for worker in self._workers.values()))
        return [*self._group.check_accounting(), *(text for texts in findings for text in texts)]

    async def stop(self) -> None:
        """Drain everything, keep all sessions, and end the workers."""
        self._is_stopping = True
        await asyncio.gather(self._group.stop(), *(worker.stop() for worker in self._workers.values()))

    def abandon(self) -> None:
        """Disconnect now, whatever is pending; a `stop` that waits comes to its end."""
        self._group.abandon()
        for place, worker in self._workers.items():
            self._tasks.start(worker.stop(at_once=True), f"abandon worker {place.profile}-{place.ordinal}")

    async def _apply(self, place: Place | None, flows: list[FlowPlan], released: frozenset[FlowKey]) -> None:
        assignment = Assignment(tuple(flows), released)
        await (self._group if place is None else self._workers[place]).apply(assignment)

    async def _remove_when_idle(self, place: Place) -> None:
        """End a worker that has nothing to run, once the sessions of its flows have ended."""
        worker = self._workers[place]
        while place not in self._wanted_places and self._workers.get(place) is worker:
            if not await worker.status():
                async with self._lock:
                    if place not in self._wanted_places and self._workers.get(place) is worker:
                        del self._workers[place]
                        self._shown.pop(place, None)
                        await worker.stop()
                return
            await asyncio.sleep(IDLE_CHECK_SECONDS)

    def _of_worker(self, place: Place, answer: list[FlowStatus] | None) -> list[FlowStatus]:
        """Return what a worker shows; of one that does not answer, what it showed last, with health Unknown (facts 8.2)."""
        flows = self._shown.get(place, []) if answer is None else answer
        self._shown[place] = flows
        if answer is None:
            for flow in flows:
                flow.health, flow.reason_code = "Unknown", None
                flow.message = "the worker process does not answer"
        shown = {FlowKey(flow.name, flow.ordinal, flow.source.client_id) for flow in flows}
        waiting = [
            FlowStatus.starting(self._plans[key], "the worker process starts")
            for key, where in self._places.items()
            if where == place and key not in shown
        ]
        return [*flows, *waiting]


def _place(plan: FlowPlan, wanted: Wanted) -> Place | None:
    return Place(plan.profile, plan.ordinal) if plan.profile in wanted.worker_profiles else None
