"""The client of the command line, against a broker core on a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.engine.test_broker_host import World

from tidegate.engine.mqtt_tool import Client, Target, embedded_target
from tidegate.exceptions import ConnectFailed
from tidegate.message import Message
from tidegate.net.listener import Listener, ListenerSettings


def run(scenario: Callable[[World, Target], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            world = World()
            listener = Listener(
                ListenerSettings(addresses=("127.0.0.1",), port=0),
                lambda stream, info: world.host.accept(world.policy, stream, info.address, None),
            )
            await listener.listen(None)
            await scenario(world, Target(host="127.0.0.1", port=listener.port))
            listener.close()
            await world.host.stop(1.0)

    asyncio.run(bounded())


def test_publish_and_receive() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with Client(target, "s") as subscriber, Client(target, "p") as publisher:
            await subscriber.subscribe(["a/#"], 1)
            for qos in (0, 1):
                await publisher.publish(Message("a/b", b"%d" % qos, qos))
                message = await anext(subscriber.messages())
                assert (message.topic, message.payload, message.qos) == ("a/b", b"%d" % qos, qos)

    run(scenario)


def test_refusals_are_errors_in_words() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with Client(target, "p") as publisher:
            with pytest.raises(ConnectFailed, match="0x87"):
                await publisher.publish(Message("$SYS/x", b"", 1))
        async with Client(target, "one") as first, Client(target, "one"):
            with pytest.raises(ConnectFailed, match="0x8E"):
                await anext(first.messages())

    run(scenario)


def test_no_broker(tmp_path: Path) -> None:
    with pytest.raises(ConnectFailed, match="no broker runs"):
        embedded_target(tmp_path)
