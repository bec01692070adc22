"""The client of a state store, against the one of a broker core on a socket."""

import asyncio

import pytest
from tests.engine.test_broker_host import World
from tests.engine.test_mqtt_tool import client, run, take

from tidegate.broker import state_store
from tidegate.broker.state_payload import encode_bytes, encode_number
from tidegate.engine import state_client
from tidegate.engine.mqtt_target import Target
from tidegate.engine.mqtt_tool import Client
from tidegate.engine.state_client import StateClient
from tidegate.exceptions import StateRequestFailed
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription


async def opened(mqtt: Client, name: str) -> StateClient:
    store = StateClient(mqtt, name)
    await store.open()
    return store


def test_a_value_is_written_read_and_removed() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "one/+#") as mqtt:
            store = await opened(mqtt, "one/+#")
            assert await store.read(b"k") is None
            await store.write(b"k", b"\x00\r\n\xff")
            assert await store.read(b"k") == b"\x00\r\n\xff"
            assert await store.keys() == [b"k"]
            assert await store.remove(b"k") is True
            assert await store.remove(b"k") is False
            assert await store.keys() == []

    run(scenario)


def test_all_keys_are_listed_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_store, "KEYS_LISTED_MAX", 2)

    async def scenario(world: World, target: Target) -> None:
        async with client(target, "one") as mqtt:
            store = await opened(mqtt, "one")
            keys = [b"a", b"a\x00", b"b", b"c", b"\xff"]
            for key in reversed(keys):
                await store.write(key, b"")
            assert await store.keys() == keys

    run(scenario)


def test_changes_of_watched_keys_are_told_and_gathered() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "watcher") as watching, client(target, "writer") as writing:
            watcher, writer = await opened(watching, "watcher"), await opened(writing, "writer")
            await watcher.watch(b"k")
            await watcher.watch(b"l")
            await writer.write(b"m", b"nobody watches this")
            for value in (b"1", b"2"):
                await writer.write(b"k", value)
            await writer.remove(b"k")
            assert await watcher.changed() == {b"k"}
            await writer.write(b"l", b"3")
            # What comes while an answer is waited for is not lost.
            assert await watcher.read(b"l") == b"3"
            assert b"l" in await watcher.changed()

    run(scenario)


def test_a_refusal_has_the_words_of_the_store() -> None:
    async def scenario(world: World, target: Target) -> None:
        async with client(target, "one") as mqtt:
            store = await opened(mqtt, "one")
            with pytest.raises(StateRequestFailed, match="refused SET: the quota has been exceeded"):
                await store.write(b"k" * 2_000, b"")

    run(scenario)


def test_a_broker_without_a_state_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_client, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(state_client, "INVOKE_TOPIC", "nobody/answers")

    async def scenario(world: World, target: Target) -> None:
        async with client(target, "one") as mqtt:
            store = await opened(mqtt, "one")
            with pytest.raises(StateRequestFailed, match=r"answered nothing for 0\.05 s") as failed:
                await store.read(b"k")
            assert failed.value.hint is not None and "state store" in failed.value.hint

    run(scenario)


async def answered(world: World, target: Target, *answers: tuple[bytes, bytes]) -> bytes | None:
    """Return what a client reads from somebody who answers its first request with these correlation data and payloads."""
    async with client(target, "one") as mqtt, client(target, "impostor") as other:
        await other.subscribe([Subscription("an/impostor", 1)])
        store = await opened(mqtt, "one")

        async def answer() -> None:
            [request] = await take(other, 1)
            assert request.message.response_topic is not None
            for correlation, payload in answers:
                await other.publish(Message(request.message.response_topic, payload, 1, correlation_data=correlation))

        value, _ = await asyncio.gather(store.read(b"k"), answer())
        return value


def test_an_answer_to_another_request_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_client, "INVOKE_TOPIC", "an/impostor")

    async def scenario(world: World, target: Target) -> None:
        late, right, early = ((each, encode_bytes(each)) for each in (b"0", b"1", b"2"))
        assert await answered(world, target, late, right, early) == b"1"

    run(scenario)


@pytest.mark.parametrize("payload", [b"", b"*1\r\n$1\r\nx\r\n", encode_number(3), b"+OK"])
def test_an_answer_without_sense(monkeypatch: pytest.MonkeyPatch, payload: bytes) -> None:
    monkeypatch.setattr(state_client, "INVOKE_TOPIC", "an/impostor")

    async def scenario(world: World, target: Target) -> None:
        with pytest.raises(StateRequestFailed):
            await answered(world, target, (b"1", payload))

    run(scenario)
