"""What an earlier process left, made into sessions and retained messages again.

Knows how wall times become monotonic ones. Does not know disks.
"""

from tidegate.broker.journal import QueuedRecord, StoredState
from tidegate.broker.limits import SESSION_NEVER_EXPIRES, BrokerLimits
from tidegate.broker.retained import Retained, RetainedMessages
from tidegate.broker.sending import Sending
from tidegate.broker.session import Session
from tidegate.broker.sessions import Sessions
from tidegate.broker.subscriber_queue import Outgoing
from tidegate.broker.subscription import Subscription
from tidegate.moment import Moment
from tidegate.mqtt.wire import Wire

__all__ = ["outgoing_of", "restore"]


def restore(
    state: StoredState,
    sessions: Sessions,
    retained: RetainedMessages,
    sending: Sending,
    limits: BrokerLimits,
    now: Moment,
) -> None:
    """Make what was stored live again. Sessions whose time is up meanwhile end at the first `handle_timeout`."""
    sessions.last_number = max(state.last_number, sessions.last_number)
    sending.sequence = max(state.last_sequence, sending.sequence)
    for each in state.retained:
        expires_at = _monotonic(each.expires_wall, now)
        if expires_at is None or expires_at > now.monotonic:
            retained.set(Retained(each.message, each.publisher, expires_at))
    for record in state.sessions:
        session = Session(
            record.number, record.client_id, record.identity, Wire(max(record.protocol_version, 4)), limits
        )
        session.expiry_seconds = record.expiry_seconds
        session.is_durable = True
        # Without a time it was connected when the process ended.
        session.disconnected_wall = now.wall if record.disconnected_wall is None else record.disconnected_wall
        session.will = record.will
        sessions.adopt(session)
    for stored in state.subscriptions:
        session = sessions.by_number[stored.session]
        sessions.restore_subscription(
            session,
            Subscription(
                stored.topic_filter, stored.qos, stored.no_local, stored.retain_as_published, stored.identifier
            ),
        )
        if stored.is_owed_retained:
            session.retained_due[stored.topic_filter] = None
    for number, packet_id in state.received_qos2:
        sessions.by_number[number].received_qos2.add(packet_id)
    for queued in state.queued:
        session = sessions.by_number[queued.session]
        outgoing = outgoing_of(queued, now)
        if queued.packet_id:
            session.inflight[queued.packet_id] = outgoing
        else:
            session.queue.append(outgoing)
    for number, (count, size) in state.waiting.items():
        queue = sessions.by_number[number].queue
        queue.on_disk, queue.bytes_on_disk = count, size
    for session in sessions.everyone():
        assert session.disconnected_wall is not None
        elapsed = max(0.0, now.wall - session.disconnected_wall)
        # A clock that was set back or far forward neither revives nor ends a session by more than its own time.
        if session.expiry_seconds != SESSION_NEVER_EXPIRES:
            elapsed = min(elapsed, float(session.expiry_seconds))
        sessions.schedule(session, now, now.monotonic - elapsed)


def outgoing_of(record: QueuedRecord, now: Moment) -> Outgoing:
    """Return a stored message as it waits in memory."""
    return Outgoing(
        record.message,
        record.message.qos,
        record.message.retain,
        record.subscription_ids,
        _monotonic(record.expires_wall, now),
        record.sequence,
        None,
        record.is_released,
    )


def _monotonic(wall: float | None, now: Moment) -> float | None:
    return None if wall is None else now.monotonic + (wall - now.wall)
