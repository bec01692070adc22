"""The state store of the embedded broker as an SDK uses it, with the protocol written by hand over paho, and under SIGKILL."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World

pytestmark = pytest.mark.integration

STORE = "statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8"
KILLS = 3


class Answer(NamedTuple):
    """An answer or a notification: its topic, its payload, and its user properties."""

    topic: str
    payload: bytes
    properties: dict[str, str]


class Sdk:
    """A client that asks as the SDKs do: topics of the hexadecimal client id, `__protVer` and `__srcId` in each request."""

    def __init__(self, port: int, client_id: str) -> None:
        self.client_id = client_id
        self.answers: dict[bytes, Answer] = {}
        self.notifications: list[Answer] = []
        self._asked = 0
        self._lock = threading.Lock()
        name = client_id.encode().hex().upper()
        self.response_topic = f"clients/{name}/{STORE}/command/invoke/response"
        self.notify_topic = f"clients/{STORE}/{name}/command/notify"
        self.subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(self.response_topic, 1), (f"{self.notify_topic}/+", 1)]
        )
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = lambda _, __, message: self._take(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.subscribed.wait(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, *items: bytes | str, **more: str) -> bytes:
        """Publish a request; return its correlation data."""
        parts = [each.encode() if isinstance(each, str) else each for each in items]
        payload = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(each), each) for each in parts)
        with self._lock:
            self._asked += 1
            correlation = b"%016d" % self._asked
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = self.response_topic
        properties.CorrelationData = correlation
        version = f"{time.time_ns() // 1_000_000:015d}:00000:{self.client_id}"
        given = {"__protVer": "1.0", "__srcId": self.client_id, "__ts": version} | more
        properties.UserProperty = list(given.items())
        self.client.publish(f"{STORE}/command/invoke", payload, qos=1, properties=properties)
        return correlation

    def ask(self, *items: bytes | str, **more: str) -> bytes:
        """Publish a request and return the payload of its answer."""
        return self.answer(self.send(*items, **more)).payload

    def answer(self, correlation: bytes) -> Answer:
        until(lambda: correlation in self.answers, "an answer of the state store")
        return self.answers[correlation]

    def _take(self, message: paho.MQTTMessage) -> None:
        found = Answer(message.topic, bytes(message.payload), dict(getattr(message.properties, "UserProperty", [])))
        if message.topic == self.response_topic:
            self.answers[message.properties.CorrelationData] = found  # type: ignore[union-attr]
        else:
            self.notifications.append(found)


def store(world: World) -> tuple[Engine, Callable[[str], Sdk]]:
    """Run an engine that is a broker, and return what connects a client to it."""
    port = free_port()
    engine = world.engine(listener({"port": port}))
    engine.launch()
    until(lambda: engine.status() is not None, "the engine to be up")

    def connect(name: str) -> Sdk:
        sdk = Sdk(port, name)
        world.stack.callback(sdk.close)
        return sdk

    return engine, connect


def test_an_sdk_gets_what_it_expects(world: World) -> None:
    _, connect = store(world)
    sdk = connect("sdk/1")
    assert sdk.ask("GET", "k") == b"$-1\r\n"
    first = sdk.answer(sdk.send("SET", "k", b"\x00\r\n\xff"))
    assert first.payload == b"+OK\r\n"
    assert first.properties["__stat"] == "200"
    found = sdk.answer(sdk.send("GET", "k"))
    assert found.payload == b"$4\r\n\x00\r\n\xff\r\n"
    assert found.properties["__ts"] == first.properties["__ts"]
    assert sdk.ask("SET", "k", "other", "NX") == b":-1\r\n"
    assert sdk.ask("SET", "k", "other", "NEX", "PX", "60000") == b":-1\r\n"
    assert sdk.ask("SET", "k", b"\x00\r\n\xff", "NEX") == b"+OK\r\n"
    assert sdk.ask("VDEL", "k", "other") == b":-1\r\n"
    assert sdk.ask("VDEL", "k", b"\x00\r\n\xff") == b":1\r\n"
    assert sdk.ask("DEL", "k") == b":0\r\n"
    assert sdk.ask("set", "k", "v").startswith(b"-ERR ")
    # A fencing token that was used is asked for from then on, and no lower one is taken.
    now = time.time_ns() // 1_000_000
    tokens = [f"{now + later:015d}:00000:sdk" for later in range(3)]
    assert sdk.ask("SET", "lock", "a", __ft=tokens[1]) == b"+OK\r\n"
    assert sdk.ask("SET", "lock", "b").startswith(b"-ERR a fencing token is required")
    assert sdk.ask("SET", "lock", "b", __ft=tokens[0]).startswith(b"-ERR the request fencing token is a lower version")
    assert sdk.ask("DEL", "lock", __ft=tokens[2]) == b":1\r\n"


def test_those_who_watch_a_key_are_told(world: World) -> None:
    _, connect = store(world)
    watcher, writer = connect("watcher"), connect("writer")
    assert watcher.ask("KEYNOTIFY", "k") == b"+OK\r\n"
    writer.ask("SET", "other", "v")
    written = writer.answer(writer.send("SET", "k", "v1"))
    writer.ask("SET", "k", "v2", "PX", "100")
    until(lambda: len(watcher.notifications) == 3, "the notifications of two changes and of the end")
    topic = f"{watcher.notify_topic}/{b'k'.hex().upper()}"
    assert [each.topic for each in watcher.notifications] == [topic] * 3
    assert [each.payload for each in watcher.notifications] == [
        b"*4\r\n$6\r\nNOTIFY\r\n$3\r\nSET\r\n$5\r\nVALUE\r\n$2\r\nv1\r\n",
        b"*4\r\n$6\r\nNOTIFY\r\n$3\r\nSET\r\n$5\r\nVALUE\r\n$2\r\nv2\r\n",
        b"*2\r\n$6\r\nNOTIFY\r\n$6\r\nDELETE\r\n",
    ]
    assert watcher.notifications[0].properties["__ts"] == written.properties["__ts"]
    assert watcher.ask("KEYNOTIFY", "k", "STOP") == b"+OK\r\n"
    writer.ask("SET", "k", "v3")
    assert watcher.ask("GET", "k") == b"$2\r\nv3\r\n"
    assert len(watcher.notifications) == 3 and writer.notifications == []


class Load:
    """Sets keys as fast as they are answered, from its own thread, until it is closed."""

    def __init__(self, sdk: Sdk, numbers: Iterator[int]) -> None:
        self._sdk = sdk
        self._numbers = numbers
        self._sent: dict[bytes, tuple[str, str]] = {}
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def answered(self) -> int:
        return len(self._sdk.answers)

    def close(self) -> None:
        self._has_ended.set()
        self._thread.join()
        self._sdk.close()

    def newest(self) -> dict[str, str]:
        """Return the newest value of each key that was answered."""
        pairs = [self._sent[correlation] for correlation in self._sdk.answers]
        return {key: max(value for each, value in pairs if each == key) for key, _ in pairs}

    def _run(self) -> None:
        while not self._has_ended.is_set():
            number = next(self._numbers)
            pair = (f"k{number % 50}", f"{number:08d}")
            self._sent[self._sdk.send("SET", *pair)] = pair
            until(lambda: len(self._sent) - self.answered() < 20 or self._has_ended.is_set(), "room for more requests")


def test_kill_9_loses_nothing_that_was_answered(world: World) -> None:
    chance = random.Random(7)
    engine, connect = store(world)
    numbers = itertools.count(1)
    for life in range(KILLS):
        load = Load(connect(f"writer-{life}"), numbers)
        try:
            grow(load.answered, 100, "requests answered in this life")
            time.sleep(chance.uniform(0, 0.05))  # the instant of the fault, not a wait
            engine.kill()
        finally:
            load.close()
        engine.launch()
        until(lambda: engine.status() is not None, "the engine to be up again")
        reader = connect(f"reader-{life}")
        for key, value in load.newest().items():
            # A request that was not answered any more may have been carried out all the same.
            assert reader.ask("GET", key) >= b"$8\r\n" + value.encode() + b"\r\n", (life, key)
