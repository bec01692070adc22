import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from tests.engine.flows import FakeCredentials, World, world
from tests.engine.plans import flow_plan
from tests.engine.skipping_loop import run

from tidegate.engine.diff import Assignment
from tidegate.engine.flow_group import FlowGroup
from tidegate.engine.supervisor import Place, Supervisor, Wanted
from tidegate.engine.worker_channel import SecretValues
from tidegate.engine.workers import Worker
from tidegate.telemetry.status import FlowStatus

SOURCE = "tidegate-bridge-0-source"


class FakeWorker:
    """A worker whose flows run in this process."""

    def __init__(self, here: World) -> None:
        self.group = FlowGroup(here.tools, FakeCredentials(), drain_seconds=5)
        self.applied: list[Assignment] = []
        self.levels: list[str] = []
        self.answers = True
        self.is_stopped = False

    async def apply(self, assignment: Assignment) -> None:
        self.applied.append(assignment)
        await self.group.apply(assignment)

    async def use_secrets(self, secret_values: SecretValues, log_level: str) -> None:
        self.levels.append(log_level)

    async def status(self) -> list[FlowStatus] | None:
        return self.group.status() if self.answers else None

    async def check_accounting(self) -> list[str]:
        return ["of a worker"]

    async def stop(self, *, at_once: bool = False) -> None:
        self.is_stopped = True
        if at_once:
            self.group.abandon()
        await self.group.stop()


class Supervised:
    def __init__(self, here: World) -> None:
        self.here = here
        self.workers: dict[Place, FakeWorker] = {}
        self.group = FlowGroup(here.tools, FakeCredentials(), drain_seconds=5)
        self.supervisor = Supervisor(self.group, self.new_worker, here.tasks)

    def new_worker(self, place: Place) -> Worker:
        self.workers[place] = worker = FakeWorker(self.here)
        return cast(Worker, worker)


def with_supervisor(directory: Path, test: Callable[[World, Supervised], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with world(directory) as here:
            supervised = Supervised(here)
            await test(here, supervised)
            await supervised.supervisor.stop()

    run(main())


def scaled(count: int) -> Wanted:
    """A flow with this many instances, in workers when there are several."""
    filters = ("#",) if count == 1 else ("$share/tidegate-bridge/#",)
    return Wanted(
        flows=tuple(flow_plan(ordinal=ordinal, filters=filters) for ordinal in range(count)),
        worker_profiles=frozenset(["default"] if count > 1 else []),
    )


async def subscribed(here: World, sessions: dict[int, str]) -> None:
    wanted = {f"tidegate-bridge-{ordinal}-source": {pattern} for ordinal, pattern in sessions.items()}
    await here.source.until(lambda: here.source.sessions == wanted)


def test_scaling_1_to_3_to_1_moves_the_first_session_and_ends_the_others(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        shared = "$share/tidegate-bridge/#"
        supervisor = supervised.supervisor
        await supervisor.apply(scaled(1))
        await subscribed(here, {0: "#"})
        await supervisor.apply(scaled(3))
        await subscribed(here, {0: shared, 1: shared, 2: shared})
        assert len(supervised.group) == 0
        assert [flow.ordinal for flow in await supervisor.status()] == [0, 1, 2]
        await supervisor.apply(scaled(1))
        await subscribed(here, {0: "#"})
        assert len(supervised.group) == 1
        while not all(worker.is_stopped for worker in supervised.workers.values()):
            await asyncio.sleep(0.1)
        assert len(await supervisor.status()) == 1

    with_supervisor(tmp_path, test)


def test_a_flow_never_runs_in_two_places(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        await supervised.supervisor.apply(scaled(1))
        await subscribed(here, {0: "#"})
        await supervised.supervisor.apply(scaled(2))
        worker = supervised.workers[Place("default", 0)]
        assert [len(assignment.flows) for assignment in worker.applied] == [0, 1]
        assert len(supervised.group) == 0

    with_supervisor(tmp_path, test)


def test_disabled_keeps_the_session_and_deleted_ends_it(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        flows = (flow_plan(), flow_plan("other"))
        await supervised.supervisor.apply(Wanted(flows=flows))
        await here.connected()
        await here.connected("tidegate-other-0")
        await supervised.supervisor.apply(Wanted(disabled=frozenset(["other"])))
        await here.source.until(lambda: SOURCE not in here.source.sessions)
        assert here.source.sessions == {"tidegate-other-0-source": {"#"}}

    with_supervisor(tmp_path, test)


def test_a_worker_that_does_not_answer_makes_its_flows_unknown(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        instances = tuple(flow_plan(ordinal=ordinal) for ordinal in range(2))
        await supervised.supervisor.apply(Wanted(flows=instances, worker_profiles=frozenset(["default"])))
        silent = supervised.workers[Place("default", 1)]
        silent.answers = False
        first, second = await supervised.supervisor.status()
        assert (second.health, second.message) == ("Unknown", "the worker process starts")
        silent.answers = True
        await here.connected("tidegate-bridge-1")
        await supervised.supervisor.status()
        silent.answers = False
        first, second = await supervised.supervisor.status()
        assert first.message != second.message
        assert (second.health, second.message) == ("Unknown", "the worker process does not answer")

    with_supervisor(tmp_path, test)


def test_credentials_and_levels_reach_group_and_workers(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        fast = replace(flow_plan("fast"), profile="fast")
        await supervised.supervisor.apply(Wanted(flows=(flow_plan(), fast), worker_profiles=frozenset(["fast"])))
        await here.connected()
        await here.connected("tidegate-fast-0")
        await supervised.supervisor.use_credentials(FakeCredentials(b"2"), SecretValues(), {"fast": "debug"})
        assert supervised.workers[Place("fast", 0)].levels == ["debug"]
        await here.source.until(lambda: len(here.source.dialled) == 3)
        assert await supervised.supervisor.check_accounting() == ["of a worker"]

    with_supervisor(tmp_path, test)


def test_no_worker_is_started_once_it_stops(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        await supervised.supervisor.apply(scaled(1))
        await subscribed(here, {0: "#"})
        await supervised.supervisor.stop()
        await supervised.supervisor.apply(scaled(2))
        assert supervised.workers == {}
        assert len(supervised.group) == 0

    with_supervisor(tmp_path, test)


def test_a_second_word_to_stop_abandons_everywhere(tmp_path: Path) -> None:
    async def test(here: World, supervised: Supervised) -> None:
        fast = replace(flow_plan("fast"), profile="fast")
        await supervised.supervisor.apply(Wanted(flows=(flow_plan(), fast), worker_profiles=frozenset(["fast"])))
        await here.connected()
        await here.connected("tidegate-fast-0")
        supervised.supervisor.abandon()
        await supervised.supervisor.stop()
        assert supervised.workers[Place("fast", 0)].is_stopped
        assert len(here.source.sessions) == 2

    with_supervisor(tmp_path, test)
