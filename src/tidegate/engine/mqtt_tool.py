"""One MQTT 5 client on one connection, until it has done its work: of the command line, or of a data flow's data sets.

Knows how such a client connects, publishes and receives. Does not know options, targets or what is printed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self

from tidegate.engine.mqtt_target import START_HINT, Target
from tidegate.exceptions import ConnectFailed
from tidegate.flow.policy import CONNECTION_REMEDIES, reason_name
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import (
    ConnectionAccepted,
    ConnectionClosing,
    Event,
    MessageReceived,
    PublishesAccepted,
    PublishSettled,
    Subscribed,
)
from tidegate.mqtt.session import Session
from tidegate.net.dialer import dial
from tidegate.net.stream import Stream

__all__ = ["CONNECT_SECONDS", "RECEIVED_MAX", "Client", "ClientOptions", "Received"]

CONNECT_SECONDS = 10.0
RECEIVED_MAX = 10_000
"""How many messages may wait to be printed before the broker is held back."""

ADDRESS_TLS_HINT = (
    "name its CA with --cafile (the embedded broker's is ca.crt in the data directory), the host as it names itself"
)
PLAIN_HINT = "the port may want TLS (--cafile, --tls-use-os-certs), or be no port for MQTT over TCP"

_HINTS = {
    0x84: "the broker speaks no MQTT 5, and this client nothing else; mosquitto's clients speak 3.1.1",
    0x85: "choose another client identifier with -i",
    0x86: "check the user name, and the password or token",
    0x87: "check who may do this there, and as whom you come: user name, token or certificate",
    0x8C: "the broker has another authentication method; see what its listener takes",
    0x8E: "another client has the same identifier; choose one with -i",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """How a client connects. `session_expiry_seconds` above 0 keeps the session, and takes up one that is there."""

    client_id: str
    keep_alive_seconds: int = 60
    session_expiry_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A message that came. `packet_id` is 0 with QoS 0; `received_ns` is the wall clock's."""

    message: Message
    packet_id: int
    received_ns: int


class Client:
    """One client. Use it as an asynchronous context manager; it raises `ConnectFailed` when the broker ends it.

    `open_stream` is how the engine connects for itself, where the words for people at a terminal do not fit; None dials.
    `end_code` is the reason code with which the broker refused or ended the connection, None for none.
    """

    def __init__(
        self,
        target: Target,
        options: ClientOptions,
        open_stream: Callable[[], Awaitable[Stream]] | None = None,
        clock: Callable[[], Moment] | None = None,
    ) -> None:
        self.end_code: int | None = None
        self._now = clock or _now
        self._target = target
        self._open_stream = open_stream or self._dial
        self._hints: Mapping[int, str] = _HINTS if open_stream is None else CONNECTION_REMEDIES
        settings = ClientSettings(
            keep_alive_seconds=options.keep_alive_seconds,
            session_expiry_seconds=options.session_expiry_seconds,
            topic_alias_maximum=0,
            authentication_method=target.method,
            authentication_data=target.token,
            username=target.username,
            password=target.password,
            clean_start=not options.session_expiry_seconds,
        )
        self._connection: ClientConnection[int] = ClientConnection(Session(options.client_id), settings)
        self._stream: Stream
        self._changed = asyncio.Event()
        self._received: list[Received] = []
        self._is_connected = False
        self._is_writable = True
        self._published = 0
        self._unsettled: set[int] = set()
        self._refused: int | None = None
        self._subscribed: list[int] | None = None
        self._ended: ConnectFailed | None = None
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._stream = await self._open_stream()
        self._connection.connect(self._now())
        self._stream.start(self)
        self._flush()
        try:
            await self._until(lambda: self._is_connected)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def publish(self, message: Message) -> None:
        """Publish, as soon as there is room. Raises `ConnectFailed` for a refusal that is known by then."""
        connection = self._connection
        await self._until(
            lambda: self._is_writable and connection.is_connected and (not message.qos or connection.room > 0)
        )
        self._raise_refusal()
        self._published += 1
        self._connection.publish(message, self._published)
        if message.qos:
            self._unsettled.add(self._published)
        self._flush()

    async def settle(self) -> None:
        """Wait until the broker has answered all that was published. Raises `ConnectFailed` for a refusal."""
        await self._until(lambda: self._is_writable and not self._unsettled)
        self._raise_refusal()

    async def subscribe(self, subscriptions: list[Subscription]) -> None:
        """Subscribe and wait for the answer. Raises `ConnectFailed` for a refusal."""
        self._connection.subscribe(subscriptions, self._now())
        self._flush()
        await self._until(lambda: self._subscribed is not None)
        for subscription, code in zip(subscriptions, self._subscribed or (), strict=True):
            if code >= 0x80:
                detail = f"the broker refused the topic filter {subscription.topic_filter!r}: {reason_name(code)}"
                raise self._failed(detail, self._hints.get(code))

    async def received(self) -> AsyncIterator[list[Received]]:
        """Yield what has come since the last time, one message at least, for ever; see `acknowledge`."""
        while True:
            await self._until(lambda: bool(self._received))
            received, self._received = self._received, []
            self._stream.resume_reading()
            yield received

    def acknowledge(self, received: list[Received]) -> None:
        """Tell the broker that messages have been dealt with, in the order in which they came."""
        for each in received:
            if each.packet_id:
                self._connection.acknowledge(each.packet_id)
        self._flush()

    def give_up(self, detail: str) -> None:
        """End the connection for a reason of ours: whoever waits for something gets `ConnectFailed`."""
        self._ended = self._ended or self._failed(detail, None)
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        for event in self._connection.receive_data(data, self._now()):
            self._handle(event)
        if len(self._received) > RECEIVED_MAX:
            self._stream.pause_reading()
        self._flush()
        self._changed.set()

    def stream_closed(self, error: Exception | None) -> None:
        self._is_closed = True
        if self._ended is None:
            known = error if isinstance(error, ConnectFailed) else None
            hint = None if self._is_connected or self._target.tls is not None else PLAIN_HINT
            self._ended = known or self._failed("the broker closed the connection", hint)
        self._changed.set()

    def writing_paused(self) -> None:
        self._is_writable = False

    def writing_resumed(self) -> None:
        self._is_writable = True
        self._changed.set()

    async def _dial(self) -> Stream:
        target = self._target
        try:
            return await dial(target.endpoint, tls=target.tls, timeout_seconds=CONNECT_SECONDS)
        except ConnectFailed as error:
            if target.endpoint.is_embedded and error.step == "connect":
                error.hint = START_HINT
            elif target.is_address and error.step == "tls":
                error.hint = ADDRESS_TLS_HINT
            raise

    def _handle(self, event: Event[int]) -> None:
        match event:
            case MessageReceived(message, packet_id):
                self._received.append(Received(message, packet_id, time.time_ns()))
            case PublishesAccepted(tokens):
                self._unsettled.difference_update(tokens)
            case PublishSettled(token, code):
                self._unsettled.discard(token)
                if code >= 0x80 and self._refused is None:
                    self._refused = code
            case Subscribed(results):
                self._subscribed = [code for _, code in results]
            case ConnectionAccepted():
                self._is_connected = True
            case ConnectionClosing():
                self._end(event)
            case _:
                pass

    def _end(self, event: ConnectionClosing) -> None:
        code = self.end_code = event.reason_code
        if code is None or event.cause in ("timeout", "violation"):
            self._ended = self._failed(event.detail, None)
            return
        verb = "refused the connection" if event.cause == "connack" else "ended the connection"
        detail = f"the broker {verb}: {reason_name(code)}" + (f" ({event.detail})" if event.detail else "")
        self._ended = self._failed(detail, self._hints.get(code))

    def _raise_refusal(self) -> None:
        if self._refused is not None:
            detail = f"the broker refused the message: {reason_name(self._refused)}"
            raise self._failed(detail, self._hints.get(self._refused))

    def _failed(self, detail: str, hint: str | None) -> ConnectFailed:
        return ConnectFailed(self._target.endpoint.host, self._target.endpoint.port, "mqtt", detail, hint)

    async def _close(self) -> None:
        """Say goodbye, and wait until what was written has left; the stream aborts itself where nobody takes it."""
        self._connection.disconnect()
        self._flush()
        self._stream.close()
        while not self._is_closed:
            self._changed.clear()
            await self._changed.wait()

    def _flush(self) -> None:
        buffers = self._connection.data_to_send(self._now())
        if buffers:
            self._stream.writelines(buffers)
        due = self._connection.next_timeout()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if due is not None:
            delay = max(0.0, due - self._now().monotonic)
            self._timer = asyncio.get_running_loop().call_later(delay, self._time_out)

    def _time_out(self) -> None:
        for event in self._connection.handle_timeout(self._now()):
            self._handle(event)
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
