"""The client of the command line, against a broker core on a socket."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.engine.test_broker_host import World

from tidegate.engine.mqtt_target import Target, address_target
from tidegate.engine.mqtt_tool import Client, ClientOptions, Received
from tidegate.exceptions import ConnectFailed
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription
from tidegate.net.listener import Listener, ListenerSettings


def run(scenario: Callable[[World, Target], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            world = World()
            listener = Listener(
                ListenerSettings(addresses=("127.0.0.1",), port=0),
                lambda stream, info: world.host.accept(world.policy, stream, info.address, ()),
            )
            await listener.listen(None)
            await scenario(world, address_target("127.0.0.1", listener.port, None))
            listener.close()
            await world.host.stop(1.0)

    asyncio.run(bounded())


def client(target: Target, name: str, session_expiry_seconds: int = 0) -> Client:
    return Client(target, ClientOptions(client_id=name, session_expiry_seconds=session_expiry_seconds))


async def take(subscriber: Client, count: int) -> list[Received]:
    """Return so many messages, acknowledged."""
    received: list[Received] = []
    async for more in subscriber.received():
        received += more
        subscriber.acknowledge(more)
        if len(received) >= count:
            break
    return received


def test_publish_and_receive() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "s") as subscriber, client(target, "p") as publisher:
            await subscriber.subscribe([Subscription("a/#", 2)])
            for qos in (0, 1, 2):
                await publisher.publish(Message("a/b", b"%d" % qos, qos))
                [received] = await take(subscriber, 1)
                message = received.message
                assert (message.topic, message.payload, message.qos) == ("a/b", b"%d" % qos, qos)
                assert bool(received.packet_id) is bool(qos) and received.received_ns
            await publisher.settle()

    run(scenario)


def test_more_than_fits_is_published_in_turn_and_settled() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "s") as subscriber, client(target, "p") as publisher:
            await subscriber.subscribe([Subscription("a", 0)])
            for number in range(300):
                await publisher.publish(Message("a", b"%d" % number, 1))
            await publisher.settle()
            assert [each.message.payload for each in await take(subscriber, 300)] == [b"%d" % n for n in range(300)]

    run(scenario)


def test_what_was_not_acknowledged_comes_again_to_a_session_that_is_kept() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "keeper", 60) as first, client(target, "p") as publisher:
            await first.subscribe([Subscription("a", 1)])
            for payload in (b"one", b"two"):
                await publisher.publish(Message("a", payload, 1))
            await publisher.settle()
            received: list[Received] = []
            async for more in first.received():
                received += more
                if len(received) == 2:
                    break
            first.acknowledge(received[:1])
        async with client(target, "keeper", 60) as again:
            assert [each.message.payload for each in await take(again, 1)] == [b"two"]
        # Without a session of its own it begins anew, whatever there was.
        async with client(target, "keeper") as other, client(target, "p") as publisher:
            await publisher.publish(Message("a", b"three", 1))
            await publisher.settle()
            await other.subscribe([Subscription("b", 1)])
            await publisher.publish(Message("b", b"four", 1))
            assert [each.message.payload for each in await take(other, 1)] == [b"four"]

    run(scenario)


def test_refusals_are_errors_in_words() -> None:
    async def scenario(world: World, target: Target) -> None:
        for qos in (1, 2):
            async with client(target, "p") as publisher:
                await publisher.publish(Message("$SYS/x", b"", qos))
                with pytest.raises(ConnectFailed, match="refused the message: 0x87 not authorized") as refused:
                    await publisher.settle()
                assert refused.value.hint is not None
        async with client(target, "one") as first, client(target, "one"):
            with pytest.raises(ConnectFailed, match="0x8E session taken over"):
                await anext(first.received())
            with pytest.raises(ConnectFailed, match="0x8E"):
                await first.publish(Message("a", b"", 0))

    run(scenario)


def test_nobody_listens() -> None:
    async def scenario() -> None:
        with pytest.raises(ConnectFailed, match="connection refused"):
            async with client(address_target("127.0.0.1", 1, None), "x"):
                pass

    asyncio.run(scenario())
