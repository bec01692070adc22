"""The broker: what comes from the connections in, what goes to them out; no sockets, no clock.

Knows which part takes which packet and when time is up. Does not know how any of it is done.

The host calls a method and then drains: `take_events`, `take_batch` (to be committed, then `committed`), `take_dirty`.
"""

from collections.abc import Callable

from tidegate.broker.access import OWN_TOPICS
from tidegate.broker.admission import Admission
from tidegate.broker.connection import UNREAD_BYTES_MAX, Connection, ListenerPolicy
from tidegate.broker.deadlines import Deadlines
from tidegate.broker.delivery import Delivery
from tidegate.broker.events import BrokerEvent, ClientDisconnected, QueueWanted, SubscriptionRevoked
from tidegate.broker.feature_rules import check_packet
from tidegate.broker.identity import Verdict
from tidegate.broker.intake import Intake, NotNow
from tidegate.broker.journal import JournalBatch, QueuedRecord, StoredState
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.promises import Promises
from tidegate.broker.recovery import outgoing_of, restore
from tidegate.broker.retained import RetainedMessages
from tidegate.broker.router import Router
from tidegate.broker.sending import READ_FROM_DISK, Sending
from tidegate.broker.session import Session
from tidegate.broker.sessions import Sessions
from tidegate.broker.state_service import StateService
from tidegate.broker.statistics import Holdings, Statistics
from tidegate.broker.subscribing import Subscribing
from tidegate.broker.system_topics import SystemTopics
from tidegate.broker.watch import Watch
from tidegate.exceptions import MqttError, ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.events import ConnectionClosing, MessageReceived
from tidegate.mqtt.packets import (
    PINGRESP,
    AuthPacket,
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PubAckPacket,
    PubAckRun,
    PubCompPacket,
    PubRecPacket,
    PubRelPacket,
    SubscribePacket,
    UnsubscribePacket,
)
from tidegate.mqtt.server import ServerEvent

__all__ = ["Broker"]

NOT_AUTHORIZED = 0x87
SERVER_SHUTTING_DOWN = 0x8B
PACKET_ID_NOT_FOUND = 0x92
QUOTA_EXCEEDED = 0x97
DISCONNECT_WITH_WILL = 0x04


class Broker:
    """One broker with its clients. `new_id` makes client identifiers for those that bring none."""

    def __init__(self, limits: BrokerLimits, *, new_id: Callable[[], str]) -> None:
        self.limits = limits
        self.statistics = Statistics()
        self.connections: dict[Connection, None] = {}
        """In the order in which they came, so that what is done to all of them is done in one order every time."""
        self._settings = limits.of_one_connection
        self._events: list[BrokerEvent] = []
        self._dirty: list[Connection] = []
        self._deadlines = Deadlines()
        self._promises = Promises()
        self._router = Router()
        self._retained = RetainedMessages()
        self._sending = Sending(
            self._promises,
            self.statistics,
            mark=self._mark,
            want_queue=self._want_queue,
            want_retained=self._want_retained,
        )
        self._delivery = Delivery(limits, self._router, self._sending, self._deadlines, self.statistics)
        self._state = StateService(limits, self._delivery, self._promises, self._deadlines, self.statistics)
        self._intake = Intake(limits, self._retained, self._delivery, self._promises, self.statistics, self._state)
        self._sessions = Sessions(
            limits,
            self._router,
            self._promises,
            self._delivery,
            self._sending,
            self._deadlines,
            self._publish_will,
        )
        self._subscribing = Subscribing(
            limits, self._sessions, self._retained, self._delivery, self._sending, self._promises
        )
        self._admission = Admission(
            limits,
            self._sessions,
            self._promises,
            self.statistics,
            new_id=new_id,
            emit=self._events.append,
            close=self._close,
            resume=self._resume,
        )
        self._watch = Watch(limits, self._deadlines, close=self._close, leave=self._leave, mark=self._mark)
        self._unread: list[Session] = []
        self._system_topics = SystemTopics(
            limits.statistics_seconds,
            self.statistics,
            self._sessions,
            self._router,
            self._retained,
            self._intake,
            self._deadlines,
        )

    @property
    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, in seconds of the monotonic clock."""
        return self._deadlines.next

    def holdings(self) -> Holdings:
        """Return what the broker holds now."""
        return self._system_topics.holdings()

    def connection_made(
        self, policy: ListenerPolicy, now: Moment, peer: str = "", certificates_der: tuple[bytes, ...] = ()
    ) -> Connection:
        """Take a connection that was just accepted."""
        connection = Connection(policy, self._settings, self._promises, now, peer, certificates_der)
        self.connections[connection] = None
        self.statistics.connections += 1
        self._system_topics.begin(now)
        self._watch.look_at(connection, now.monotonic + self.limits.connect_timeout_seconds)
        return connection

    def receive_data(self, connection: Connection, data: bytes, now: Moment) -> None:
        """Take bytes from a connection. Raises nothing that a peer can cause."""
        if connection.wants_close:
            return
        self.statistics.bytes_received += len(data)
        self._handle(connection, connection.protocol.receive_data(data, now), now)

    def connection_lost(self, connection: Connection, now: Moment) -> None:
        """Take note that the socket is gone."""
        if connection.is_lost:
            return
        connection.is_lost = True
        self.connections.pop(connection, None)
        self._watch.forget(connection)
        self._leave(connection, None, "the connection ended without DISCONNECT", now)
        connection.wants_close = True
        connection.protocol.close()
        connection.discard()

    def set_writable(self, connection: Connection, is_writable: bool, now: Moment) -> None:
        """Take note that a connection takes more bytes now, or does not."""
        connection.is_writable = is_writable
        connection.unread_bytes = 0
        if is_writable and connection.session is not None:
            self._sending.send_ready(connection.session, now)

    def authentication_decided(self, connection: Connection, verdict: Verdict, now: Moment) -> None:
        """Answer `AuthenticationRequested`."""
        self._admission.decide(connection, verdict, now)
        self._mark(connection)

    def rights_changed(self, policy: ListenerPolicy, now: Moment) -> None:
        """Take note that the rules of a listener are others now."""
        for session, topic_filter in self._sessions.change_policy(policy, now):
            self._events.append(SubscriptionRevoked(session.client_id, topic_filter))
        for connection in list(self.connections):
            is_concerned = connection.policy is policy and connection.session is not None
            if is_concerned and not connection.access.may_connect(connection.identity.client_id):
                self._close(connection, NOT_AUTHORIZED, "the client may not connect any more", now)

    def shut_down(self, now: Moment) -> None:
        """Say goodbye to all clients; their sessions stay."""
        for connection in list(self.connections):
            self._close(connection, SERVER_SHUTTING_DOWN, "the broker stops", now)

    def handle_timeout(self, now: Moment) -> None:
        """Do what is due."""
        self._deadlines.run(now)

    def take_events(self) -> list[BrokerEvent]:
        """Return and forget what happened."""
        events = self._events[:]
        self._events.clear()
        return events

    def take_batch(self) -> JournalBatch | None:
        """Return what is to be committed now, None for nothing; the next call is for after `committed`."""
        return self._promises.take()

    def committed(self, number: int, now: Moment) -> None:
        """Take note that all batches up to `number` are on disk."""
        for connection in self._promises.commit(number):
            connection.release()
            if not connection.is_lost:
                self._mark(connection)
        self._state.committed(now)
        unread, self._unread = self._unread, []
        for session in unread:
            session.queue.is_reading = False
            self._sending.send_ready(session, now)

    def queue_read(self, number: int, records: list[QueuedRecord], now: Moment) -> None:
        """Answer `QueueWanted`: the next messages of a session, as far as they are on disk."""
        session = self._sessions.by_number.get(number)
        if session is None:
            return
        for record in records:
            session.queue.take_from_disk(outgoing_of(record, now))
        if records:
            session.queue.is_reading = False
            self._sending.send_ready(session, now)
        else:
            # What waits is in a batch that is not committed yet.
            self._unread.append(session)

    def restore(self, state: StoredState, now: Moment) -> None:
        """Take what an earlier process left; before the first connection."""
        restore(state, self._sessions, self._retained, self._sending, self.limits, now)
        self._state.restore(state.state, now)

    def take_dirty(self) -> list[Connection]:
        """Return the connections that have something to write, are to be closed, or are to be read or not."""
        dirty = self._dirty[:]
        self._dirty.clear()
        for connection in dirty:
            connection.is_dirty = False
        return dirty

    @property
    def is_dirty(self) -> bool:
        """Whether `take_dirty` has something, that is whether more is to be written in the next turn."""
        return bool(self._dirty)

    def resume_reading(self, connection: Connection, now: Moment) -> None:
        """Take what waited while the connection was held back; the host reads its socket again."""
        stalled, connection.stalled = connection.stalled, []
        if stalled and not connection.wants_close:
            self._handle(connection, stalled, now)

    def take_output(self, connection: Connection, now: Moment) -> list[bytes]:
        """Return and forget what to write to a connection; what had no place in it follows in the next turn."""
        was_full = connection.is_writable and not connection.is_ready
        output = connection.take_output()
        if was_full and connection.session is not None:
            self._sending.send_ready(connection.session, now)
        return output

    def _mark(self, connection: Connection) -> None:
        if not connection.is_dirty:
            connection.is_dirty = True
            self._dirty.append(connection)

    def _want_retained(self, connection: Connection, now: Moment) -> None:
        self._subscribing.send_retained_due(connection, now)

    def _want_queue(self, session: Session) -> None:
        self._events.append(QueueWanted(session.number, session.queue.last_sequence, READ_FROM_DISK))

    def _handle(self, connection: Connection, events: list[ServerEvent], now: Moment) -> None:
        accepted: list[int] = []
        intake = self._intake
        intake.begin()
        try:
            for index, event in enumerate(events):
                kind = type(event)
                if kind is MessageReceived:
                    try:
                        intake.receive(connection, event, accepted, now)  # type: ignore[arg-type]
                    except NotNow as reason:
                        self._stall(connection, events[index:], reason.session)
                        break
                elif kind is PubAckRun:
                    assert connection.session is not None
                    self._sending.accept_run(connection.session, event, now)  # type: ignore[arg-type]
                else:
                    intake.answer(connection, accepted, now)
                    self._handle_other(connection, event, now)
                if connection.wants_close:
                    break
        except MqttError as error:
            intake.answer(connection, accepted, now)
            self._close(connection, error.reason_code, str(error), now)
        if accepted:
            intake.answer(connection, accepted, now)
        if connection.unread_bytes > UNREAD_BYTES_MAX:
            self._close(connection, QUOTA_EXCEEDED, "it asks and does not read the answers", now)
        if not connection.is_dirty and (connection.output or not connection.wants_reading):
            self._mark(connection)

    def _handle_other(self, connection: Connection, event: ServerEvent, now: Moment) -> None:
        session = connection.session
        check_packet(self.limits.features, event)
        if isinstance(event, ConnectPacket):
            self._admission.connect(connection, event, now)
        elif isinstance(event, AuthPacket):
            self._admission.authenticate(connection, event, now)
        elif isinstance(event, ConnectionClosing):
            self._close(connection, event.reason_code or 0x80, event.detail, now)
        elif isinstance(event, DisconnectPacket):
            self._disconnected(connection, event, now)
        elif isinstance(event, PingReqPacket):
            connection.send(PINGRESP)
        else:
            assert session is not None, "only a connected client gets so far"
            self._handle_of_session(connection, session, event, now)

    def _handle_of_session(self, connection: Connection, session: Session, event: ServerEvent, now: Moment) -> None:
        if isinstance(event, SubscribePacket):
            self._subscribing.subscribe(connection, event, now)
        elif isinstance(event, UnsubscribePacket):
            self._subscribing.unsubscribe(connection, event, now)
        elif isinstance(event, PubAckPacket):
            self._sending.settle(session, event.packet_id, 1, now)
        elif isinstance(event, PubCompPacket):
            self._sending.complete(session, event.packet_id, now)
        elif isinstance(event, PubRelPacket):
            self._intake.release(connection, event)
        elif isinstance(event, PubRecPacket):
            if int(event.reason_code) >= 0x80:
                self._sending.settle(session, event.packet_id, 2, now)
                return
            number = self._sending.release(session, event.packet_id)
            wire = connection.protocol.wire
            code = PACKET_ID_NOT_FOUND if number is None else 0
            connection.send_after(number or 0, wire.pubrel(event.packet_id, code))

    def _stall(self, connection: Connection, events: list[ServerEvent], session: Session) -> None:
        """Read a MQTT 3.1.1 publisher no more until the session without room has some."""
        connection.stalled = events
        connection.is_held_back = True
        session.held_back.append(connection)
        self._mark(connection)

    def _resume(self, connection: Connection, now: Moment) -> None:
        """Go on with a client that was just let in."""
        self._watch.look_at(connection, now.monotonic)
        if connection.session is not None:
            self._sending.send_ready(connection.session, now)
        waiting = connection.protocol.take_waiting()
        if waiting:
            self._handle(connection, waiting, now)

    def _disconnected(self, connection: Connection, packet: DisconnectPacket, now: Moment) -> None:
        session = connection.session
        expiry = packet.session_expiry_interval
        if session is not None and expiry is not None:
            if connection.expiry_asked_seconds == 0 and expiry:
                raise ProtocolViolation("a Session Expiry Interval in DISCONNECT, and CONNECT had 0 [MQTT-3.14.2-2]")
            maximum = self.limits.session_expiry_seconds_max
            session.expiry_seconds = expiry if maximum is None else min(expiry, maximum)
        reason_code = int(packet.reason_code)
        if session is not None and reason_code != DISCONNECT_WITH_WILL and reason_code < 0x80:
            session.will = None
        self._leave(connection, reason_code, "", now)
        connection.protocol.close()
        connection.wants_close = True

    def _close(self, connection: Connection, reason_code: int, detail: str, now: Moment) -> None:
        """End a connection from our side, and say why where the protocol has a word for it."""
        if connection.wants_close:
            return
        protocol = connection.protocol
        goodbye: bytes | None = None
        if protocol.is_accepted and not connection.barrier:
            goodbye = protocol.wire.disconnect(reason_code)
        elif reason_code >= 0x80 and protocol.wire_is_known and not connection.is_lost:
            # [MQTT-3.14.0-1]: while CONNACK still waits for a commit, it says in its place why there is none.
            goodbye = protocol.wire.refusal(reason_code)
        if goodbye is not None and connection.takes(goodbye):
            connection.output.append(goodbye)
        connection.wants_close = True
        protocol.close()
        self._leave(connection, reason_code, detail, now)
        self._mark(connection)

    def _leave(self, connection: Connection, reason_code: int | None, detail: str, now: Moment) -> None:
        session, connection.session = connection.session, None
        if session is None or session.connection is not connection:
            return
        self._events.append(ClientDisconnected(session.client_id, connection.peer, reason_code, detail))
        self._state.forget(session)
        self._sessions.detach(session, now)

    def _publish_will(self, session: Session, message: Message, now: Moment) -> None:
        if session.access.may_publish(message.topic) and not message.topic.startswith(OWN_TOPICS):
            self._intake.publish(message, session, session.identity, now)
        else:
            self.statistics.drop("unauthorized")
