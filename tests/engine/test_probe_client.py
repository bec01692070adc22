"""The client that asks without effect, against a broker core on a socket."""

import pytest
from tests.engine.test_broker_host import World
from tests.engine.test_mqtt_tool import client, run, take

from tidegate.engine.mqtt_target import Target
from tidegate.engine.probe_client import MARK, ProbeClient
from tidegate.exceptions import ConnectFailed
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription
from tidegate.mqtt.events import Event, MessageReceived


class Asks(ProbeClient):
    """Notes the topics that came, which nobody keeps."""

    def __init__(self, target: Target, name: str) -> None:
        super().__init__(target, name, 5.0, lambda stream: None)
        self.came: list[str] = []

    def _handle(self, event: Event[int]) -> None:
        if isinstance(event, MessageReceived):
            self.came.append(event.message.topic)
        super()._handle(event)


def asking(target: Target, name: str = "asks") -> Asks:
    return Asks(target, name)


def test_what_is_granted_and_what_is_announced() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "p") as publisher:
            await publisher.publish(Message("a/kept", b"x", 1, retain=True))
            await publisher.settle()
            async with asking(target) as asks:
                assert asks.limits is not None
                assert asks.limits.maximum_qos == 2
                assert await asks.ask([("a/#", 1), ("$share/g/b", 0)]) == [1, 0]
                await publisher.publish(Message("a/b", b"x", 1))
                await publisher.settle()
                assert await asks.ask([("c", 1)]) == [1]
                assert (asks.came, asks._received) == (["a/b"], [])

    run(scenario)


def test_qos_1_is_delivered_with_a_mark_and_an_end() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "s") as subscriber, asking(target) as asks:
            await subscriber.subscribe([Subscription("#", 1)])
            assert await asks.offer(["a", "b"], 1) == [0, 0]
            found = [each.message for each in await take(subscriber, 2)]
            assert [(each.topic, each.payload, each.user_properties) for each in found] == [
                ("a", b"", (MARK,)),
                ("b", b"", (MARK,)),
            ]
            assert all(each.message_expiry_seconds == 1 and not each.retain for each in found)

    run(scenario)


def test_qos_2_is_answered_and_never_released() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with asking(target) as asks:
            assert await asks.offer(["a", "b"], 2) == [0, 0]
            assert asks.room < 100
        async with asking(target) as asks:
            assert asks.limits is not None

    run(scenario)


def test_a_refusal_is_kept() -> None:
    async def scenario(world: World, target: Target) -> None:
        first = asking(target, "same")
        async with first, asking(target, "same"):
            with pytest.raises(ConnectFailed):
                await first.ask([("a", 1)])
            assert first.refusal is not None
            assert first.refusal.reason_code == 0x8E

    run(scenario)
