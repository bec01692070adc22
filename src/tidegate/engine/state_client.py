"""A client of a state store: requests, one at a time, and word of keys that changed.

Knows the protocol over MQTT 5 of the public page on the state store, from the client's side. Does not know how the client
connects (`mqtt_tool`) or what values mean.
"""

import asyncio
import time

from tidegate.broker.logical_clock import LogicalTime
from tidegate.broker.state_payload import PayloadError, Reply, decode, encode_array
from tidegate.broker.state_topics import INVOKE_TOPIC, notification_topic
from tidegate.engine.mqtt_tool import Client, Received
from tidegate.exceptions import StateRequestFailed
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription

__all__ = ["ANSWER_SECONDS", "StateClient"]

TAKE_SECONDS = 60.0
"""How long the broker may take to acknowledge a request."""

ANSWER_SECONDS = 10.0
"""How long an answer may take after that."""

NODE = "tidegate"
"""Who gives the times in our requests."""

_NO_STORE_HINT = (
    "name a broker that has a state store: the embedded one, or that of Azure IoT Operations; data sets may lie in files too "
    "(--datasets-dir)"
)


class StateClient:
    """Speaks over a connected `client`, which does nothing else, under its client identifier.

    Every method may raise `ConnectFailed`, when the connection ends, and `StateRequestFailed`.
    """

    def __init__(self, client: Client, client_id: str) -> None:
        self._client = client
        # As the page proposes it; a wildcard in a client identifier would make it no topic.
        level = client_id.replace("+", "-").replace("#", "-")
        self._response_topic = f"clients/{level}/services/statestore/_any_/command/invoke/response"
        self._notifications = notification_topic(client_id, b"")
        self._incoming = client.received()
        self._asked = 0
        self._changed: set[bytes] = set()

    async def open(self) -> None:
        """Subscribe to answers and notifications; before anything else."""
        topics = (self._response_topic, f"{self._notifications}+")
        await self._client.subscribe([Subscription(topic, 1) for topic in topics])

    async def read(self, key: bytes) -> bytes | None:
        """Return the value of a key, None where there is no such key."""
        value = await self._ask("GET", key)
        if value is None or isinstance(value, bytes):
            return value
        raise _strange(value)

    async def write(self, key: bytes, value: bytes) -> None:
        """Give a key a value."""
        await self._ask("SET", key, value)

    async def remove(self, key: bytes) -> bool:
        """Remove a key; tell whether there was one."""
        return await self._ask("DEL", key) != 0

    async def watch(self, key: bytes) -> None:
        """Ask to be told of changes of a key, until the connection ends."""
        await self._ask("KEYNOTIFY", key)

    async def keys(self) -> list[bytes]:
        """Return all keys, in the order of their bytes. Only Tidegate's own store can say."""
        found: list[bytes] = []
        while True:
            more = await self._ask("KEYS", *found[-1:])
            if not isinstance(more, list):
                raise _strange(more)
            if not more:
                return found
            found += more

    async def changed(self) -> set[bytes]:
        """Wait until watched keys have changed, and return those that have since the last time."""
        while not self._changed:
            await self._receive(None)
        changed, self._changed = self._changed, set()
        return changed

    async def _ask(self, command: str, *arguments: bytes) -> Reply:
        self._asked += 1
        correlation = b"%d" % self._asked
        version = LogicalTime(time.time_ns() // 1_000_000, 0, NODE)
        request = Message(
            INVOKE_TOPIC,
            encode_array([command.encode(), *arguments]),
            1,
            response_topic=self._response_topic,
            correlation_data=correlation,
            user_properties=(("__ts", str(version)),),
        )
        try:
            async with asyncio.timeout(TAKE_SECONDS):
                await self._client.publish(request)
                await self._client.settle()
        except TimeoutError:
            detail = f"the broker has not acknowledged a request to its state store for {TAKE_SECONDS:g} s"
            raise StateRequestFailed(detail) from None
        answer = None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while answer is None:
                    answer = await self._receive(correlation)
        except TimeoutError:
            detail = f"the broker has taken a request to its state store, and answered nothing for {ANSWER_SECONDS:g} s"
            raise StateRequestFailed(detail, _NO_STORE_HINT) from None
        try:
            return decode(answer)
        except PayloadError as error:
            raise StateRequestFailed(f"the state store refused {command}: {error}") from None

    async def _receive(self, correlation: bytes | None) -> bytes | None:
        """Take what comes next; return the answer to a request where it is among it."""
        answer = None
        received = await anext(self._incoming)
        for each in received:
            if each.message.topic == self._response_topic:
                if each.message.correlation_data == correlation:
                    answer = each.message.payload
            else:
                self._note(each)
        self._client.acknowledge(received)
        return answer

    def _note(self, received: Received) -> None:
        try:
            self._changed.add(bytes.fromhex(received.message.topic.removeprefix(self._notifications)))
        except ValueError:
            return


def _strange(reply: Reply) -> StateRequestFailed:
    return StateRequestFailed(f"the state store answered with {type(reply).__name__}, which is none of its answers")
