"""The client half of one Network Connection.

`receive_data` and `handle_timeout` take what comes and return events; the verbs (`connect`, `subscribe`, `publish`,
`acknowledge`, `disconnect`, ...) act; after each of them the owner drains `data_to_send`. What outlives the
connection is in the `Session` it was given. Time is an argument and nothing is ever awaited, so no step can be torn.
"""

from collections.abc import Callable, Sequence
from typing import Generic, Literal

from tidegate.exceptions import LocalViolation, MqttError, ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt import packets
from tidegate.mqtt.acks import AckWindow
from tidegate.mqtt.aliases import InboundAliases
from tidegate.mqtt.buffer import ReceiveBuffer
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import (
    AuthenticationContinued,
    ConnectionAccepted,
    ConnectionClosing,
    Event,
    MessageReceived,
    Reauthenticated,
    Subscribed,
    Unsubscribed,
)
from tidegate.mqtt.inflight import Token
from tidegate.mqtt.packets import (
    AuthPacket,
    ConnAckPacket,
    DisconnectPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckRun,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    ReceivedPacket,
    SubAckPacket,
    UnsubAckPacket,
)
from tidegate.mqtt.publisher import Publisher
from tidegate.mqtt.requests import Requests, encode_connect
from tidegate.mqtt.server_limits import ServerLimits, server_limits
from tidegate.mqtt.session import Session
from tidegate.mqtt.state import RECEIVED, State
from tidegate.mqtt.timers import Timer, TimerTable

__all__ = ["ClientConnection"]

EXACTLY_ONCE = packets.QoS.EXACTLY_ONCE
CONNECTED = State.CONNECTED
CONTINUE_AUTHENTICATION = 0x18
REAUTHENTICATE = 0x19
PACKET_ID_NOT_FOUND = 0x92


class ClientConnection(Generic[Token]):
    """One life of a client's connection to a server. `Token` is the owner's own word for a published message."""

    def __init__(self, session: Session[Token], settings: ClientSettings) -> None:
        self.session = session
        self.settings = settings
        self.limits = ServerLimits()
        self.state = State.IDLE
        self._accepted = RECEIVED[State.IDLE]
        self._buffer = ReceiveBuffer(settings.packet_bytes_max)
        self._received_qos2 = session.received_qos2
        self._window = AckWindow(session.received_qos2)
        self._inbound_aliases = InboundAliases(settings.topic_alias_maximum)
        self._timers = TimerTable()
        self._output: list[bytes] = []
        self._publisher = Publisher(session, self._output)
        self._requests = Requests(session.packet_ids)
        self._received_at = 0.0
        self._sent_at = 0.0
        self._now = Moment(0.0, 0.0)
        self._handlers: dict[type[ReceivedPacket], Callable[..., None]] = {
            AuthPacket: self._handle_auth,
            ConnAckPacket: self._handle_connack,
            DisconnectPacket: self._handle_disconnect,
            PingRespPacket: self._handle_pingresp,
            PubAckPacket: self._publisher.handle_puback,
            PubAckRun: self._publisher.handle_puback_run,
            PubCompPacket: self._publisher.handle_pubcomp,
            MessageReceived: self._handle_message,
            PublishPacket: self._handle_publish,
            PubRecPacket: self._publisher.handle_pubrec,
            PubRelPacket: self._handle_pubrel,
            SubAckPacket: self._handle_suback,
            UnsubAckPacket: self._handle_unsuback,
        }

    @property
    def is_closing(self) -> bool:
        """Tell whether the connection is over for us: what still comes is not read, and the socket is to be closed."""
        return self.state is State.CLOSING

    @property
    def is_connected(self) -> bool:
        """Tell whether CONNACK has come and the connection is not over."""
        return self.state is State.CONNECTED

    @property
    def room(self) -> int:
        """Return how many QoS 1 messages may be published now: the send quota (section 4.9) once all resends have left."""
        return self._publisher.room if self.state is State.CONNECTED else 0

    @property
    def unacknowledged(self) -> int:
        """Return how many received messages still wait for our acknowledgement."""
        return len(self._window.order)

    def next_timeout(self) -> float | None:
        """Return when `handle_timeout` wants to be called, in seconds of the monotonic clock."""
        return self._timers.next_timeout

    def data_to_send(self, now: Moment) -> list[bytes]:
        """Return and forget the bytes to write, as buffers in order."""
        if not self._output:
            return []
        data = self._output[:]
        self._output.clear()
        self._sent_at = now.monotonic
        return data

    def receive_data(self, data: bytes, now: Moment) -> list[Event[Token]]:
        """Take bytes from the socket and return what they mean, in order. Raises nothing that a peer can cause."""
        events: list[Event[Token]] = []
        if not self._accepted:
            return events
        self._received_at = now.monotonic
        self._now = now
        received: list[ReceivedPacket] = []
        failure: MqttError | None = None
        try:
            self._buffer.feed(data, received)
        except MqttError as error:
            failure = error
        handlers = self._handlers
        try:
            for packet in received:
                kind = type(packet)
                if kind is MessageReceived and self.state is CONNECTED:
                    self._handle_message(packet, events)  # type: ignore[arg-type]
                    continue
                state = self._accepted.get(kind)
                if state is None:
                    if self.is_closing:
                        return events
                    raise ProtocolViolation(f"{_name(kind)} while {self.state.value}")
                if state is not self.state:
                    self._enter(state)
                handlers[kind](packet, events)
            if failure is not None and not self.is_closing:
                raise failure
        except MqttError as error:
            self._close("violation", error.reason_code, str(error), events)
        return events

    def handle_timeout(self, now: Moment) -> list[Event[Token]]:
        """Do what is due at `now`."""
        events: list[Event[Token]] = []
        for timer in self._timers.take_due(now.monotonic):
            if timer is Timer.KEEP_ALIVE:
                self._keep_alive(now.monotonic)
            elif timer is Timer.PINGRESP and self._received_at + self._pingresp_seconds() > now.monotonic:
                # Something else came in the meantime, and the PINGRESP may be queued behind more of it.
                self._timers.arm(Timer.PINGRESP, self._received_at + self._pingresp_seconds())
            else:
                reason_code = 0x8D if timer is Timer.PINGRESP else 0x80
                self._close("timeout", reason_code, f"no {timer.value} from the server in time", events)
                break
        return events

    def forgive_silence(self, now: Moment) -> None:
        """Take note that the owner does not read the socket at present: what the server sent is not missing."""
        self._received_at = now.monotonic

    def connect(self, now: Moment) -> None:
        """Send CONNECT; the transport has just been opened."""
        assert self.state is State.IDLE, f"CONNECT while {self.state.value}"
        settings = self.settings
        self._enter(State.CONNECTING)
        self._sent_at = self._received_at = now.monotonic
        self._timers.arm(Timer.CONNACK, now.monotonic + settings.answer_timeout_seconds)
        self._output.append(encode_connect(self.session.client_id, settings))

    def resume(self) -> list[Event[Token]]:
        """Begin to resend what is in flight; the owner calls it once after `ConnectionAccepted`, if it stays connected.

        Until all of it has left there is no `room` [MQTT-4.4.0-1]. Returns a `PublishRefused` for each message that the
        server's new limits do not allow. On a connection that is closing it does nothing.
        """
        events: list[Event[Token]] = []
        if not self.is_closing:
            self._publisher.resend(events)
        return events

    def subscribe(self, subscriptions: Sequence[Subscription], now: Moment) -> None:
        """Send one SUBSCRIBE for all; `Subscribed` answers it. On a connection that is closing it does nothing."""
        if self.is_closing:
            return
        self._output.append(self._requests.subscribe(subscriptions))
        self._timers.arm(Timer.SUBACK, now.monotonic + self.settings.answer_timeout_seconds)

    def unsubscribe(self, topic_filters: Sequence[str], now: Moment) -> None:
        """Send one UNSUBSCRIBE for all; `Unsubscribed` answers it. On a connection that is closing it does nothing."""
        if self.is_closing:
            return
        self._output.append(self._requests.unsubscribe(topic_filters))
        self._timers.arm(Timer.SUBACK, now.monotonic + self.settings.answer_timeout_seconds)

    def publish(self, message: Message, token: Token) -> None:
        """Send a PUBLISH with the message's QoS; QoS 1 and 2 need `room` and are answered by `PublishSettled`.

        The connection has to be open (`is_connected`). QoS 2 is for sessions that end with their connection
        (`session_expiry_seconds` 0): what is in flight with it is not resent.

        Raises:
            LocalViolation: the server's limits forbid it (0x95 too large, 0x9A retained, 0x9B QoS); nothing was sent.
        """
        assert self.state is CONNECTED, f"PUBLISH while {self.state.value}"
        assert message.qos < 2 or not self.settings.session_expiry_seconds, "QoS 2 in a session that outlives this"
        self._publisher.publish(message, token)

    def acknowledge(self, packet_id: int, reason_code: int = 0) -> None:
        """Settle a received message of QoS 1 or 2; its PUBACK or PUBREC leaves when all before it have left.

        On a connection that is closing it does nothing: the server sends the message again in the next one.
        """
        if self.state is not State.CLOSING:
            self._window.acknowledge(packet_id, reason_code, self._output)

    def accept(self, packet_ids: list[int]) -> None:
        """Settle received messages with success, as `acknowledge` does for one."""
        if packet_ids and self.state is not State.CLOSING:
            self._window.accept(packet_ids, self._output)

    def reauthenticate(self, data: bytes, now: Moment) -> None:
        """Send AUTH 0x19 with new data for the method of CONNECT (section 4.12.1); `Reauthenticated` answers it."""
        method = self.settings.authentication_method
        if method is None or self.state is not State.CONNECTED:
            raise LocalViolation("re-authentication needs a connection made with an authentication method")
        self._timers.arm(Timer.AUTH, now.monotonic + self.settings.answer_timeout_seconds)
        self._output.append(packets.encode_auth(REAUTHENTICATE, method, data))

    def continue_authentication(self, data: bytes) -> None:
        """Answer a challenge of the server with AUTH 0x18."""
        method = self.settings.authentication_method
        assert method is not None, "a challenge belongs to a method"
        self._output.append(packets.encode_auth(CONTINUE_AUTHENTICATION, method, data))

    def disconnect(self, reason_code: int = 0, session_expiry_seconds: int | None = None) -> None:
        """Send DISCONNECT and read no more; the owner closes the socket once the output is written."""
        if self.state is State.CONNECTED:
            self._output.append(packets.encode_disconnect(reason_code, session_expiry_seconds))
        self._enter(State.CLOSING)
        self._timers.clear()

    def release(self) -> None:
        """Give back what dies with the connection. The owner calls it once, when the socket is gone."""
        self._requests.forget()
        self._output.clear()
        self._timers.clear()
        self._enter(State.CLOSING)

    def _enter(self, state: State) -> None:
        self.state = state
        self._accepted = RECEIVED[state]

    def _close(
        self, cause: Literal["timeout", "violation"], reason_code: int, detail: str, events: list[Event[Token]]
    ) -> None:
        self.disconnect(reason_code)
        events.append(ConnectionClosing(cause, reason_code, detail))

    def _keep_alive(self, now: float) -> None:
        """Ping when nothing was sent, or nothing came, for the keep alive time [MQTT-3.1.2-20]."""
        interval = self.limits.keep_alive_seconds
        due = min(self._sent_at, self._received_at) + interval
        if due <= now:
            self._output.append(packets.PINGREQ)
            self._timers.arm(Timer.PINGRESP, now + self._pingresp_seconds())
            due = now + interval
        self._timers.arm(Timer.KEEP_ALIVE, due)

    def _pingresp_seconds(self) -> float:
        return max(1.0, self.limits.keep_alive_seconds / 2)

    def _handle_publish(self, packet: PublishPacket, events: list[Event[Token]]) -> None:
        topic = packet.topic
        if packet.topic_alias is not None:
            topic = self._inbound_aliases.resolve(topic, packet.topic_alias)
        packet_id = packet.packet_id or 0
        qos = 0 if not packet_id else 2 if packet.qos == EXACTLY_ONCE else 1
        user_properties = packet.user_properties
        message = Message(
            topic,
            packet.payload,
            qos,
            packet.retain,
            packet.payload_format_indicator,
            packet.message_expiry_interval,
            packet.content_type,
            packet.response_topic,
            packet.correlation_data,
            tuple(user_properties) if user_properties else (),
        )
        self._handle_message(MessageReceived(message, packet_id, packet.duplicate), events)

    def _handle_message(self, received: MessageReceived, events: list[Event[Token]]) -> None:
        packet_id = received.packet_id
        if packet_id:
            qos = received.message.qos
            if self._received_qos2 and packet_id in self._received_qos2:
                if qos == 2:
                    self._output.append(packets.encode_pubrec(packet_id))
                    return
                # The server has ended the QoS 2 exchange on its own; a later QoS 2 message of this identifier is new.
                self._received_qos2.discard(packet_id)
            self._window.receive(packet_id, qos)
        events.append(received)

    def _handle_pubrel(self, packet: PubRelPacket, events: list[Event[Token]]) -> None:
        known = packet.packet_id in self._received_qos2
        self._received_qos2.discard(packet.packet_id)
        self._output.append(packets.encode_pubcomp(packet.packet_id, 0 if known else PACKET_ID_NOT_FOUND))

    def _handle_connack(self, packet: ConnAckPacket, events: list[Event[Token]]) -> None:
        self._timers.clear()
        reason_code = int(packet.reason_code)
        if reason_code:
            self._enter(State.CLOSING)
            detail = packet.reason_str or ""
            if packet.server_reference:
                detail = f"{detail} (server reference {packet.server_reference})".strip()
            events.append(ConnectionClosing("connack", reason_code, detail))
            return
        method = packet.authentication_method
        if method is not None and method != self.settings.authentication_method:
            raise ProtocolViolation(
                f"CONNACK with the authentication method {method!r}, which CONNECT did not name [MQTT-4.12.0-5]"
            )
        session = self.session
        self.limits = server_limits(packet, self.settings)
        session_lost = session.is_established and not packet.session_present
        unsettled = () if packet.session_present else tuple(session.reset())
        session.is_established = True
        # Our own maxInflightMessages bounds what we send as well as what we receive.
        resent = self._publisher.begin(self.limits, self.settings.receive_maximum)
        events.append(ConnectionAccepted(packet.session_present, session_lost, self.limits, unsettled, resent))
        if self.limits.keep_alive_seconds:
            self._timers.arm(Timer.KEEP_ALIVE, self._now.monotonic + self.limits.keep_alive_seconds)

    def _handle_suback(self, packet: SubAckPacket, events: list[Event[Token]]) -> None:
        events.append(Subscribed(self._requests.answer(packet), packet.reason_str))
        self._stop_awaiting()

    def _handle_unsuback(self, packet: UnsubAckPacket, events: list[Event[Token]]) -> None:
        events.append(Unsubscribed(self._requests.answer(packet)))
        self._stop_awaiting()

    def _stop_awaiting(self) -> None:
        if not self._requests:
            self._timers.stop(Timer.SUBACK)

    def _handle_pingresp(self, packet: PingRespPacket, events: list[Event[Token]]) -> None:
        self._timers.stop(Timer.PINGRESP)

    def _handle_auth(self, packet: AuthPacket, events: list[Event[Token]]) -> None:
        settings = self.settings
        method = settings.authentication_method
        if method is None:
            raise ProtocolViolation("AUTH, and CONNECT had no authentication method [MQTT-4.12.0-6]")
        if packet.authentication_method is not None and packet.authentication_method != method:
            raise ProtocolViolation(f"AUTH with another authentication method than {method} [MQTT-4.12.0-5]")
        reason_code = int(packet.reason_code)
        if self.state is State.CONNECTING and reason_code == CONTINUE_AUTHENTICATION:
            # Facts 5.1: to a challenge the client answers with the same token again.
            self.continue_authentication(settings.authentication_data or b"")
        elif self._timers.is_armed(Timer.AUTH) and reason_code == CONTINUE_AUTHENTICATION:
            events.append(AuthenticationContinued(packet.authentication_data))
        elif self._timers.is_armed(Timer.AUTH) and reason_code == 0:
            self._timers.stop(Timer.AUTH)
            events.append(Reauthenticated())
        else:
            raise ProtocolViolation(f"AUTH 0x{reason_code:02X} while {self.state.value}")

    def _handle_disconnect(self, packet: DisconnectPacket, events: list[Event[Token]]) -> None:
        self._timers.clear()
        events.append(ConnectionClosing("disconnect", int(packet.reason_code), packet.reason_str or ""))


def _name(kind: type[ReceivedPacket]) -> str:
    return "PUBLISH" if kind is MessageReceived else kind.__name__.removesuffix("Packet").removesuffix("Run").upper()
