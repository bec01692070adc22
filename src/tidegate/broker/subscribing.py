"""SUBSCRIBE and UNSUBSCRIBE: what is granted, and the retained messages that follow.

Knows each filter's answer. Does not know how topics are matched (`router`) or sent (`delivery`).
"""

from tidegate.broker.connection import Connection
from tidegate.broker.delivery import Delivery
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.promises import Promises
from tidegate.broker.retained import RetainedMessages
from tidegate.broker.sending import Sending
from tidegate.broker.session import Session
from tidegate.broker.sessions import Sessions
from tidegate.broker.subscription import Subscription
from tidegate.exceptions import ProtocolViolation
from tidegate.moment import Moment
from tidegate.mqtt.client_rules import topic_limit_error
from tidegate.mqtt.packets import RetainHandling, SubscribePacket, TopicFilter, UnsubscribePacket
from tidegate.mqtt.topics import filter_error

__all__ = ["Subscribing"]

NO_SUBSCRIPTION_EXISTED = 0x11
NOT_AUTHORIZED = 0x87
TOPIC_FILTER_INVALID = 0x8F
PACKET_TOO_LARGE = 0x95
QUOTA_EXCEEDED = 0x97


class Subscribing:
    """Takes subscriptions."""

    def __init__(
        self,
        limits: BrokerLimits,
        sessions: Sessions,
        retained: RetainedMessages,
        delivery: Delivery,
        sending: Sending,
        promises: Promises,
    ) -> None:
        self._limits = limits
        self._sessions = sessions
        self._retained = retained
        self._delivery = delivery
        self._sending = sending
        self._promises = promises

    def subscribe(self, connection: Connection, packet: SubscribePacket, now: Moment) -> None:
        """Take a SUBSCRIBE; SUBACK leaves once what it grants is on disk, and retained messages may overtake it."""
        session = connection.session
        assert session is not None
        changes = self._promises.changes
        codes: list[int] = []
        for item in packet.topic_filters:
            code = self._judge(connection, item)
            codes.append(code)
            if code < 0x80:
                subscription = Subscription(
                    item.pattern, code, item.no_local, item.retain_as_published, packet.subscription_id
                )
                is_new = self._sessions.subscribe(session, subscription)
                self._owe_retained(session, subscription, item.retain_handling, is_new)
        number = self._promises.number if self._promises.changes != changes else 0
        _answer(connection, number, connection.protocol.wire.suback(packet.packet_id, codes, None))
        self.send_retained_due(connection, now)
        self._sending.send_ready(session, now)

    def send_retained_due(self, connection: Connection, now: Moment) -> None:
        """Send the retained messages that subscriptions are owed, one subscription's at a time.

        Those of the next one wait until there is room in memory again: whoever subscribes without end and reads nothing
        gets no more of them into it than there are. A filter that is subscribed to again meanwhile is owed them once.
        """
        session = connection.session
        assert session is not None
        due = session.retained_due
        while due and session.queue.has_room_in_memory(0):
            topic_filter = next(iter(due))
            del due[topic_filter]
            subscription = session.subscriptions[topic_filter]
            self._send_retained(connection, subscription, now)
            # In the batch of what was sent: a crash repeats all of it or nothing.
            self._sessions.record_subscription(session, subscription)

    def unsubscribe(self, connection: Connection, packet: UnsubscribePacket, now: Moment) -> None:
        """Take an UNSUBSCRIBE."""
        session = connection.session
        assert session is not None
        changes = self._promises.changes
        codes = []
        for pattern in packet.patterns:
            if filter_error(pattern) is not None:
                codes.append(TOPIC_FILTER_INVALID)
            elif self._sessions.unsubscribe(session, pattern, now):
                codes.append(0)
            else:
                codes.append(NO_SUBSCRIPTION_EXISTED)
        number = self._promises.number if self._promises.changes != changes else 0
        _answer(connection, number, connection.protocol.wire.unsuback(packet.packet_id, codes))

    def _judge(self, connection: Connection, item: TopicFilter) -> int:
        session = connection.session
        assert session is not None
        pattern = item.pattern
        if filter_error(pattern) is not None or topic_limit_error(pattern, connection.protocol.settings) is not None:
            return TOPIC_FILTER_INVALID
        if not connection.access.may_subscribe(pattern):
            return NOT_AUTHORIZED
        limits = self._limits
        has_room = (
            len(session.subscriptions) < limits.subscriptions_per_session_max
            and self._sessions.subscription_levels + pattern.count("/") < limits.subscription_levels_max
        )
        if not has_room and pattern not in session.subscriptions:
            return QUOTA_EXCEEDED
        return int(item.max_qos)

    def _owe_retained(
        self, session: Session, subscription: Subscription, handling: RetainHandling, is_new: bool
    ) -> None:
        """Note that a subscription is owed its retained messages, where it wants them and there are any."""
        is_wanted = handling == RetainHandling.SEND_ALWAYS or (
            handling == RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS and is_new
        )
        # [MQTT-3.3.1-9..11]; a shared subscription gets no retained messages (section 4.8.2).
        if is_wanted and subscription.share_name is None and len(self._retained):
            session.retained_due[subscription.topic_filter] = None
            self._sessions.record_subscription(session, subscription)

    def _send_retained(self, connection: Connection, subscription: Subscription, now: Moment) -> None:
        session = connection.session
        assert session is not None
        ids = () if subscription.identifier is None else (subscription.identifier,)
        # To a MQTT 3.1.1 client retained messages always come with RETAIN 1; to any client here [MQTT-3.3.1-8].
        for retained in self._retained.match(subscription.pattern):
            expires_at = retained.expires_at
            if expires_at is not None and expires_at <= now.monotonic:
                continue
            if subscription.no_local and retained.publisher.client_id == session.client_id:
                # [MQTT-3.8.3-3] makes no exception for them, and a bridge would get back what it had brought.
                continue
            rules = connection.policy.rules
            if rules is not None and not connection.policy.access_of(retained.publisher).may_publish(
                retained.message.topic
            ):
                # Its publisher may not say that any more.
                continue
            message = retained.message
            qos = min(message.qos, subscription.qos)
            self._delivery.deliver(session, message, qos, True, ids, expires_at, None, now, is_forced=True)


def _answer(connection: Connection, number: int, packet: bytes) -> None:
    """Send SUBACK or UNSUBACK; a client that takes none as long cannot be told, so that its connection ends."""
    if not connection.takes(packet):
        raise ProtocolViolation(
            f"an answer of {len(packet)} bytes, and the client takes at most {connection.packet_bytes_max}",
            PACKET_TOO_LARGE,
        )
    connection.send_after(number, packet)
