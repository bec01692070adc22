import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.engine.flows import FakeCredentials, World, world
from tests.engine.plans import flow_plan
from tests.engine.skipping_loop import clock, run

from tidegate.auth.secret_source import DeclaredSource
from tidegate.engine.control import Control
from tidegate.engine.declared import Declared, Rejected
from tidegate.engine.embedded_broker import EmbeddedBroker
from tidegate.engine.engine import Engine, EngineParts, Watched
from tidegate.engine.flow_group import FlowGroup
from tidegate.engine.listeners import Listeners
from tidegate.engine.supervisor import Place, Supervisor, Wanted
from tidegate.engine.worker_channel import SecretValues
from tidegate.engine.workers import Worker

SOURCE = "tidegate-bridge-0-source"
PLAN = flow_plan()


def no_broker() -> EmbeddedBroker:
    raise AssertionError("nothing needs the embedded broker")


def no_worker(place: Place) -> Worker:
    raise AssertionError("no profile has several instances")


class Running:
    """An engine over a world; `edit` puts other text where it looks."""

    def __init__(self, here: World, directory: Path) -> None:
        self.here = here
        self.found: Declared | Rejected = Declared(wanted=Wanted(flows=(PLAN,)))
        self.version = 0
        group = FlowGroup(here.tools, FakeCredentials(), drain_seconds=5)
        parts = EngineParts(
            supervisor=Supervisor(group, no_worker, here.tasks),
            tasks=here.tasks,
            watched=Watched(load=lambda: self.found, signature=lambda: self.version, seen=0),
            credentials=lambda values: FakeCredentials(values.secrets.get("s", {}).get("version", b"1")),
            secret_source=lambda values: DeclaredSource(values.secrets, values.config_maps),
            new_broker=no_broker,
            clock=clock,
            log_level=None,
            process_id=7,
            version="0.1.0",
        )
        self.engine = Engine(
            parts,
            listeners=lambda engine: Listeners("127.0.0.1", 0, {}, lambda profile: {}, here.tasks),
            control=lambda engine: Control(directory, engine.handlers(), here.tasks),
        )
        self.started = asyncio.Event()
        first = self.found
        self.task = here.tasks.start(self.engine.run(first, self.started.set), "engine")

    def edit(self, found: Declared | Rejected) -> None:
        self.found = found
        self.version += 1


def with_engine(directory: Path, test: Callable[[World, Running], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with world(directory) as here:
            running = Running(here, directory)
            await running.started.wait()
            await here.connected()
            await test(here, running)
            running.engine.stop()
            await running.task

    run(main())


def test_it_runs_what_is_declared_and_drains_when_told_to_stop(tmp_path: Path) -> None:
    async def test(here: World, running: Running) -> None:
        status = await running.engine.status()
        while [dataflow.health for dataflow in status.dataflows] != ["Available"]:
            await asyncio.sleep(0.001)
            status = await running.engine.status()
        assert [flow.name for flow in status.flows] == ["bridge"]
        assert (status.process_id, status.version, status.last_reload.applied) == (7, "0.1.0", True)
        assert running.engine.declared.wanted.flows == (PLAN,)
        running.engine.stop()
        await running.task
        assert here.source.live == {}
        assert here.source.sessions == {SOURCE: {"#"}}

    with_engine(tmp_path, test)


def test_an_edit_is_applied(tmp_path: Path) -> None:
    async def test(here: World, running: Running) -> None:
        running.edit(Declared(wanted=Wanted(flows=(replace(PLAN, topic_filters=("a",)),))))
        await here.source.until(lambda: here.source.sessions[SOURCE] == {"a"})

    with_engine(tmp_path, test)


def test_an_edit_that_does_not_validate_changes_nothing_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(here: World, running: Running) -> None:
        running.edit(Rejected(("flow.yaml:1:1: spec.mode: wrong",)))
        while (await running.engine.status()).last_reload.applied:
            await asyncio.sleep(0.1)
        reload = (await running.engine.status()).last_reload
        assert reload.errors == ["flow.yaml:1:1: spec.mode: wrong"]
        assert "an edit was not applied: flow.yaml:1:1: spec.mode: wrong" in caplog.text
        assert len(here.source.dialled) == 1
        running.edit(Declared(wanted=Wanted(flows=(PLAN,))))
        while not (await running.engine.status()).last_reload.applied:
            await asyncio.sleep(0.1)
        assert len(here.source.dialled) == 1

    with caplog.at_level(logging.INFO, "tidegate"):
        with_engine(tmp_path, test)


def test_a_changed_secret_reaches_the_flows(tmp_path: Path) -> None:
    async def test(here: World, running: Running) -> None:
        secret_values = SecretValues(secrets={"s": {"version": b"2"}})
        running.edit(Declared(wanted=Wanted(flows=(PLAN,)), secret_values=secret_values))
        await here.source.until(lambda: len(here.source.dialled) == 2 and here.source.live)

    with_engine(tmp_path, test)


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    async def test(here: World, running: Running) -> None:
        here.destination.holds_pubacks = True
        here.source.publish("a", b"1")
        await here.destination.until(lambda: here.destination.published)
        began = clock().monotonic
        running.engine.stop()
        running.engine.stop()
        await running.task
        assert clock().monotonic - began < 4

    with_engine(tmp_path, test)


def test_whoever_asks_for_a_reload_and_gives_up_does_not_undo_it(tmp_path: Path) -> None:
    async def test(here: World, running: Running) -> None:
        here.destination.holds_pubacks = True
        here.source.publish("a", b"1")
        await here.destination.until(lambda: here.destination.published)
        running.found = Declared(wanted=Wanted(flows=(), disabled=frozenset([PLAN.name])))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await running.engine.handlers()["reload"]()
        await here.source.until(lambda: not here.source.live)
        running.found = Declared(wanted=Wanted(flows=(PLAN,)))
        await running.engine.reload()
        await here.connected()

    with_engine(tmp_path, test)


def test_the_control_socket_shows_and_reloads(tmp_path: Path) -> None:
    async def test(here: World, running: Running) -> None:
        answers = running.engine.handlers()
        assert json.loads(cast(bytes, await answers["status"]()))["process_id"] == 7
        running.found = Rejected(("wrong",))
        assert json.loads(cast(bytes, await answers["reload"]()))["errors"] == ["wrong"]

    with_engine(tmp_path, test)
