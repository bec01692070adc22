"""What `tidegate pub`, `sub` and `simulate` do: one MQTT 5 client on one connection, until it has done its work.

Knows targets and how a client of the command line comes to a credential. Does not know options or what is printed.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tidegate.exceptions import ConnectFailed, CredentialError
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, TlsPlan
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import (
    ConnectionAccepted,
    ConnectionClosing,
    MessageReceived,
    PublishesAccepted,
    PublishSettled,
    Subscribed,
)
from tidegate.mqtt.session import Session
from tidegate.net.dialer import dial
from tidegate.net.stream import Stream

__all__ = ["CONNECT_SECONDS", "RECEIVED_MAX", "Client", "Target", "embedded_target", "tls_context"]

CONNECT_SECONDS = 10.0
TOKEN_SECONDS = 3600.0
CLIENT_NAME = "tidegate-cli"
RECEIVED_MAX = 10_000
"""How many messages may wait to be printed before the broker is held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A broker: where it is, whom to trust (None: no TLS), and the token to present."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    token: bytes | None = None


class _Port(msgspec.Struct):
    port: int
    protocol: str
    tls: bool
    authentication: bool


def embedded_target(directory: Path) -> Target:
    """Return the embedded broker of the engine that runs on a data directory: a port with TLS and tokens, else a plain one.

    Raises:
        ConnectFailed: no broker runs there.
        CredentialError: the key for tokens cannot be used.
    """
    from tidegate.auth.token_issuer import TokenIssuer
    from tidegate.engine.embedded_broker import BROKER_FILE_NAME

    try:
        ports = msgspec.json.decode((directory / BROKER_FILE_NAME).read_bytes(), type=list[_Port])
    except (OSError, msgspec.DecodeError) as error:
        hint = "start one with `tidegate run`, name its data directory with --data-dir, or a broker with -h"
        raise ConnectFailed("aio-broker", 0, "connect", f"no broker runs on {directory}", hint) from error
    ports = sorted(
        (port for port in ports if port.protocol == "Mqtt"), key=lambda port: (port.authentication, port.tls)
    )
    if not ports:
        raise ConnectFailed("aio-broker", 0, "connect", "the broker has no port for MQTT over TCP", "declare one")
    chosen = ports[0]
    tls = ssl.create_default_context(cafile=str(directory / "ca.crt")) if chosen.tls else None
    token = None
    if chosen.authentication:
        token = TokenIssuer.open(directory).issue("aio-internal", CLIENT_NAME, TOKEN_SECONDS, time.time()).encode()
    return Target(host="aio-broker" if chosen.tls else "127.0.0.1", port=chosen.port, tls=tls, token=token)


class Client:
    """One client. Use it as an asynchronous context manager; it raises `ConnectFailed` when the broker ends it."""

    def __init__(self, target: Target, client_id: str) -> None:
        self._target = target
        settings = ClientSettings(session_expiry_seconds=0)
        if target.token is not None:
            settings = ClientSettings(
                session_expiry_seconds=0, authentication_method="K8S-SAT", authentication_data=target.token
            )
        self._connection: ClientConnection[int] = ClientConnection(Session(client_id), settings)
        self._stream: Stream
        self._changed = asyncio.Event()
        self._received: list[Message] = []
        self._is_connected = False
        self._settled: dict[int, int] = {}
        self._next = 0
        self._subscribed: list[int] = []
        self._ended: ConnectFailed | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "Client":
        target = self._target
        endpoint = EndpointPlan(
            name="target",
            host=target.host,
            port=target.port,
            transport="tcp",
            path="",
            tls=TlsPlan() if target.tls is not None else None,
            authentication=AnonymousPlan(),
            service_type="",
            is_embedded=target.host == "aio-broker",
        )
        self._stream = await dial(endpoint, tls=target.tls, timeout_seconds=CONNECT_SECONDS)
        self._connection.connect(_now())
        self._stream.start(self)
        self._flush()
        await self._until(lambda: self._is_connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._connection.disconnect()
        self._flush()
        self._stream.close()

    async def publish(self, message: Message) -> None:
        """Publish with QoS 0 or 1 and wait for the answer. Raises `ConnectFailed` for a refusal."""
        if not message.qos:
            self._connection.publish(message, 0)
            self._flush()
            return
        await self._until(lambda: self._connection.room > 0)
        self._next += 1
        token = self._next
        self._connection.publish(message, token)
        self._flush()
        await self._until(lambda: token in self._settled)
        code = self._settled.pop(token)
        if code >= 0x80:
            raise self._failed(f"the broker refused the message with 0x{code:02X}", "see what the client may do there")

    async def subscribe(self, topic_filters: list[str], qos: int) -> None:
        """Subscribe and wait for the answer. Raises `ConnectFailed` for a refusal."""
        self._connection.subscribe([Subscription(each, qos, True) for each in topic_filters], _now())
        self._flush()
        await self._until(lambda: bool(self._subscribed))
        refused = [each for each, code in zip(topic_filters, self._subscribed, strict=True) if code >= 0x80]
        if refused:
            raise self._failed(
                f"the broker refused the topic filter {refused[0]!r}", "see what the client may do there"
            )

    async def messages(self) -> AsyncIterator[Message]:
        """Yield messages as they come."""
        while True:
            await self._until(lambda: bool(self._received))
            received, self._received = self._received, []
            self._stream.resume_reading()
            for message in received:
                yield message

    def data_received(self, data: bytes) -> None:
        for event in self._connection.receive_data(data, _now()):
            if isinstance(event, MessageReceived):
                self._received.append(event.message)
                if event.packet_id:
                    self._connection.acknowledge(event.packet_id)
            elif isinstance(event, PublishesAccepted):
                self._settled.update(dict.fromkeys(event.tokens, 0))
            elif isinstance(event, PublishSettled):
                self._settled[event.token] = event.reason_code
            elif isinstance(event, Subscribed):
                self._subscribed = [code for _, code in event.results]
            elif isinstance(event, ConnectionAccepted):
                self._is_connected = True
            elif isinstance(event, ConnectionClosing):
                self._end(event)
        if len(self._received) > RECEIVED_MAX:
            self._stream.pause_reading()
        self._flush()
        self._changed.set()

    def stream_closed(self, error: Exception | None) -> None:
        self._ended = self._ended or self._failed("the broker closed the connection", None)
        self._changed.set()

    def writing_paused(self) -> None:
        """What is published waits for its answer, so little is ever written at once."""

    def writing_resumed(self) -> None:
        """See `writing_paused`."""

    def _end(self, event: ConnectionClosing) -> None:
        code = "" if event.reason_code is None else f" with 0x{event.reason_code:02X}"
        detail = f": {event.detail}" if event.detail else ""
        hint = "check who may connect there" if event.cause == "connack" else None
        self._ended = self._failed(f"the broker ended the connection{code}{detail}", hint)

    def _failed(self, detail: str, hint: str | None) -> ConnectFailed:
        return ConnectFailed(self._target.host, self._target.port, "mqtt", detail, hint)

    def _flush(self) -> None:
        buffers = self._connection.data_to_send(_now())
        if buffers:
            self._stream.writelines(buffers)
        due = self._connection.next_timeout()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if due is not None:
            delay = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._time_out)

    def _time_out(self) -> None:
        for event in self._connection.handle_timeout(_now()):
            if isinstance(event, ConnectionClosing):
                self._end(event)
        self._flush()
        self._changed.set()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._ended is not None:
                raise self._ended
            self._changed.clear()
            await self._changed.wait()


def _now() -> Moment:
    return Moment(time.monotonic(), time.time())


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return the context of a client that trusts the authorities of a file, or the system's. Raises `CredentialError`."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise CredentialError(
            f"CA file {ca_file}", f"it cannot be used: {error}", "give a file of PEM certificates"
        ) from None
