import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.engine.flows import FakeCredentials, World, world
from tests.engine.plans import flow_plan
from tests.engine.skipping_loop import run

from tidegate.engine.diff import Assignment, flow_key
from tidegate.engine.flow_group import FlowGroup

SOURCE = "tidegate-bridge-0-source"

Test = Callable[[World, FlowGroup], Coroutine[Any, Any, None]]


def with_group(directory: Path, test: Test) -> None:
    async def main() -> None:
        async with world(directory) as here:
            await test(here, FlowGroup(here.tools, FakeCredentials(), drain_seconds=5))

    run(main())


async def ended(here: World, group: FlowGroup) -> None:
    await here.source.until(lambda: not here.source.live)
    while len(group):
        await asyncio.sleep(0.001)


def test_an_edit_touches_only_its_flow_and_keeps_its_session(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        plan, other = flow_plan(), flow_plan("other")
        await group.apply(Assignment((plan, other)))
        await here.connected()
        await here.connected("tidegate-other-0")
        dialled = len(here.source.dialled)
        await group.apply(Assignment((replace(plan, topic_filters=("a",)), other)))
        await here.source.until(lambda: here.source.sessions[SOURCE] == {"a"})
        assert len(here.source.dialled) == dialled + 1
        await group.stop()

    with_group(tmp_path, test)


def test_counters_go_on_over_an_edit(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        plan = flow_plan()
        await group.apply(Assignment((plan,)))
        await here.connected()
        here.source.publish("t", b"1")
        await here.source.until(lambda: here.source.acknowledged)
        await group.apply(Assignment((replace(plan, retain_mode="Never"),)))
        await here.source.until(lambda: len(here.source.dialled) == 2 and here.source.live)
        (status,) = group.status()
        assert status.counters.delivered == 1
        assert group.check_accounting() == []
        await group.stop()

    with_group(tmp_path, test)


def test_a_deleted_flow_ends_its_session_and_a_disabled_one_keeps_it(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        plan, other = flow_plan(), flow_plan("other")
        await group.apply(Assignment((plan, other)))
        await here.connected()
        await here.connected("tidegate-other-0")
        await group.apply(Assignment(released=frozenset([flow_key(other)])))
        await ended(here, group)
        assert list(here.source.sessions) == ["tidegate-other-0-source"]

    with_group(tmp_path, test)


def test_a_flow_that_comes_back_while_it_ends_starts_after_that(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        plan = flow_plan()
        await group.apply(Assignment((plan,)))
        await here.connected()
        await group.apply(Assignment())
        await here.source.until(lambda: not here.source.sessions[SOURCE])
        await group.apply(Assignment((plan,)))
        await here.source.until(lambda: len(here.source.dialled) == 2)
        await here.connected()
        assert here.source.sessions[SOURCE] == {"#"}
        await group.stop()

    with_group(tmp_path, test)


def test_a_new_client_id_subscribes_before_the_old_session_ends(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        await group.apply(Assignment((flow_plan(),)))
        await here.connected()
        held: list[set[str]] = []
        await group.apply(Assignment((flow_plan(prefix="site2"),)))

        def old_has_ended() -> bool:
            held.append({name for name, filters in here.source.sessions.items() if filters})
            return SOURCE not in here.source.sessions

        await here.source.until(old_has_ended)
        assert all(held), "at every moment one of the sessions holds the subscriptions"
        assert here.source.sessions == {"site2-bridge-0-source": {"#"}}
        await group.stop()

    with_group(tmp_path, test)


def test_stop_keeps_sessions_and_does_not_wait_for_those_that_end(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        await group.apply(Assignment((flow_plan(), flow_plan("other"))))
        await here.connected()
        await here.connected("tidegate-other-0")
        await group.apply(Assignment((flow_plan(),)))
        began = here.tools.clock().monotonic
        await group.stop()
        assert here.tools.clock().monotonic - began < 2
        assert len(group) == 0
        assert here.source.sessions[SOURCE] == {"#"}

    with_group(tmp_path, test)


def test_nothing_is_started_once_it_stops(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        await group.apply(Assignment((flow_plan(),)))
        await here.connected()
        stop = here.tasks.start(group.stop(), "stop")
        await here.source.until(lambda: not here.source.live)
        await group.apply(Assignment((flow_plan(), flow_plan("other"))))
        await stop
        assert len(group) == 0
        assert len(here.source.dialled) == 1

    with_group(tmp_path, test)


def test_a_cancelled_apply_stops_what_it_was_to_stop_all_the_same(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        plan = flow_plan()
        await group.apply(Assignment((plan,)))
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("a", b"1")
        await here.destination.until(lambda: here.destination.published)
        apply = here.tasks.start(group.apply(Assignment(released=frozenset([flow_key(plan)]))), "apply")
        await asyncio.sleep(1)
        apply.cancel()
        await ended(here, group)
        assert here.source.sessions == {SOURCE: {"#"}}

    with_group(tmp_path, test)


def test_held_filters_of_the_last_run_are_taken_back(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        here.source.sessions[SOURCE] = {"old"}
        here.records.record(SOURCE, ("old",))
        await group.apply(Assignment((flow_plan(filters=("new",)),)))
        await here.source.until(lambda: here.source.sessions[SOURCE] == {"new"})
        await group.stop()

    with_group(tmp_path, test)


def test_changed_credentials_reach_every_flow_and_later_ones(tmp_path: Path) -> None:
    async def test(here: World, group: FlowGroup) -> None:
        await group.apply(Assignment((flow_plan(),)))
        await here.connected()
        group.use_credentials(FakeCredentials(there=b"2"))
        await here.destination.until(lambda: len(here.destination.dialled) == 2 and here.destination.live)
        group.use_credentials(FakeCredentials(there=b"2"))
        assert len(here.destination.dialled) == 2
        await group.stop()

    with_group(tmp_path, test)
