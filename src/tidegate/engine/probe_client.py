"""A client that asks what it may do, and leaves nothing behind: its own client identifier, a session that ends with it.

Knows how to ask with as little effect as MQTT allows. Does not know what the answers mean.

Whether a topic may be written is asked with a PUBLISH of QoS 2 that is never released: PUBREC carries the verdict, and the
standard lets a server pass the message on only after PUBREL (section 4.3.3, though figure 4.3 leaves it the choice to do it
before). The connection is then closed without PUBREL, and the session with the message in it ends.
"""

from collections.abc import Callable, Sequence
from functools import partial

from tidegate.engine.mqtt_target import Target
from tidegate.engine.mqtt_tool import Client, ClientOptions
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription
from tidegate.mqtt.events import (
    ConnectionAccepted,
    ConnectionClosing,
    Event,
    MessageReceived,
    PublishesAccepted,
    PublishReceived,
    PublishSettled,
)
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.net.dialer import dial
from tidegate.net.tcp import TcpStream

__all__ = ["MARK", "ProbeClient"]

MARK = ("tidegate-check", "true")
"""The user property of every message that is published to see whether it may be."""

EXPIRY_SECONDS = 1


class ProbeClient(Client):
    """One client, to be used as `Client` is; `limits` is what CONNACK said, `refusal` how the server ended it."""

    def __init__(
        self, target: Target, client_id: str, timeout_seconds: float, connected: Callable[[TcpStream], None]
    ) -> None:
        open_stream = partial(
            dial, target.endpoint, tls=target.tls, timeout_seconds=timeout_seconds, connected=connected
        )
        super().__init__(target, ClientOptions(client_id=client_id), open_stream)
        self.limits: ServerLimits | None = None
        self.refusal: ConnectionClosing | None = None
        self._answers: dict[int, int] = {}
        self._holds_back = False

    async def ask(self, topic_filters: Sequence[tuple[str, int]]) -> list[int]:
        """Subscribe to filters with their QoS, without what is retained; return the granted QoS or reason code of each."""
        self._subscribed = None
        wanted = [Subscription(each, qos, wants_retained=False) for each, qos in topic_filters]
        self._connection.subscribe(wanted, self._now())
        self._flush()
        await self._until(lambda: self._subscribed is not None)
        return list(self._subscribed or ())

    async def offer(self, topics: Sequence[str], qos: int) -> list[int]:
        """Publish an empty message to each topic, and return the reason code of each; with QoS 2 none is released.

        At most as many as `room` says. After QoS 2 the connection can do nothing any more but end.
        """
        for number, topic in enumerate(topics):
            message = Message(topic, b"", qos, message_expiry_seconds=EXPIRY_SECONDS, user_properties=(MARK,))
            self._connection.publish(message, number)
        self._flush()
        self._holds_back = qos == 2
        await self._until(lambda: len(self._answers) == len(topics))
        return [self._answers[number] for number in range(len(topics))]

    @property
    def room(self) -> int:
        """How many messages may be offered."""
        return self._connection.room

    def _handle(self, event: Event[int]) -> None:
        match event:
            case MessageReceived():
                return
            case ConnectionAccepted(limits=limits):
                self.limits = limits
            case ConnectionClosing():
                self.refusal = event
            case PublishReceived(token):
                self._answers[token] = 0
            case PublishSettled(token, code):
                self._answers[token] = code
            case PublishesAccepted(tokens):
                self._answers.update(dict.fromkeys(tokens, 0))
            case _:
                pass
        super()._handle(event)

    def _flush(self) -> None:
        if self._holds_back:
            # What waits is PUBREL, which would let the messages go on, and DISCONNECT behind it.
            self._connection.data_to_send(self._now())
            return
        super()._flush()
