"""aiomqtt: paho below, asyncio above."""

import asyncio
import contextlib
from typing import Any

import aiomqtt
from tests.integration.clients.adapter import Arrival, Client, Library, Server, Transport, Will
from tests.integration.clients.loop_thread import LoopThread
from tests.integration.clients.paho_client import connect_properties, cut

__all__ = ["Aiomqtt", "AiomqttClient"]

VERSIONS = {4: aiomqtt.ProtocolVersion.V311, 5: aiomqtt.ProtocolVersion.V5}


class AiomqttClient(Client):
    """One aiomqtt client; the library does not say whether a session was present."""

    def __init__(self, loop: LoopThread, client: aiomqtt.Client) -> None:
        super().__init__()
        self.loop = loop
        self.client = client
        loop.run(client.__aenter__())
        self.gathering = loop.start(self._gather())
        self.is_over = False

    async def _gather(self) -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            async for message in self.client.messages:
                assert isinstance(message.payload, bytes)
                arrival = Arrival(str(message.topic), message.payload.decode(), message.qos, message.retain)
                self.arrivals.append(arrival)

    def subscribe(self, topic_filter: str, qos: int) -> None:
        codes = self.loop.run(self.client.subscribe(topic_filter, qos=qos))
        assert codes is not None

    def publish(self, topic: str, *payloads: str, qos: int, retain: bool = False) -> None:
        async def publish_all() -> None:
            await asyncio.gather(*(self.client.publish(topic, payload, qos, retain) for payload in payloads))

        self.loop.run(publish_all())

    def leave(self) -> None:
        if not self.is_over:
            self.is_over = True
            try:
                self.loop.run(self.client.__aexit__(None, None, None))
            finally:
                self.gathering.cancel()

    def cut(self) -> None:
        cut(self.client._client)
        with contextlib.suppress(aiomqtt.MqttError):
            self.leave()


class Aiomqtt(Library):
    """Makes aiomqtt clients, all on one loop."""

    def __init__(self, server: Server, version: int, transport: Transport) -> None:
        super().__init__(server, version, transport)
        self.loop = LoopThread()

    def connect(self, client_id: str, *, keep: bool = False, will: Will | None = None) -> Client:
        arguments: dict[str, Any] = {"clean_session": not keep}
        if self.version == 5:
            arguments = {"clean_start": not keep, "properties": connect_properties(keep=keep)}
        if self.is_websocket:
            arguments |= {"transport": "websockets", "websocket_path": "/mqtt"}
        if self.ca_file is not None:
            arguments["tls_params"] = aiomqtt.TLSParameters(ca_certs=self.ca_file)
        if will is not None:
            arguments["will"] = aiomqtt.Will(will.topic, will.payload, 1, will.retain)

        async def make() -> aiomqtt.Client:
            return aiomqtt.Client(
                "localhost", self.port, identifier=client_id, protocol=VERSIONS[self.version], **arguments
            )

        return AiomqttClient(self.loop, self.loop.run(make()))

    def close(self) -> None:
        self.loop.close()
