"""paho-mqtt, with its network loop in a thread."""

import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from tests.integration.clients.adapter import SECONDS, Arrival, Client, Library, Will

__all__ = ["Paho", "PahoClient", "connect_properties", "cut", "ear_at"]

SESSION_SECONDS = 300


def connect_properties(*, keep: bool) -> Properties:
    """Return the CONNECT properties of MQTT 5 for a session that is kept or not."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_SECONDS if keep else 0
    return properties


def cut(client: paho.Client) -> None:
    """Shut down the TCP connection below everything that the library might still want to say on it."""
    connection = client.socket()
    assert connection is not None
    with socket.socket(fileno=os.dup(connection.fileno())) as below:
        below.shutdown(socket.SHUT_RDWR)


class PahoClient(Client):
    """One paho client."""

    def __init__(self, client: paho.Client) -> None:
        super().__init__()
        self.client = client
        self.changed = threading.Condition()
        self.answer: int | None = None
        self.is_subscribed = False
        self.is_connected = True
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect

    def begin(self) -> None:
        """Start the network loop and wait for CONNACK."""
        self.client.loop_start()
        self._wait(lambda: self.answer is not None, "CONNACK")
        assert self.answer == 0, self.answer

    def subscribe(self, topic_filter: str, qos: int) -> None:
        if self.client.protocol == MQTTProtocolVersion.MQTTv5:
            self.client.subscribe(topic_filter, options=SubscribeOptions(qos=qos))
        else:
            self.client.subscribe(topic_filter, qos)
        self._wait(lambda: self.is_subscribed, "SUBACK")

    def publish(self, topic: str, *payloads: str, qos: int, retain: bool = False) -> None:
        for message in [self.client.publish(topic, payload, qos, retain) for payload in payloads]:
            message.wait_for_publish(SECONDS)
            assert message.is_published()

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def cut(self) -> None:
        cut(self.client)
        self._wait(lambda: not self.is_connected, "notice of the end")
        self.client.loop_stop()

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, SECONDS), f"no {what}"

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        with self.changed:
            self.session_present, self.answer = flags.session_present, code.value
            self.changed.notify_all()

    def _on_message(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        self.arrivals.append(Arrival(message.topic, message.payload.decode(), message.qos, message.retain))

    def _on_subscribe(self, client: Any, data: Any, identifier: int, codes: Any, properties: Any) -> None:
        with self.changed:
            self.is_subscribed = not any(code.is_failure for code in codes)
            self.changed.notify_all()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        with self.changed:
            self.is_connected = False
            self.changed.notify_all()


def ear_at(port: int) -> PahoClient:
    """Return a client that hears everything at a broker of MQTT 5 on loopback."""
    client = PahoClient(paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5))
    client.client.connect("127.0.0.1", port)
    client.begin()
    client.subscribe("#", 1)
    return client


class Paho(Library):
    """Makes paho clients."""

    def properties(self, *, keep: bool) -> Properties:
        """Return the CONNECT properties of MQTT 5."""
        return connect_properties(keep=keep)

    def connect(self, client_id: str, *, keep: bool = False, will: Will | None = None) -> Client:
        arguments: dict[str, Any] = {} if self.version == 5 else {"clean_session": not keep}
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion(self.version),
            transport="websockets" if self.is_websocket else "tcp",
            reconnect_on_failure=False,
            **arguments,
        )
        if self.is_websocket:
            client.ws_set_options(path="/mqtt")
        if self.ca_file is not None:
            client.tls_set(ca_certs=self.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        made = PahoClient(client)
        more: dict[str, Any] = {}
        if self.version == 5:
            more = {"clean_start": not keep, "properties": self.properties(keep=keep)}
        client.connect("localhost", self.port, keepalive=30, **more)
        made.begin()
        return made
