"""The life of sessions: made, resumed, taken over, left, ended; and their wills.

Knows when a session and its will are due, and what of it goes to the journal. Does not know packets.
"""

from collections.abc import Callable

from tidegate.broker.connection import Connection, ListenerPolicy
from tidegate.broker.deadlines import Deadlines
from tidegate.broker.delivery import Delivery
from tidegate.broker.identity import Identity
from tidegate.broker.journal import SubscriptionRecord, WillRecord
from tidegate.broker.limits import SESSION_NEVER_EXPIRES, BrokerLimits
from tidegate.broker.promises import Promises
from tidegate.broker.router import Router
from tidegate.broker.sending import Sending
from tidegate.broker.session import Session
from tidegate.broker.subscription import Subscription
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.wire import Wire

__all__ = ["PublishWill", "Sessions"]

PublishWill = Callable[[Session, Message, Moment], None]


class Sessions:
    """All sessions by client identifier."""

    def __init__(
        self,
        limits: BrokerLimits,
        router: Router,
        promises: Promises,
        delivery: Delivery,
        sending: Sending,
        deadlines: Deadlines,
        publish_will: PublishWill,
    ) -> None:
        self._limits = limits
        self._router = router
        self._promises = promises
        self._delivery = delivery
        self._sending = sending
        self._deadlines = deadlines
        self._publish_will = publish_will
        self._by_client_id: dict[str, Session] = {}
        self.by_number: dict[int, Session] = {}
        self.last_number = 0

    def __len__(self) -> int:
        return len(self._by_client_id)

    @property
    def subscription_levels(self) -> int:
        """Return how many levels the filters of all sessions have, counted once where they share them."""
        return self._router.levels

    def get(self, client_id: str) -> Session | None:
        """Return the session of a client."""
        return self._by_client_id.get(client_id)

    def everyone(self) -> list[Session]:
        """Return all sessions."""
        return list(self._by_client_id.values())

    def create(self, client_id: str, identity: Identity, wire: Wire) -> Session:
        """Make a session; there is none of that client."""
        assert client_id not in self._by_client_id, "the client has a session"
        self.last_number += 1
        session = Session(self.last_number, client_id, identity, wire, self._limits)
        self.adopt(session)
        return session

    def adopt(self, session: Session) -> None:
        """Take a session from disk."""
        self._by_client_id[session.client_id] = session
        self.by_number[session.number] = session

    def restore_subscription(self, session: Session, subscription: Subscription) -> None:
        """Take a subscription from disk."""
        self._router.add(session, subscription)
        session.subscriptions[subscription.topic_filter] = subscription

    def attach(self, session: Session, connection: Connection, will: WillRecord | None) -> None:
        """Let a connection have the session."""
        session.connection = connection
        session.wire = connection.protocol.wire
        session.identity = connection.identity
        session.access = connection.access
        session.policy = connection.policy
        session.disconnected_wall = None
        self._cancel_deadlines(session)
        session.will = will
        if session.is_durable:
            self._promises.changing().sessions[session.number] = session.record()

    def detach(self, session: Session, now: Moment) -> None:
        """Take note that the session's connection is gone; what is to follow comes in its time."""
        session.connection = None
        self._sending.release_held_back(session)
        session.queue.keep(lambda outgoing: outgoing.qos > 0)
        session.disconnected_wall = now.wall
        if session.expiry_seconds == 0:
            self.end(session, now)
            return
        will = session.will
        if will is not None and will.delay_seconds == 0:
            self._send_will(session, now)
        self.schedule(session, now, now.monotonic)
        if session.is_durable:
            self._promises.changing().sessions[session.number] = session.record()

    def schedule(self, session: Session, now: Moment, since: float) -> None:
        """Arm what is due of a session that nobody is connected to since `since` (monotonic seconds)."""
        if session.expiry_seconds != SESSION_NEVER_EXPIRES:
            session.ends_at = since + session.expiry_seconds
            session.deadlines.append(self._deadlines.add(session.ends_at, lambda now: self._end_if_due(session, now)))
        if session.will is not None:
            session.will_at = since + session.will.delay_seconds
            session.deadlines.append(
                self._deadlines.add(session.will_at, lambda now: self._send_will_if_due(session, now))
            )

    def end(self, session: Session, now: Moment) -> None:
        """End a session with all it holds; what it had of shared subscriptions goes to others, and its will is sent."""
        if self._by_client_id.get(session.client_id) is not session:
            return
        del self._by_client_id[session.client_id]
        del self.by_number[session.number]
        for subscription in session.subscriptions.values():
            self._router.remove(session, subscription)
        session.subscriptions.clear()
        self._cancel_deadlines(session)
        self._sending.release_held_back(session)
        self._delivery.hand_over(session, None, now)
        if session.is_durable:
            self._promises.changing().end_session(session.number)
        session.queue.clear()
        session.retained_due.clear()
        session.inflight.clear()
        self._send_will(session, now)

    def subscribe(self, session: Session, subscription: Subscription) -> bool:
        """Add or replace a subscription; return whether it is new."""
        is_new = self._router.add(session, subscription)
        session.subscriptions[subscription.topic_filter] = subscription
        self.record_subscription(session, subscription)
        return is_new

    def record_subscription(self, session: Session, subscription: Subscription) -> None:
        """Put on disk what a durable session holds, and is owed, by one subscription."""
        if session.is_durable:
            changes = self._promises.changing().subscriptions
            changes[session.number, subscription.topic_filter] = _subscription_record(session, subscription)

    def unsubscribe(self, session: Session, topic_filter: str, now: Moment) -> bool:
        """End a subscription; return whether there was one."""
        subscription = session.subscriptions.pop(topic_filter, None)
        if subscription is None:
            return False
        session.retained_due.pop(topic_filter, None)
        share_name = subscription.share_name
        group = None if share_name is None else self._router.group(share_name, subscription.pattern)
        self._router.remove(session, subscription)
        if group is not None:
            self._delivery.hand_over(session, group, now)
        if session.is_durable:
            self._promises.changing().subscriptions[session.number, topic_filter] = None
        return True

    def make_durable(self, session: Session, now: Moment) -> None:
        """Keep on disk from now on a session that was in memory alone."""
        session.is_durable = True
        self._router.forget_matches()
        batch = self._promises.changing()
        for subscription in session.subscriptions.values():
            key = (session.number, subscription.topic_filter)
            batch.subscriptions[key] = _subscription_record(session, subscription)
        for packet_id in session.received_qos2:
            batch.received_qos2[session.number, packet_id] = True
        self._sending.write_down(session, now)

    def change_policy(self, policy: ListenerPolicy, now: Moment) -> list[tuple[Session, str]]:
        """Judge the subscriptions of a listener's clients by its rules anew; return what was ended."""
        revoked: list[tuple[Session, str]] = []
        for session in self.everyone():
            if session.policy is policy:
                session.access = policy.access_of(session.identity)
                if session.connection is not None:
                    session.connection.access = session.access
                revoked += [(session, topic_filter) for topic_filter in self.revoke(session, now)]
        return revoked

    def revoke(self, session: Session, now: Moment) -> list[str]:
        """End the subscriptions that the session's client may not have any more; return their filters."""
        refused = [each for each in session.subscriptions if not session.access.may_subscribe(each)]
        for topic_filter in refused:
            self.unsubscribe(session, topic_filter, now)
        return refused

    def _cancel_deadlines(self, session: Session) -> None:
        session.ends_at = session.will_at = None
        for deadline in session.deadlines:
            self._deadlines.cancel(deadline)
        session.deadlines.clear()

    def _end_if_due(self, session: Session, now: Moment) -> None:
        if session.connection is None and session.ends_at is not None and session.ends_at <= now.monotonic:
            self.end(session, now)

    def _send_will_if_due(self, session: Session, now: Moment) -> None:
        if session.connection is None and session.will_at is not None and session.will_at <= now.monotonic:
            self._send_will(session, now)
            if session.is_durable and session.number in self.by_number:
                self._promises.changing().sessions[session.number] = session.record()

    def _send_will(self, session: Session, now: Moment) -> None:
        will, session.will = session.will, None
        session.will_at = None
        if will is not None:
            self._publish_will(session, will.message, now)


def _subscription_record(session: Session, subscription: Subscription) -> SubscriptionRecord:
    """Return what goes to disk of a subscription."""
    return SubscriptionRecord(
        session.number,
        subscription.topic_filter,
        subscription.qos,
        subscription.no_local,
        subscription.retain_as_published,
        subscription.identifier,
        subscription.topic_filter in session.retained_due,
    )
