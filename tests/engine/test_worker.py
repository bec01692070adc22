import asyncio
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.engine.flows import FakeCredentials, World, world
from tests.engine.plans import flow_plan
from tests.engine.skipping_loop import run

from tidegate.engine.channel import Channel
from tidegate.engine.diff import Assignment
from tidegate.engine.flow_group import FlowGroup
from tidegate.engine.worker import work
from tidegate.engine.worker_channel import (
    Apply,
    CheckAccounting,
    Reply,
    SecretValues,
    StatusWanted,
    StopFlows,
    UseSecrets,
)

Test = Callable[[World, Channel, "asyncio.Task[None]"], Coroutine[Any, Any, None]]


def with_worker(directory: Path, test: Test) -> None:
    """Run the inside of a worker with a channel whose other end is the test."""

    async def main() -> None:
        async with world(directory) as here:
            ours, theirs = [await Channel.over(end) for end in socket.socketpair()]
            group = FlowGroup(here.tools, FakeCredentials(), drain_seconds=5)
            inside = here.tasks.start(
                work(theirs, group, lambda values: FakeCredentials(values.secrets["s"]["version"]), here.tasks), "work"
            )
            await test(here, ours, inside)
            ours.close()
            theirs.close()

    run(main())


async def reply(channel: Channel) -> tuple[int, Any]:
    received = await channel.receive()
    assert received is not None
    number, message = received
    assert isinstance(message, Reply)
    return number, message.value


def test_it_runs_what_it_is_told_and_says_how_it_goes(tmp_path: Path) -> None:
    async def test(here: World, channel: Channel, inside: "asyncio.Task[None]") -> None:
        channel.send(1, Apply(Assignment((flow_plan(),))))
        assert await reply(channel) == (1, None)
        await here.connected()
        channel.send(2, StatusWanted())
        number, flows = await reply(channel)
        assert (number, [flow.name for flow in flows]) == (2, ["bridge"])
        channel.send(3, CheckAccounting())
        assert await reply(channel) == (3, [])
        channel.send(4, UseSecrets(SecretValues(secrets={"s": {"version": b"2"}}), "info"))
        assert await reply(channel) == (4, None)
        await here.source.until(lambda: len(here.source.dialled) == 2)
        channel.send(5, StopFlows())
        assert await reply(channel) == (5, None)
        channel.close()
        await inside
        assert here.source.sessions == {"tidegate-bridge-0-source": {"#"}}

    with_worker(tmp_path, test)


def test_it_ends_at_once_when_the_engine_is_gone(tmp_path: Path) -> None:
    async def test(here: World, channel: Channel, inside: "asyncio.Task[None]") -> None:
        channel.send(1, Apply(Assignment((flow_plan(),))))
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("a", b"1")
        await here.destination.until(lambda: here.destination.published)
        began = here.tools.clock().monotonic
        channel.close()
        await inside
        assert here.tools.clock().monotonic - began < 1
        assert here.source.acknowledged == []

    with_worker(tmp_path, test)


def test_a_second_word_to_stop_ends_the_drain(tmp_path: Path) -> None:
    async def test(here: World, channel: Channel, inside: "asyncio.Task[None]") -> None:
        channel.send(1, Apply(Assignment((flow_plan(),))))
        await reply(channel)
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("a", b"1")
        await here.destination.until(lambda: here.destination.published)
        began = here.tools.clock().monotonic
        channel.send(2, StopFlows())
        channel.send(3, StatusWanted())
        number, flows = await reply(channel)
        assert (number, flows[0].pending) == (3, 1)
        channel.send(4, StopFlows(at_once=True))
        assert {await reply(channel), await reply(channel)} == {(2, None), (4, None)}
        channel.close()
        await inside
        assert here.tools.clock().monotonic - began < 4

    with_worker(tmp_path, test)


def test_stopping_at_once_does_not_drain(tmp_path: Path) -> None:
    async def test(here: World, channel: Channel, inside: "asyncio.Task[None]") -> None:
        channel.send(1, Apply(Assignment((flow_plan(),))))
        await reply(channel)
        await here.connected()
        here.destination.holds_pubacks = True
        here.source.publish("a", b"1")
        await here.destination.until(lambda: here.destination.published)
        began = here.tools.clock().monotonic
        channel.send(2, StopFlows(at_once=True))
        assert await reply(channel) == (2, None)
        channel.close()
        await inside
        assert here.tools.clock().monotonic - began < 4

    with_worker(tmp_path, test)
