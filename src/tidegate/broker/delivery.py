"""Who gets a message, and whether it goes at once, waits, or finds no room.

Knows matches, shared groups, queues and their limits. Does not know packets (`sending`) or how messages come in.
"""

from collections.abc import Iterator

from tidegate.broker.access import ALLOW_ALL
from tidegate.broker.connection import Connection
from tidegate.broker.deadlines import Deadlines
from tidegate.broker.image import Image
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.router import Matches, Router
from tidegate.broker.sending import Sending
from tidegate.broker.session import Session
from tidegate.broker.statistics import Statistics
from tidegate.broker.subscriber_queue import Outgoing
from tidegate.broker.subscription import ShareGroup, Subscription
from tidegate.message import Message, message_bytes
from tidegate.moment import Moment

__all__ = ["HOLD_BACK_SECONDS", "NO_MATCHING_SUBSCRIBERS", "QUOTA_EXCEEDED", "Delivery"]

NO_MATCHING_SUBSCRIBERS = 0x10
QUOTA_EXCEEDED = 0x97

HOLD_BACK_SECONDS = 0.25
"""How long a publisher waits for a subscriber that makes no progress, before it goes on and the queue overflows."""


class Delivery:
    """Brings messages to sessions."""

    def __init__(
        self,
        limits: BrokerLimits,
        router: Router,
        sending: Sending,
        deadlines: Deadlines,
        statistics: Statistics,
    ) -> None:
        self._limits = limits
        self._router = router
        self._sending = sending
        self._deadlines = deadlines
        self._statistics = statistics

    def route(
        self, message: Message, publisher: Session | None, now: Moment, held_back: Connection | None = None
    ) -> int:
        """Deliver a message to all that match its topic; `held_back` is the publisher's connection, where it may wait.

        Returns:
            0, 0x10 when nobody matches, or 0x97 when a durable session has no room, and then nobody got it.
        """
        matches = self._router.match(message.topic)
        targets = matches.targets
        if not targets and not matches.groups:
            return NO_MATCHING_SUBSCRIBERS
        if message.qos and (matches.durable or matches.groups) and not self._have_room(matches, message):
            return QUOTA_EXCEEDED
        expiry = message.message_expiry_seconds
        expires_at = None if expiry is None else now.monotonic + expiry
        image = Image(message) if len(targets) + len(matches.groups) > 1 else None
        filling: Session | None = None
        found = 0
        for each in targets:
            target = each
            session = each.session
            if session is publisher:
                if each.for_own is None:
                    continue
                target = each.for_own
            found += 1
            qos = target.qos if target.qos < message.qos else message.qos
            retain = message.retain and target.retain_as_published
            if self.deliver(session, message, qos, retain, target.subscription_ids, expires_at, None, now, image):
                filling = session
        for group in matches.groups:
            chosen = self._choose(group, message)
            if chosen is None:
                continue
            found += 1
            session, subscription = chosen
            if self._deliver_to_member(session, subscription, message, expires_at, group, now, image):
                filling = session
        if filling is not None and held_back is not None and not held_back.is_held_back:
            self._hold_back(held_back, filling, now)
        return 0 if found else NO_MATCHING_SUBSCRIBERS

    def deliver(
        self,
        session: Session,
        message: Message,
        qos: int,
        retain: bool,
        subscription_ids: tuple[int, ...],
        expires_at: float | None,
        group: ShareGroup | None,
        now: Moment,
        image: Image | None = None,
        is_forced: bool = False,
    ) -> bool:
        """Send a message to one session now, or let it wait; return whether its queue is filling.

        `image` has what was encoded for others, where several get it.
        `is_forced` lets it wait in memory whatever waits there already: retained messages are bounded by themselves.
        """
        connection = session.connection
        # Checked again here, because rights may have been taken away since the subscription was made.
        if session.access is not ALLOW_ALL and not session.access.may_receive(message.topic):
            self._statistics.drop("unauthorized")
            return False
        queue = session.queue
        is_next = (
            connection is not None
            and not queue.waiting
            and not queue.on_disk
            and not connection.to_resend
            and connection.is_ready
        )
        if qos == 0:
            if connection is None:
                return False
            if is_next:
                self._sending.send_qos0(session, connection, message, retain, subscription_ids, expires_at, now, image)
                return False
            if not is_forced and not queue.has_room_in_memory(message_bytes(message)):
                self._statistics.drop("queue")
                return True
            queue.append(Outgoing(message, 0, retain, subscription_ids, expires_at, 0, group))
            return queue.is_filling and not is_forced
        outgoing = Outgoing(message, qos, retain, subscription_ids, expires_at, 0, group)
        if is_next and connection is not None and connection.send_quota > 0:
            self._sending.send(session, connection, outgoing, now, image)
            return False
        if session.is_durable:
            self._sending.number(session, outgoing, now)
            return self._let_wait_durably(session, outgoing)
        if is_forced:
            queue.append(outgoing)
            return False
        return self._let_wait(session, outgoing)

    def deliver_to(self, session: Session, message: Message, now: Moment) -> None:
        """Send a message of ours to one session alone, if it has subscribed to the topic."""
        for target in self._router.match(message.topic).targets:
            if target.session is session:
                if session.is_durable and not session.queue.has_room(message_bytes(message)):
                    self._statistics.drop("queue")
                    return
                qos = min(target.qos, message.qos)
                self.deliver(session, message, qos, False, target.subscription_ids, None, None, now)

    def hand_over(self, session: Session, group: ShareGroup | None, now: Moment) -> None:
        """Give what came by a shared subscription and is unsettled to the other members (None: of every group).

        A QoS 2 message that was sent already is left alone [MQTT-4.8.2-5], and to a client that is still there also one of
        QoS 1: it is on its way, and its identifier in use [MQTT-3.10.4-3].
        """
        for packet_id, outgoing in list(session.inflight.items()):
            if session.connection is None and _is_of(outgoing, group) and outgoing.qos == 1:
                del session.inflight[packet_id]
                self._give_to_other(session, outgoing, now)
        leaving = [outgoing for outgoing in session.queue.waiting if _is_of(outgoing, group)]
        if leaving:
            session.queue.keep(lambda outgoing: not _is_of(outgoing, group))
            for outgoing in leaving:
                self._give_to_other(session, outgoing, now)

    def without_room(self, message: Message) -> Session | None:
        """Return a durable session that has no room for a message, None when all have."""
        for session in _durable(self._router.match(message.topic)):
            if not session.queue.has_room(message_bytes(message)):
                return session
        return None

    def _have_room(self, matches: Matches, message: Message) -> bool:
        if self._limits.queue_strategy == "DropOldest":
            return True
        size = message_bytes(message)
        if not all(session.queue.has_room(size) for session in matches.durable):
            return False
        return all(_has_room(group, size) for group in matches.groups)

    def _choose(self, group: ShareGroup, message: Message) -> tuple[Session, Subscription] | None:
        """Choose the next member that can take a message: one with room in its window, else in its queue, else a connected one.

        A member without any room comes last, and one that is away and gets QoS 0 never.
        """
        size = message_bytes(message)
        waiting = away = full = full_away = None
        for candidate in group.candidates():
            session, subscription = candidate
            qos = min(message.qos, subscription.qos)
            connection = session.connection
            queue = session.queue
            if connection is None and not qos:
                continue
            if connection is not None and connection.is_ready and not queue and (connection.send_quota > 0 or not qos):
                return candidate
            is_kept_on_disk = session.is_durable and qos
            has_room = queue.has_room(size) if is_kept_on_disk else queue.has_room_in_memory(size)
            if connection is not None:
                waiting, full = (waiting or candidate, full) if has_room else (waiting, full or candidate)
            else:
                away, full_away = (away or candidate, full_away) if has_room else (away, full_away or candidate)
        return waiting or away or full or full_away

    def _deliver_to_member(
        self,
        session: Session,
        subscription: Subscription,
        message: Message,
        expires_at: float | None,
        group: ShareGroup,
        now: Moment,
        image: Image | None = None,
    ) -> bool:
        """Send a message to the member that was chosen, as its own subscription says [MQTT-4.8.2-3]."""
        qos = min(message.qos, subscription.qos)
        ids = () if subscription.identifier is None else (subscription.identifier,)
        retain = message.retain and subscription.retain_as_published
        return self.deliver(session, message, qos, retain, ids, expires_at, group, now, image)

    def _let_wait(self, session: Session, outgoing: Outgoing) -> bool:
        queue = session.queue
        outgoing.size = message_bytes(outgoing.message)
        if not queue.has_room_in_memory(outgoing.size):
            self._statistics.drop("queue")
            if self._limits.queue_strategy != "DropOldest" or not queue.waiting:
                return True
            queue.pop()
        queue.append(outgoing)
        return queue.is_filling

    def _let_wait_durably(self, session: Session, outgoing: Outgoing) -> bool:
        queue = session.queue
        size = outgoing.size = message_bytes(outgoing.message)
        if self._limits.queue_strategy == "DropOldest" and queue.waiting and not queue.has_room(size):
            self._sending.forget(session, queue.pop(), "queue")
        if queue.on_disk or not queue.has_room_in_memory(size):
            queue.leave_on_disk(size)
            return session.connection is not None
        queue.append(outgoing)
        return queue.is_filling

    def _hold_back(self, publisher: Connection, session: Session, now: Moment) -> None:
        """Read the publisher no more until the subscriber has caught up, as long as that makes any progress."""
        if session.connection is None or now.monotonic - session.progress_at >= HOLD_BACK_SECONDS:
            return
        if not session.held_back:
            self._look_again(session, now)
        publisher.is_held_back = True
        session.held_back.append(publisher)

    def _look_again(self, session: Session, now: Moment) -> None:
        def look(now: Moment) -> None:
            if session.held_back and now.monotonic - session.progress_at >= HOLD_BACK_SECONDS:
                self._sending.release_held_back(session)
            elif session.held_back:
                self._look_again(session, now)

        self._deadlines.add(now.monotonic + HOLD_BACK_SECONDS, look)

    def _give_to_other(self, session: Session, outgoing: Outgoing, now: Moment) -> None:
        group = outgoing.group
        assert group is not None, "only what came by a shared subscription is handed over"
        if outgoing.sequence:
            self._sending.unrecord(session, outgoing)
        message = outgoing.message
        chosen = self._choose(group, message)
        if chosen is None:
            self._statistics.drop("no_member")
            return
        other, subscription = chosen
        self._deliver_to_member(other, subscription, message, outgoing.expires_at, group, now)


def _is_of(outgoing: Outgoing, group: ShareGroup | None) -> bool:
    return outgoing.group is not None and (group is None or outgoing.group is group)


def _has_room(group: ShareGroup, size: int) -> bool:
    """Tell whether a shared subscription can take a message, or would lose it for another reason than a full disk queue."""
    is_full = False
    for session, subscription in group.members.items():
        if not session.is_durable or not subscription.qos:
            if session.connection is not None or subscription.qos:
                return True
        elif session.queue.has_room(size):
            return True
        else:
            is_full = True
    return not is_full


def _durable(matches: Matches) -> Iterator[Session]:
    for target in matches.targets:
        if target.session.is_durable:
            yield target.session
    for group in matches.groups:
        yield from (session for session in group.members if session.is_durable)
