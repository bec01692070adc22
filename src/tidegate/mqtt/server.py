"""The server half of one Network Connection: bytes in, events out.

Knows what a client may send when, in MQTT 5 and MQTT 3.1.1, and the limits it is held to. Does not know sessions or other
clients (`broker`): what is to be answered is its owner's business, which encodes with `wire`. Time is an argument.
"""

from collections.abc import Sequence

from tidegate.exceptions import MqttError, ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.aliases import InboundAliases
from tidegate.mqtt.buffer import ReceiveBuffer
from tidegate.mqtt.client_rules import (
    Explained,
    check_connect,
    check_explanation,
    check_message,
    check_subscribe,
    check_topic,
    check_unsubscribe,
)
from tidegate.mqtt.events import ConnectionClosing, MessageReceived
from tidegate.mqtt.opening import Opening
from tidegate.mqtt.packets import (
    AuthPacket,
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PubAckPacket,
    PubAckRun,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    ReceivedPacket,
    SubscribePacket,
    UnsubscribePacket,
)
from tidegate.mqtt.server_settings import ServerSettings
from tidegate.mqtt.state import RECEIVED_BY_SERVER, ServerState
from tidegate.mqtt.wire import Wire

__all__ = ["ServerConnection", "ServerEvent"]

EXACTLY_ONCE = QoS.EXACTLY_ONCE
AT_LEAST_ONCE = QoS.AT_LEAST_ONCE
CONNECTED = ServerState.CONNECTED

ServerEvent = (
    ConnectPacket
    | MessageReceived
    | PubAckPacket
    | PubAckRun
    | PubRecPacket
    | PubRelPacket
    | PubCompPacket
    | SubscribePacket
    | UnsubscribePacket
    | PingReqPacket
    | AuthPacket
    | DisconnectPacket
    | ConnectionClosing
)


class ServerConnection:
    """One life of a client's connection, as the server has it.

    What follows a CONNECT in the same read waits until the owner has called `accept` and asks for it with `take_waiting`.
    """

    __slots__ = (
        "_accepted",
        "_aliases",
        "_buffer",
        "_failure",
        "_has_method",
        "_opening",
        "_waiting",
        "is_accepted",
        "received_at",
        "settings",
        "state",
        "wire",
    )

    def __init__(self, settings: ServerSettings, now: Moment) -> None:
        self.settings = settings
        self.state = ServerState.AWAITING_CONNECT
        self.wire: Wire = Wire.V5
        """How this client is spoken to; known once CONNECT has come."""
        self.received_at = now.monotonic
        """When something came last, in seconds of the monotonic clock."""
        self.is_accepted = False
        """Whether CONNACK 0x00 was what the client got."""
        self._accepted = RECEIVED_BY_SERVER[self.state]
        self._opening: Opening | None = Opening(settings.connect_bytes_max)
        self._buffer: ReceiveBuffer | None = None
        self._aliases: InboundAliases | None = None
        self._waiting: list[ReceivedPacket] = []
        self._failure: MqttError | None = None
        self._has_method = False
        """Whether CONNECT named an authentication method, so that nothing but AUTH and DISCONNECT may come before CONNACK."""

    @property
    def wire_is_known(self) -> bool:
        """Tell whether the version that the client speaks is known, or may be taken to be 5."""
        return self._opening is None or self._opening.is_unsupported

    @property
    def is_closing(self) -> bool:
        """Tell whether the connection is over for us."""
        return self.state is ServerState.CLOSING

    def receive_data(self, data: bytes, now: Moment) -> list[ServerEvent]:
        """Take bytes from the socket and return what they mean, in order. Raises nothing that a peer can cause."""
        self.received_at = now.monotonic
        events: list[ServerEvent] = []
        if not self._accepted:
            return events
        received: list[ReceivedPacket] = []
        try:
            if self._opening is not None:
                opened = self._opening.feed(data)
                if opened is None:
                    return events
                self.wire, data = opened
                self._opening = None
                self._buffer = ReceiveBuffer(
                    self.settings.packet_bytes_max,
                    self.wire.decode,
                    self.settings.overhead_bytes_max,
                    has_properties=self.wire is Wire.V5,
                )
            assert self._buffer is not None
            self._buffer.feed(data, received)
        except MqttError as error:
            self._failure = error
            if self._opening is not None:
                self.wire = self._opening.wire
        self._take(received, events)
        return events

    def take_waiting(self) -> list[ServerEvent]:
        """Return what came behind the CONNECT that has been accepted."""
        events: list[ServerEvent] = []
        received, self._waiting = self._waiting, []
        self._take(received, events)
        return events

    def accept(self, topic_alias_maximum: int) -> None:
        """Take note that CONNACK 0x00 is what the client gets, and which Topic Alias Maximum was announced to it."""
        if topic_alias_maximum:
            self._aliases = InboundAliases(topic_alias_maximum)
        self.is_accepted = True
        self._enter(ServerState.CONNECTED)

    def close(self) -> None:
        """Read no more."""
        self._waiting.clear()
        self._enter(ServerState.CLOSING)

    def _enter(self, state: ServerState) -> None:
        self.state = state
        self._accepted = RECEIVED_BY_SERVER[state]

    def _take(self, received: Sequence[ReceivedPacket], events: list[ServerEvent]) -> None:
        checked = ""
        try:
            for index, packet in enumerate(received):
                kind = type(packet)
                if kind is MessageReceived and self.state is CONNECTED:
                    topic = packet.message.topic  # type: ignore[union-attr]
                    if topic is not checked:
                        check_topic(topic, self.settings)
                        checked = topic
                    events.append(packet)  # type: ignore[arg-type]
                    continue
                if kind is PublishPacket and self.state is CONNECTED:
                    events.append(self._message(packet))  # type: ignore[arg-type]
                    continue
                if self._waiting:
                    self._let_wait(received[index:])
                    return
                state = self._accepted.get(kind)
                if state is None:
                    if self.state is ServerState.AUTHENTICATING and kind is not ConnectPacket:
                        self._let_wait(received[index:])
                        return
                    if self.is_closing:
                        return
                    raise ProtocolViolation(f"{_name(kind)} while {self.state.value} [MQTT-3.1.0-1]")
                self._check(packet)
                if state is not self.state:
                    self._enter(state)
                events.append(packet)  # type: ignore[arg-type]
                if isinstance(packet, ConnectPacket):
                    self._has_method = packet.authentication_method is not None
                    self._let_wait(received[index + 1 :])
                    break
            if self._failure is not None and not self._waiting and not self.is_closing:
                raise self._failure
        except MqttError as error:
            events.append(ConnectionClosing("violation", error.reason_code, str(error)))

    def _let_wait(self, received: Sequence[ReceivedPacket]) -> None:
        """Keep what came before CONNECT could be answered; with an authentication method, that is a DISCONNECT alone."""
        if self._has_method and received and not self._waiting:
            if type(received[0]) is not DisconnectPacket:
                name = _name(type(received[0]))
                raise ProtocolViolation(f"{name} before CONNACK, with an authentication method [MQTT-3.1.2-30]")
            self._waiting.append(received[0])
        elif not self._has_method:
            self._waiting.extend(received)

    def _check(self, packet: ReceivedPacket) -> None:
        if isinstance(packet, SubscribePacket):
            check_subscribe(packet, self.settings)
        elif isinstance(packet, UnsubscribePacket):
            check_unsubscribe(packet, self.settings)
        elif isinstance(packet, ConnectPacket):
            check_connect(packet, self.settings)
        elif isinstance(packet, Explained):
            check_explanation(packet, self.settings)

    def _message(self, packet: PublishPacket) -> MessageReceived:
        topic = packet.topic
        alias = packet.topic_alias
        if alias is not None:
            if self._aliases is None:
                raise ProtocolViolation("a topic alias, and the Topic Alias Maximum is 0 [MQTT-3.2.2-18]", 0x94)
            topic = self._aliases.resolve(topic, alias)
        if packet.subscription_ids:
            raise ProtocolViolation("a Subscription Identifier from a client [MQTT-3.3.4-6]")
        user_properties = packet.user_properties
        qos = packet.qos
        message = Message(
            topic,
            packet.payload,
            1 if qos is AT_LEAST_ONCE else 2 if qos is EXACTLY_ONCE else 0,
            packet.retain,
            packet.payload_format_indicator,
            packet.message_expiry_interval,
            packet.content_type,
            packet.response_topic,
            packet.correlation_data,
            tuple(user_properties) if user_properties else (),
        )
        check_message(message, self.settings)
        return MessageReceived(message, packet.packet_id or 0, packet.duplicate)


def _name(kind: type[ReceivedPacket]) -> str:
    return "PUBLISH" if kind is MessageReceived else kind.__name__.removesuffix("Packet").removesuffix("Run").upper()
