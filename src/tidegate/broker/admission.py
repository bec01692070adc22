"""CONNECT and AUTH: who is let in, with which session, and what is announced to it.

Knows the two handshakes. Does not know how a credential is checked: the host answers `AuthenticationRequested`.
"""

from collections.abc import Callable

from tidegate.broker.access import OWN_TOPICS
from tidegate.broker.connection import Connection
from tidegate.broker.events import (
    AuthenticationRequested,
    BrokerEvent,
    ClientConnected,
    ClientRefused,
    SubscriptionRevoked,
)
from tidegate.broker.feature_rules import check_connect
from tidegate.broker.identity import Accepted, Challenge, Identity, Presented, Refused, Verdict
from tidegate.broker.journal import WillRecord
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.promises import Promises
from tidegate.broker.session import Session
from tidegate.broker.sessions import Sessions
from tidegate.broker.statistics import Statistics
from tidegate.exceptions import ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.aliases import OutboundAliases
from tidegate.mqtt.packets import AuthPacket, ConnAckPacket, ConnectPacket, QoS
from tidegate.mqtt.wire import Wire

__all__ = ["Admission"]

CONTINUE_AUTHENTICATION = 0x18
REAUTHENTICATE = 0x19
CLIENT_ID_NOT_VALID = 0x85
NOT_AUTHORIZED = 0x87
SERVER_BUSY = 0x89
BAD_AUTHENTICATION_METHOD = 0x8C
SESSION_TAKEN_OVER = 0x8E
PACKET_TOO_LARGE = 0x95
QUOTA_EXCEEDED = 0x97


class Admission:
    """Lets clients in. `close` ends a connection with a reason; `resume` goes on with one that was let in."""

    def __init__(
        self,
        limits: BrokerLimits,
        sessions: Sessions,
        promises: Promises,
        statistics: Statistics,
        *,
        new_id: Callable[[], str],
        emit: Callable[[BrokerEvent], None],
        close: Callable[[Connection, int, str, Moment], None],
        resume: Callable[[Connection, Moment], None],
    ) -> None:
        self._limits = limits
        self._sessions = sessions
        self._promises = promises
        self._statistics = statistics
        self._new_id = new_id
        self._emit = emit
        self._close = close
        self._resume = resume

    def connect(self, connection: Connection, packet: ConnectPacket, now: Moment) -> None:
        """Take a CONNECT. Raises `ProtocolViolation` when it asks for what the broker does not offer."""
        check_connect(self._limits.features, packet, connection.protocol.wire)
        connection.pending_connect = packet
        connection.expiry_asked_seconds = packet.session_expiry_interval
        connection.packet_bytes_max = packet.max_packet_size
        if len(packet.client_id.encode()) > self._limits.client_id_bytes_max:
            self._refuse(connection, CLIENT_ID_NOT_VALID, "the client identifier is too long", now)
            return
        if not packet.client_id and connection.protocol.wire is Wire.V3 and not packet.clean_start:
            self._refuse(
                connection, CLIENT_ID_NOT_VALID, "no client identifier, and Clean Session 0 [MQTT-3.1.3-8]", now
            )
            return
        connection.authentication_method = packet.authentication_method
        if connection.policy.needs_authentication:
            self._ask(connection, packet.authentication_data, now)
        elif packet.authentication_method is not None:
            detail = "the listener has no authentication, and so no method of it"
            self._refuse(connection, BAD_AUTHENTICATION_METHOD, detail, now)
        else:
            # A user name that nobody checks makes nobody of it: rules and sessions of a subject are not for claiming.
            self.decide(connection, Accepted(Identity(packet.client_id)), now)

    def authenticate(self, connection: Connection, packet: AuthPacket, now: Moment) -> None:
        """Take an AUTH.

        Raises:
            ProtocolViolation: it may not come now [MQTT-4.12.0-6], or names another method [MQTT-4.12.0-5].
        """
        method = connection.authentication_method
        if method is None:
            raise ProtocolViolation("AUTH, and CONNECT had no authentication method [MQTT-4.12.0-6]")
        if packet.authentication_method != method:
            raise ProtocolViolation(f"AUTH with another authentication method than {method} [MQTT-4.12.0-5]")
        # A client answers our challenge with 0x18, and begins again with 0x19 once it is connected and nothing else is going on.
        reason_code = int(packet.reason_code)
        if connection.is_challenged:
            may_come = reason_code == CONTINUE_AUTHENTICATION
        else:
            is_accepted = connection.protocol.is_accepted
            may_come = reason_code == REAUTHENTICATE and is_accepted and not connection.is_deciding
        if not may_come:
            raise ProtocolViolation(f"AUTH 0x{reason_code:02X}, and it was not its turn (section 4.12)")
        connection.is_challenged = False
        self._ask(connection, packet.authentication_data, now)

    def decide(self, connection: Connection, verdict: Verdict, now: Moment) -> None:
        """Go on with what was found about a client's credentials, also when nothing of the client's own made us look."""
        was_asked, connection.is_deciding = connection.is_deciding, False
        if connection.is_lost or connection.wants_close:
            return
        is_first = not connection.protocol.is_accepted
        if isinstance(verdict, Refused):
            if is_first:
                self._refuse(connection, verdict.reason_code, verdict.detail, now)
            else:
                self._close(connection, NOT_AUTHORIZED, verdict.detail, now)
        elif isinstance(verdict, Challenge):
            assert connection.authentication_method is not None, "a challenge belongs to a method"
            wire = connection.protocol.wire
            challenge = wire.auth(CONTINUE_AUTHENTICATION, connection.authentication_method, verdict.data)
            connection.is_challenged = True
            if connection.takes(challenge):
                connection.send(challenge)
            else:
                self._close(connection, PACKET_TOO_LARGE, "the client takes no packet as long as its challenge", now)
        elif is_first:
            self._accept(connection, verdict, now)
        else:
            self._know_as(connection, verdict, now)
            if was_asked:
                assert connection.authentication_method is not None
                connection.send(connection.protocol.wire.auth(0, connection.authentication_method, None))
            self._resume(connection, now)

    def _ask(self, connection: Connection, data: bytes | None, now: Moment) -> None:
        packet = connection.pending_connect
        is_first = not connection.protocol.is_accepted
        connection.is_deciding = True
        presented = Presented(
            client_id=packet.client_id if packet is not None else connection.identity.client_id,
            method=connection.authentication_method,
            data=data,
            username=packet.username if packet is not None else None,
            password=packet.password if packet is not None else None,
            certificates_der=connection.certificates_der,
            subject_before=None if is_first else connection.identity.subject,
        )
        self._emit(AuthenticationRequested(connection, presented))

    def _refuse(self, connection: Connection, reason_code: int, detail: str, now: Moment) -> None:
        packet, connection.pending_connect = connection.pending_connect, None
        client_id = packet.client_id if packet is not None else connection.identity.client_id
        self._statistics.connections_refused[reason_code] += 1
        self._emit(ClientRefused(client_id, connection.peer, reason_code, detail))
        refusal = connection.protocol.wire.refusal(reason_code)
        if refusal is not None and connection.takes(refusal):
            connection.send(refusal)
        connection.protocol.close()
        connection.wants_close = True

    def _accept(self, connection: Connection, verdict: Accepted, now: Moment) -> None:
        packet = connection.pending_connect
        assert packet is not None
        limits = self._limits
        client_id = packet.client_id or self._unused_id()
        identity = Identity(client_id, verdict.identity.subject, verdict.identity.attributes)
        connection.identity = identity
        connection.pending_connect = None
        connection.credential_expires_wall, connection.basis = verdict.expires_wall, verdict.basis
        connection.access = access = connection.policy.access_of(identity)
        will = _will(packet)
        if not access.may_connect(client_id):
            self._refuse(connection, NOT_AUTHORIZED, "the client may not connect", now)
            return
        topic = "" if will is None else will.message.topic
        if will is not None and (topic.startswith(OWN_TOPICS) or not access.may_publish(topic)):
            self._refuse(connection, NOT_AUTHORIZED, f"the client may not publish its will to {topic!r}", now)
            return
        session = self._sessions.get(client_id)
        if session is None and len(self._sessions) >= limits.sessions_max:
            self._refuse(connection, QUOTA_EXCEEDED, f"there are {limits.sessions_max} sessions", now)
            return
        refused = self._refused_session(session, identity)
        if refused is not None:
            self._refuse(connection, refused.reason_code, refused.detail, now)
            return
        expiry, keep_alive = self._terms(packet, connection.protocol.wire)
        if not connection.takes(self._connack(connection, packet, False, expiry, keep_alive)):
            self._refuse(connection, PACKET_TOO_LARGE, "the client takes no packet as long as its CONNACK", now)
            return
        session, is_present = self._take_session(connection, packet, session, now)
        session.expiry_seconds = expiry
        if expiry and not session.is_durable and self._is_durable(packet):
            self._sessions.make_durable(session, now)
        self._sessions.attach(session, connection, will)
        connection.session = session
        connection.keep_alive_seconds = keep_alive
        connection.send_quota = min(packet.receive_max, limits.send_maximum)
        if packet.topic_alias_max and connection.protocol.wire is Wire.V5:
            connection.aliases = OutboundAliases(packet.topic_alias_max)
        connection.to_resend.extend(session.inflight)
        connection.not_resent.update(session.inflight)
        for topic_filter in self._sessions.revoke(session, now):
            self._emit(SubscriptionRevoked(client_id, topic_filter))
        connection.protocol.accept(limits.topic_alias_maximum)
        self._answer(connection, session, self._connack(connection, packet, is_present, expiry, keep_alive))
        self._emit(ClientConnected(client_id, connection.peer, connection.protocol.wire.value, is_present))
        self._resume(connection, now)

    def _refused_session(self, session: Session | None, identity: Identity) -> Refused | None:
        """Say why a client may not have this session or, with None, one more; brokers that we emulate have such rules."""
        features = self._limits.features
        is_own = session is not None and session.identity.subject == identity.subject
        if session is not None and not is_own and not features.hands_over_sessions:
            return Refused(NOT_AUTHORIZED, "somebody else has a session with the client identifier")
        maximum = features.sessions_per_subject_max
        if maximum is None or is_own:
            return None
        taken = sum(each.identity.subject == identity.subject for each in self._sessions.everyone())
        return Refused(QUOTA_EXCEEDED, f"the client has {taken} sessions") if taken >= maximum else None

    def _unused_id(self) -> str:
        """Make a client identifier that no session has [MQTT-3.2.2-16]; somebody may have chosen a made one by himself."""
        client_id = self._new_id()
        while self._sessions.get(client_id) is not None:
            client_id = self._new_id()
        return client_id

    def _terms(self, packet: ConnectPacket, wire: Wire) -> tuple[int, int]:
        """Return the session expiry and the keep alive that hold for a client, in seconds.

        A client of MQTT 3.1.1 cannot be told another keep alive than its own, which therefore holds.
        """
        limits = self._limits
        expiry = packet.session_expiry_interval
        if limits.session_expiry_seconds_max is not None:
            expiry = min(expiry, limits.session_expiry_seconds_max)
        keep_alive = packet.keep_alive
        longest = limits.keep_alive_seconds_max
        if longest is not None and not 0 < keep_alive <= longest and wire is Wire.V5:
            keep_alive = longest
        return expiry, keep_alive

    def _take_session(
        self, connection: Connection, packet: ConnectPacket, session: Session | None, now: Moment
    ) -> tuple[Session, bool]:
        if session is not None:
            before = session.connection
            if before is not None:
                # [MQTT-3.1.4-3]; the will follows the rules of a connection that ends without DISCONNECT.
                will = session.will
                if will is not None and will.delay_seconds and session.expiry_seconds and not packet.clean_start:
                    session.will = None
                self._close(before, SESSION_TAKEN_OVER, "another client connected with the same identifier", now)
                session = self._sessions.get(connection.identity.client_id)
        if session is not None and (packet.clean_start or session.identity.subject != connection.identity.subject):
            # A session is its subject's: to anybody else its messages and subscriptions are not for taking.
            self._sessions.end(session, now)
            session = None
        if session is not None:
            return session, True
        return self._sessions.create(
            connection.identity.client_id, connection.identity, connection.protocol.wire
        ), False

    def _connack(
        self, connection: Connection, packet: ConnectPacket, is_present: bool, expiry: int, keep_alive: int
    ) -> bytes:
        limits = self._limits
        return connection.protocol.wire.connack(
            ConnAckPacket(
                session_present=is_present,
                session_expiry_interval=expiry if expiry != packet.session_expiry_interval else None,
                assigned_client_id=None if packet.client_id else connection.identity.client_id,
                server_keep_alive=keep_alive if keep_alive != packet.keep_alive else None,
                authentication_method=packet.authentication_method,
                receive_max=limits.receive_maximum,
                topic_alias_max=limits.topic_alias_maximum,
                max_packet_size=limits.packet_bytes_max,
                max_qos=QoS(limits.features.maximum_qos),
                retain_available=limits.features.retain,
                shared_subscription_available=limits.features.shared_subscriptions,
                subscription_id_available=limits.features.subscription_identifiers,
            )
        )

    def _answer(self, connection: Connection, session: Session, connack: bytes) -> None:
        if session.is_durable and self._promises.batch:
            connection.send_after(self._promises.number, connack)
            connection.barrier = self._promises.number if connection.held else 0
        else:
            connection.send(connack)

    def _know_as(self, connection: Connection, verdict: Accepted, now: Moment) -> None:
        """Let a client that is connected be what a later verdict says."""
        assert connection.session is not None
        connection.credential_expires_wall, connection.basis = verdict.expires_wall, verdict.basis
        connection.identity = Identity(
            connection.identity.client_id, verdict.identity.subject, verdict.identity.attributes
        )
        connection.access = connection.session.access = connection.policy.access_of(connection.identity)
        connection.session.identity = connection.identity
        for topic_filter in self._sessions.revoke(connection.session, now):
            self._emit(SubscriptionRevoked(connection.identity.client_id, topic_filter))

    def _is_durable(self, packet: ConnectPacket) -> bool:
        limits = self._limits
        asks = limits.persistence_property in packet.user_properties
        return limits.durable_sessions == "expiring" or (limits.durable_sessions == "asked" and asks)


def _will(packet: ConnectPacket) -> WillRecord | None:
    will = packet.will
    if will is None:
        return None
    message = Message(
        will.topic,
        will.payload or b"",
        int(will.qos),
        will.retain,
        will.payload_format_indicator,
        will.message_expiry_interval,
        will.content_type,
        will.response_topic,
        will.correlation_data,
        tuple(will.user_properties),
    )
    return WillRecord(message, will.will_delay_interval)
