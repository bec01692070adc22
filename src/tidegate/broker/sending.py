"""From a session's queue to its client and back: send, resend, settle.

Knows windows, packet identifiers, what a client can take, and what of it goes to the journal. Does not know who gets a
message (`delivery`).
"""

from collections.abc import Callable, Sequence
from math import ceil

from tidegate.broker.access import ALLOW_ALL
from tidegate.broker.connection import Connection
from tidegate.broker.image import Image
from tidegate.broker.journal import QueuedRecord
from tidegate.broker.promises import Promises
from tidegate.broker.session import Session
from tidegate.broker.statistics import Statistics
from tidegate.broker.subscriber_queue import Outgoing
from tidegate.exceptions import LocalViolation, ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.aliases import ALIAS_PAYS_FROM_BYTES
from tidegate.mqtt.packets import PubAckRun

__all__ = ["READ_FROM_DISK", "Sending"]

READ_FROM_DISK = 1_000
"""How many messages of a durable session are read from disk at once."""


class Sending:
    """Sends to clients what their sessions hold.

    `mark` is told of connections that have something to write or want to be read; `want_queue` of sessions that need more
    from the disk; `want_retained` of connections that have room again for the retained messages they are owed.
    """

    def __init__(
        self,
        promises: Promises,
        statistics: Statistics,
        *,
        mark: Callable[[Connection], None],
        want_queue: Callable[[Session], None],
        want_retained: Callable[[Connection, Moment], None],
    ) -> None:
        self._promises = promises
        self._statistics = statistics
        self._mark = mark
        self._want_queue = want_queue
        self._want_retained = want_retained
        self.sequence = 0
        """The highest sequence given to a message of a durable session."""

    def number(self, session: Session, outgoing: Outgoing, now: Moment, packet_id: int = 0) -> None:
        """Give a message of a durable session its sequence and put it into the journal."""
        self.sequence += 1
        outgoing.sequence = self.sequence
        self._promises.changing().add(_record(session, outgoing, packet_id, now))

    def send_ready(self, session: Session, now: Moment) -> None:
        """Send a connected client what it can take: first again what it has not acknowledged [MQTT-4.4.0-1]."""
        connection = session.connection
        if connection is None or connection.wants_close:
            return
        to_resend = connection.to_resend
        while to_resend and connection.send_quota > 0 and connection.is_ready:
            self._resend(session, connection, to_resend.popleft(), now)
        queue = session.queue
        waiting = queue.waiting
        access = session.access
        while waiting and not to_resend and connection.is_ready:
            if waiting[0].qos and connection.send_quota <= 0:
                break
            outgoing = queue.pop()
            if access is not ALLOW_ALL and not access.may_receive(outgoing.message.topic):
                self.forget(session, outgoing, "unauthorized")
            elif outgoing.qos:
                self.send(session, connection, outgoing, now)
            else:
                ids = outgoing.subscription_ids
                self.send_qos0(session, connection, outgoing.message, outgoing.retain, ids, outgoing.expires_at, now)
        if queue.on_disk and not queue.is_reading and len(waiting) < READ_FROM_DISK:
            queue.is_reading = True
            self._want_queue(session)
        if session.retained_due and not queue.is_filling:
            self._want_retained(connection, now)
        if session.held_back and not queue.is_filling:
            self.release_held_back(session)
        if connection.output:
            self._mark(connection)

    def send_qos0(
        self,
        session: Session,
        connection: Connection,
        message: Message,
        retain: bool,
        subscription_ids: tuple[int, ...],
        expires_at: float | None,
        now: Moment,
        image: Image | None = None,
    ) -> None:
        """Send a message of QoS 0."""
        expiry = None
        if expires_at is not None:
            expiry = _seconds_left(message, expires_at, now)
            if expiry <= 0:
                self._statistics.drop("expired")
                return
        data = self._encode(connection, message, image, 0, retain, None, expiry, subscription_ids)
        if data is None:
            return
        session.progress_at = now.monotonic
        # As `_put` and `Connection.send` do it, written out: with many subscribers this is most of what a message costs.
        self._statistics.sent += 1
        if connection.barrier:
            connection.send(data)
        else:
            connection.output.append(data)
            connection.output_bytes += len(data)
        if not connection.is_dirty:
            self._mark(connection)

    def send(
        self,
        session: Session,
        connection: Connection,
        outgoing: Outgoing,
        now: Moment,
        image: Image | None = None,
    ) -> None:
        """Send a message of QoS 1 or 2 for the first time."""
        expiry = None
        if outgoing.expires_at is not None:
            expiry = _seconds_left(outgoing.message, outgoing.expires_at, now)
            if expiry <= 0:
                self.forget(session, outgoing, "expired")
                return
        packet_id = session.packet_ids.next_free()
        data = self._encode(
            connection,
            outgoing.message,
            image,
            outgoing.qos,
            outgoing.retain,
            packet_id,
            expiry,
            outgoing.subscription_ids,
        )
        if data is None:
            self.unrecord(session, outgoing)
            return
        session.inflight[packet_id] = outgoing
        connection.send_quota -= 1
        if session.is_durable:
            if not outgoing.sequence:
                # It did not wait, and is not in the journal.
                self.number(session, outgoing, now, packet_id)
            else:
                self._promises.changing().mark_sent(session.number, outgoing.sequence, packet_id)
            if outgoing.qos == 2:
                # A client that forgets the identifier after a crash of ours would take the message twice.
                connection.send_after(self._promises.number, data)
                return
        # As `_put` and `Connection.send` do it, written out, as most messages go this way.
        self._statistics.sent += 1
        if connection.barrier:
            connection.send(data)
        else:
            connection.output.append(data)
            connection.output_bytes += len(data)
        if not connection.is_dirty:
            self._mark(connection)

    def accept_run(self, session: Session, run: PubAckRun, now: Moment) -> None:
        """Settle QoS 1 messages that the client accepted.

        Raises:
            ProtocolViolation: one of them is of QoS 2; those before it are settled.
        """
        inflight = session.inflight
        settled = 0
        batch = None
        for packet_id in run.packet_ids:
            outgoing = inflight.get(packet_id)
            if outgoing is None:
                continue
            if outgoing.qos != 1:
                raise _wrong_kind("PUBACK", packet_id, outgoing)
            del inflight[packet_id]
            settled += 1
            if outgoing.sequence:
                if batch is None:
                    batch = self._promises.changing()
                batch.remove(session.number, outgoing.sequence)
        self._went_on(session, settled - _not_resent(session, run.packet_ids), now)

    def settle(self, session: Session, packet_id: int, qos: int, now: Moment) -> None:
        """Take what ends the exchange of a message of this QoS, whatever it says [MQTT-4.4.0-2]: PUBACK or a refusing PUBREC.

        Raises:
            ProtocolViolation: the message is of another QoS.
        """
        outgoing = session.inflight.get(packet_id)
        if outgoing is not None and outgoing.qos != qos:
            raise _wrong_kind("PUBACK" if qos == 1 else "PUBREC", packet_id, outgoing)
        self._settle(session, packet_id, now)

    def complete(self, session: Session, packet_id: int, now: Moment) -> None:
        """Take a PUBCOMP.

        Raises:
            ProtocolViolation: no PUBREC has come before it.
        """
        outgoing = session.inflight.get(packet_id)
        if outgoing is not None and not outgoing.is_released:
            raise _wrong_kind("PUBCOMP", packet_id, outgoing)
        self._settle(session, packet_id, now)

    def release(self, session: Session, packet_id: int) -> int | None:
        """Note the PUBREC of a QoS 2 message.

        Returns:
            The number of the batch after which PUBREL may leave (0: at once), None where the packet id is unknown.

        Raises:
            ProtocolViolation: the message is of QoS 1.
        """
        outgoing = session.inflight.get(packet_id)
        if outgoing is None:
            return None
        if outgoing.qos != 2:
            raise _wrong_kind("PUBREC", packet_id, outgoing)
        outgoing.is_released = True
        if not outgoing.sequence:
            return 0
        self._promises.changing().mark_sent(session.number, outgoing.sequence, packet_id, is_released=True)
        return self._promises.number

    def write_down(self, session: Session, now: Moment) -> None:
        """Put on disk what a session has in memory, which is durable from now on."""
        for packet_id, outgoing in session.inflight.items():
            self.number(session, outgoing, now, packet_id)
        for outgoing in session.queue.waiting:
            if outgoing.qos:
                self.number(session, outgoing, now)
        session.queue.last_sequence = self.sequence

    def forget(self, session: Session, outgoing: Outgoing, reason: str) -> None:
        """Drop a message that was taken from the queue."""
        self._statistics.drop(reason)
        self.unrecord(session, outgoing)

    def unrecord(self, session: Session, outgoing: Outgoing) -> None:
        """Take a message out of the journal, where it is in it."""
        if outgoing.sequence:
            self._promises.changing().remove(session.number, outgoing.sequence)

    def release_held_back(self, session: Session) -> None:
        """Read the publishers again that waited for room here."""
        held_back, session.held_back = session.held_back, []
        for connection in held_back:
            connection.is_held_back = False
            self._mark(connection)

    def _settle(self, session: Session, packet_id: int, now: Moment) -> None:
        """End the exchange of a message, if there is one."""
        outgoing = session.inflight.pop(packet_id, None)
        if outgoing is None:
            return
        self.unrecord(session, outgoing)
        self._went_on(session, 1 - _not_resent(session, (packet_id,)), now)

    def _went_on(self, session: Session, settled: int, now: Moment) -> None:
        connection = session.connection
        if connection is not None:
            connection.send_quota += settled
            session.progress_at = now.monotonic
            if session.queue.waiting or connection.to_resend or session.queue.on_disk or session.held_back:
                self.send_ready(session, now)

    def _resend(self, session: Session, connection: Connection, packet_id: int, now: Moment) -> None:
        connection.not_resent.discard(packet_id)
        outgoing = session.inflight.get(packet_id)
        if outgoing is None:
            return
        if outgoing.is_released:
            connection.send_quota -= 1
            self._put(connection, connection.protocol.wire.pubrel(packet_id))
            return
        data = None
        if session.access.may_receive(outgoing.message.topic):
            expiry = None
            if outgoing.expires_at is not None:
                expiry = max(0, _seconds_left(outgoing.message, outgoing.expires_at, now))
            message, ids = outgoing.message, outgoing.subscription_ids
            data = self._encode(connection, message, None, outgoing.qos, outgoing.retain, packet_id, expiry, ids)
        else:
            self._statistics.drop("unauthorized")
        if data is None:
            del session.inflight[packet_id]
            self.unrecord(session, outgoing)
            return
        connection.send_quota -= 1
        self._put(connection, bytes((data[0] | 0x08,)) + data[1:])

    def _encode(
        self,
        connection: Connection,
        message: Message,
        image: Image | None,
        qos: int,
        retain: bool,
        packet_id: int | None,
        expiry: int | None,
        subscription_ids: tuple[int, ...],
    ) -> bytes | None:
        """Encode a delivery; None where the client takes no packet as long [MQTT-3.1.2-24], which is counted."""
        wire = connection.protocol.wire
        try:
            aliases = connection.aliases
            # What turns out too large must set no alias.
            if aliases is None or len(message.topic) < ALIAS_PAYS_FROM_BYTES or connection.packet_bytes_max is not None:
                if image is None:
                    data = wire.publish(message, qos, retain, packet_id, expiry, subscription_ids)
                else:
                    data = image.packet(wire, qos, retain, packet_id, expiry, subscription_ids)
            else:
                topic, alias = aliases.assign(message.topic)
                data = wire.publish(message, qos, retain, packet_id, expiry, subscription_ids, alias, topic)
        except LocalViolation:
            self._statistics.drop("packet_size")
            return None
        if connection.packet_bytes_max is not None and len(data) > connection.packet_bytes_max:
            self._statistics.drop("packet_size")
            return None
        return data

    def _put(self, connection: Connection, data: bytes) -> None:
        connection.send(data)
        self._statistics.sent += 1
        if not connection.is_dirty:
            self._mark(connection)


def _seconds_left(message: Message, expires_at: float, now: Moment) -> int:
    """Return the Message Expiry Interval to send [MQTT-3.3.2-6], 0 or less when there is none left.

    The difference of two times may be a hair longer than the interval that went into it, and no message gains a second.
    """
    left = ceil(expires_at - now.monotonic)
    received = message.message_expiry_seconds
    return left if received is None else min(left, received)


def _not_resent(session: Session, packet_ids: Sequence[int]) -> int:
    """Return how many settled messages were not sent on this connection, and so took nothing from its send quota (4.9)."""
    connection = session.connection
    if connection is None or not connection.not_resent:
        return 0
    found = connection.not_resent.intersection(packet_ids)
    connection.not_resent -= found
    return len(found)


def _wrong_kind(name: str, packet_id: int, outgoing: Outgoing) -> ProtocolViolation:
    """Return the error for an acknowledgement that a message of its QoS does not get, or not yet (section 4.3)."""
    return ProtocolViolation(f"{name} for packet identifier {packet_id}, a message of QoS {outgoing.qos}")


def _record(session: Session, outgoing: Outgoing, packet_id: int, now: Moment) -> QueuedRecord:
    message = outgoing.message
    if message.qos != outgoing.qos or message.retain != outgoing.retain:
        message = Message(
            message.topic,
            message.payload,
            outgoing.qos,
            outgoing.retain,
            message.payload_format_indicator,
            message.message_expiry_seconds,
            message.content_type,
            message.response_topic,
            message.correlation_data,
            message.user_properties,
        )
    expires_at = outgoing.expires_at
    expires_wall = None if expires_at is None else now.wall + (expires_at - now.monotonic)
    return QueuedRecord(
        session.number,
        outgoing.sequence,
        message,
        outgoing.subscription_ids,
        expires_wall,
        packet_id,
        outgoing.is_released,
    )
