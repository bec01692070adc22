"""gmqtt: asyncio, MQTT 5 and 3.1.1, no WebSockets."""

import asyncio
import ssl
from typing import Any

import gmqtt
from gmqtt.storage import PersistentStorage
from tests.integration.clients.adapter import Arrival, Client, Library, Server, Transport, Will
from tests.integration.clients.loop_thread import LoopThread

__all__ = ["Gmqtt", "GmqttClient"]

NO_RECONNECT = -2
"""Below the library's -1, which means for ever; with 0 it still tries once."""
SESSION_SECONDS = 300


class GmqttClient(Client):
    """One gmqtt client. Its storage holds what is sent and not acknowledged, and says when that is nothing."""

    def __init__(self, loop: LoopThread, client_id: str, *, keep: bool, **arguments: Any) -> None:
        super().__init__()
        self.loop = loop
        self.storage = PersistentStorage()
        self.is_subscribed = asyncio.Event()
        self.client = gmqtt.Client(client_id, clean_session=not keep, persistent_storage=self.storage, **arguments)
        self.client.set_config({"reconnect_retries": NO_RECONNECT})
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe

    def subscribe(self, topic_filter: str, qos: int) -> None:
        async def subscribe() -> None:
            self.client.subscribe(topic_filter, qos)
            await self.is_subscribed.wait()

        self.loop.run(subscribe())
        assert all(subscription.acknowledged for subscription in self.client.subscriptions)

    def publish(self, topic: str, *payloads: str, qos: int, retain: bool = False) -> None:
        async def publish_all() -> None:
            for payload in payloads:
                self.client.publish(topic, payload, qos, retain)
            await self.storage.wait_empty()

        self.loop.run(publish_all())

    def leave(self) -> None:
        self.loop.run(self.client.disconnect())

    def cut(self) -> None:
        async def abort() -> None:
            self.client._connection._transport.abort()

        self.loop.run(abort())

    def _on_connect(self, client: Any, session_present: int, code: int, properties: Any) -> None:
        self.session_present = bool(session_present)

    def _on_message(self, client: Any, topic: str, payload: bytes, qos: int, properties: dict[str, Any]) -> int:
        self.arrivals.append(Arrival(topic, payload.decode(), qos, bool(properties["retain"])))
        return 0

    def _on_subscribe(self, client: Any, identifier: int, codes: Any, properties: Any) -> None:
        self.is_subscribed.set()


class Gmqtt(Library):
    """Makes gmqtt clients, all on one loop."""

    def __init__(self, server: Server, version: int, transport: Transport) -> None:
        super().__init__(server, version, transport)
        self.loop = LoopThread()

    def connect(self, client_id: str, *, keep: bool = False, will: Will | None = None) -> Client:
        arguments: dict[str, Any] = {"session_expiry_interval": SESSION_SECONDS} if keep and self.version == 5 else {}
        if will is not None:
            arguments["will_message"] = gmqtt.Message(will.topic, will.payload, qos=1, retain=will.retain)
        context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file is not None else False

        async def make() -> GmqttClient:
            made = GmqttClient(self.loop, client_id, keep=keep, **arguments)
            await made.client.connect("localhost", self.port, ssl=context, version=self.version)
            return made

        return self.loop.run(make())

    def close(self) -> None:
        self.loop.close()
