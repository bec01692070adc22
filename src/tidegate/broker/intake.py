"""What clients publish: the rights, the retained messages, and what is answered.

Knows PUBLISH of all three QoS and when its answer may leave. Does not know subscribers (`delivery`).
"""

from tidegate.broker.access import ALLOW_ALL, OWN_TOPICS
from tidegate.broker.connection import Connection
from tidegate.broker.delivery import QUOTA_EXCEEDED, Delivery
from tidegate.broker.feature_rules import check_message
from tidegate.broker.features import ALL_FEATURES
from tidegate.broker.identity import Identity
from tidegate.broker.journal import RetainedRecord
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.promises import Promises
from tidegate.broker.rate import Rate
from tidegate.broker.retained import Retained, RetainedMessages
from tidegate.broker.session import Session
from tidegate.broker.state_service import StateService
from tidegate.broker.state_topics import INVOKE_TOPIC
from tidegate.broker.statistics import Statistics
from tidegate.exceptions import ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.events import MessageReceived
from tidegate.mqtt.packets import PubRelPacket
from tidegate.mqtt.wire import Wire

__all__ = ["Intake", "NotNow"]

_V3 = Wire.V3

NOT_AUTHORIZED = 0x87
PACKET_ID_NOT_FOUND = 0x92
RECEIVE_MAXIMUM_EXCEEDED = 0x93


class NotNow(Exception):
    """A message has to wait, because its publisher cannot be told that there is no room. `session` has none."""

    def __init__(self, session: Session) -> None:
        self.session = session
        super().__init__("a durable session has no room")


class Intake:
    """Takes messages from clients and wills."""

    def __init__(
        self,
        limits: BrokerLimits,
        retained: RetainedMessages,
        delivery: Delivery,
        promises: Promises,
        statistics: Statistics,
        state: StateService,
    ) -> None:
        self._limits = limits
        self._has_all_features = limits.features is ALL_FEATURES
        self._receive_maximum = limits.receive_maximum
        self._retained = retained
        self._delivery = delivery
        self._promises = promises
        self._statistics = statistics
        self._state = state

    def receive(self, connection: Connection, event: MessageReceived, accepted: list[int], now: Moment) -> None:
        """Take a PUBLISH. The packet ids of accepted QoS 1 messages are added to `accepted`, for one run of PUBACKs.

        Raises:
            ProtocolViolation: the client may not send it now.
            NotNow: it is to be given again once there is room.
        """
        message = event.message
        session = connection.session
        assert session is not None
        code = 0
        if not self._has_all_features:
            check_message(self._limits.features, message)
            code = self._too_often(session, now)
        self._statistics.received += 1
        access = connection.access
        topic = message.topic
        if topic.startswith(OWN_TOPICS) or (access is not ALLOW_ALL and not access.may_publish(topic)):
            code = NOT_AUTHORIZED
        qos = message.qos
        if qos == 0:
            if code:
                self._statistics.drop("unauthorized" if code == NOT_AUTHORIZED else "throttled")
                return
            self.publish(message, session, session.identity, now, connection)
            return
        if code and connection.protocol.wire is Wire.V3:
            raise ProtocolViolation(f"the client may not publish to {topic!r} [MQTT-3.3.5-2]", NOT_AUTHORIZED)
        unanswered = len(accepted) + connection.unacknowledged + connection.qos2_open
        # A client of MQTT 3.1.1 knows no Receive Maximum, and may send as much as it likes.
        if unanswered >= self._receive_maximum and connection.protocol.wire is Wire.V5:
            raise ProtocolViolation(
                f"more than {self._receive_maximum} messages without an answer [MQTT-3.3.4-9]",
                RECEIVE_MAXIMUM_EXCEEDED,
            )
        packet_id = event.packet_id
        if qos == 1:
            code = code or self.publish(message, session, session.identity, now, connection)
            if code == QUOTA_EXCEEDED:
                self._wait_for_room(message, connection)
            if not code or connection.protocol.wire is _V3:
                accepted.append(packet_id)
                return
            if accepted:
                self.answer(connection, accepted, now)
            number = self._promises.number if self._promises.changes != self._changes else 0
            connection.send_after(number, connection.protocol.wire.puback(packet_id, code), 1)
            return
        self._receive_qos2(connection, session, event, accepted, code, now)

    def _too_often(self, session: Session, now: Moment) -> int:
        """Return 0x97 for a message that comes too soon after others, 0 where it does not."""
        per_second = self._limits.features.messages_per_second_max
        if per_second is None:
            return 0
        if session.intake_rate is None:
            session.intake_rate = Rate(per_second, now.monotonic)
        return 0 if session.intake_rate.take(now.monotonic) else QUOTA_EXCEEDED

    def answer(self, connection: Connection, accepted: list[int], now: Moment) -> None:
        """Acknowledge the QoS 1 messages that were accepted so far."""
        if accepted:
            connection.accept_run(self._number(connection), accepted)
            accepted.clear()

    def begin(self) -> None:
        """Note that a read begins: what changes from now on is what its answers wait for."""
        self._changes = self._promises.changes

    def publish(
        self,
        message: Message,
        publisher: Session | None,
        identity: Identity,
        now: Moment,
        held_back: Connection | None = None,
    ) -> int:
        """Route a message and retain it if it says so; return its reason code, 0x97 where nothing was done."""
        if message.topic == INVOKE_TOPIC and self._limits.features.state_store:
            # A will asks for nothing: who would hear the answer is gone.
            return 0 if publisher is None or held_back is None else self._state.invoke(message, publisher, now)
        expiry_max = self._limits.message_expiry_seconds_max
        if expiry_max is not None and (
            message.message_expiry_seconds is None or message.message_expiry_seconds > expiry_max
        ):
            message = _with_expiry(message, expiry_max)
        if message.retain and not self._has_room_to_retain(message):
            return QUOTA_EXCEEDED
        code = self._delivery.route(message, publisher, now, held_back)
        if message.retain and code != QUOTA_EXCEEDED:
            self.retain(message, identity, now)
        return code

    def retain(self, message: Message, publisher: Identity, now: Moment) -> None:
        """Keep a message for its topic; an empty payload removes what the topic has [MQTT-3.3.1-6]."""
        topic = message.topic
        if not message.payload:
            if self._retained.remove(topic):
                self._promises.changing().retained[topic] = None
            return
        expiry = message.message_expiry_seconds
        self._retained.set(Retained(message, publisher, None if expiry is None else now.monotonic + expiry))
        if not topic.startswith(OWN_TOPICS):
            expires_wall = None if expiry is None else now.wall + expiry
            self._promises.changing().retained[topic] = RetainedRecord(message, publisher, expires_wall)

    def release(self, connection: Connection, packet: PubRelPacket) -> None:
        """Take a PUBREL."""
        session = connection.session
        assert session is not None
        packet_id = packet.packet_id
        wire = connection.protocol.wire
        if packet_id not in session.received_qos2:
            connection.send_after(0, wire.pubcomp(packet_id, PACKET_ID_NOT_FOUND))
            return
        session.received_qos2.discard(packet_id)
        connection.qos2_open = max(0, connection.qos2_open - 1)
        number = 0
        if session.is_durable:
            # A stale identifier after a crash of ours would make a new message look like this one.
            self._promises.changing().received_qos2[session.number, packet_id] = False
            number = self._promises.number
        connection.send_after(number, wire.pubcomp(packet_id, 0))

    def _receive_qos2(
        self,
        connection: Connection,
        session: Session,
        event: MessageReceived,
        accepted: list[int],
        code: int,
        now: Moment,
    ) -> None:
        packet_id = event.packet_id
        wire = connection.protocol.wire
        if packet_id in session.received_qos2:
            # [MQTT-4.3.3-10]: the same message again, whose PUBREC was lost; it may still wait for its commit.
            self.answer(connection, accepted, now)
            connection.send_after(self._promises.number if session.is_durable else 0, wire.pubrec(packet_id, 0))
            return
        code = code or self.publish(event.message, session, session.identity, now, connection)
        if code == QUOTA_EXCEEDED:
            self._wait_for_room(event.message, connection)
        self.answer(connection, accepted, now)
        if code < 0x80:
            session.received_qos2.add(packet_id)
            connection.qos2_open += 1
            if session.is_durable:
                self._promises.changing().received_qos2[session.number, packet_id] = True
        connection.send_after(self._number(connection), wire.pubrec(packet_id, code))

    def _wait_for_room(self, message: Message, connection: Connection) -> None:
        """Let a publisher that cannot be told so wait for the session that has no room."""
        blocking = self._delivery.without_room(message) if connection.protocol.wire is Wire.V3 else None
        if blocking is not None:
            raise NotNow(blocking)

    def _number(self, connection: Connection) -> int:
        """Return the batch that answers wait for, 0 where the read changed nothing that is committed."""
        return self._promises.number if self._promises.changes != self._changes else 0

    def _has_room_to_retain(self, message: Message) -> bool:
        retained, limits = self._retained, self._limits
        if not message.payload:
            return True
        has_room = retained.size_with(message) <= limits.retained_bytes_max
        return has_room and (len(retained) < limits.retained_messages_max or retained.get(message.topic) is not None)


def _with_expiry(message: Message, expiry_seconds: int) -> Message:
    return Message(
        message.topic,
        message.payload,
        message.qos,
        message.retain,
        message.payload_format_indicator,
        expiry_seconds,
        message.content_type,
        message.response_topic,
        message.correlation_data,
        message.user_properties,
    )
