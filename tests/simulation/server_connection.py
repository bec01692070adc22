"""The server's half of one Network Connection: packets in, packets out, and what a client must not do.

Knows the specification from the server's side. Does not know what a session's end means to anybody.
"""

from collections import deque

import mqtt5 as packets

from tests.simulation.broker import Broker, Session
from tests.simulation.link import Link
from tests.simulation.publication import Announcement, Publication, Violation, number_of

__all__ = ["SESSION_TAKEN_OVER", "ServerConnection"]

SESSION_TAKEN_OVER = 0x8E


class ServerConnection:
    """The server's half of one Network Connection; an `End` of a link."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.link: Link | None = None
        self.session: Session | None = None
        self.is_over = False
        self._announced = Announcement()
        self._rest = b""
        self._receive_maximum = 65_535
        self._aliases_left = 0
        self._aliases: dict[str, int] = {}
        self._received_aliases: dict[int, str] = {}
        self._has_disconnected = False
        self._sent_order: deque[int] = deque()
        self._to_resend: deque[int] = deque()
        self._unanswered: dict[int, tuple[int, int, packets.PublishPacket, str]] = {}
        self._session_present = False
        self._has_published_new = False
        self._answered_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        data = self._rest + data
        position = 0
        while position < len(data) and not self.is_over:
            try:
                packet, length = packets.read(memoryview(data)[position:])
            except IndexError:
                break
            position += length
            self._handle(packet)
        self._rest = data[position:]

    def link_ended(self) -> None:
        """Take note that the connection is gone; the session stays as long as it was asked to."""
        if self.is_over:
            return
        self.is_over = True
        session, broker = self.session, self.broker
        if session is None or broker.connections.get(session.client_id) is not self:
            return
        del broker.connections[session.client_id]
        received = {packet_id: number for packet_id, (number, *_) in self._unanswered.items()}
        # What this connection's limits forbade is not resent: the client has taken it out of its session.
        session.unanswered = received if self._has_forbidden() else received | session.unanswered
        lost = [publication for publication in session.queue if not publication.qos]
        session.queue = deque(publication for publication in session.queue if publication.qos)
        broker.observer.forgotten(lost)
        broker.observer.note(broker.name, "connection ended")
        if session.expiry_seconds == 0:
            broker.end_session(session)
        else:
            session.expiry = broker.timeline.after(session.expiry_seconds, lambda: broker.end_session(session))

    def writing_paused(self, is_paused: bool) -> None:
        """Servers of this model have room enough."""

    def abandon(self) -> None:
        """Drop the connection without a word."""
        link = self.link
        assert link is not None
        link.cut()

    def disconnect(self, reason_code: int) -> None:
        """Say why, and close."""
        data = packets.DisconnectPacket(reason_code=packets.DisconnectReasonCode(reason_code)).write()
        self._send(data, f"DISCONNECT 0x{reason_code:02X}")
        self._close()

    def inject(self, data: bytes) -> None:
        """Write bytes that are no packet."""
        self._send(data, f"garbage {data.hex()}")

    def send_queued(self) -> None:
        """Send what the client's Receive Maximum allows: first again what it has not acknowledged, then what waits."""
        session = self.session
        if session is None or self.is_over:
            return
        while self._to_resend and len(self._sent_order) < self._receive_maximum:
            packet_id = self._to_resend.popleft()
            self._send_publish(session.inflight[packet_id], packet_id, duplicate=True)
        while session.queue and not self._to_resend and not self.is_over:
            publication = session.queue[0]
            if self.broker.timeline.now >= publication.expires_at:
                session.queue.popleft()
                self.broker.observer.forgotten([publication])
                continue
            if publication.qos == 0:
                session.queue.popleft()
                self._send_publish(publication, None, duplicate=False)
                continue
            if len(self._sent_order) >= self._receive_maximum:
                return
            session.queue.popleft()
            packet_id = session.last_packet_id % 65_535 + 1
            while packet_id in session.inflight:
                packet_id = packet_id % 65_535 + 1
            session.last_packet_id = packet_id
            session.inflight[packet_id] = publication
            self._send_publish(publication, packet_id, duplicate=False)

    def _send_publish(self, publication: Publication, packet_id: int | None, duplicate: bool) -> None:
        topic, alias = publication.topic, None
        if self.broker.uses_aliases and self._aliases_left:
            alias = self._aliases.get(topic)
            if alias is not None:
                topic = ""
            elif len(self._aliases) < self._aliases_left:
                alias = self._aliases[topic] = len(self._aliases) + 1
        expiry = publication.expiry_seconds
        if expiry is not None:
            expiry = max(0, expiry - int(self.broker.timeline.now - publication.published_at))
        if packet_id is not None:
            self._sent_order.append(packet_id)
        data = packets.PublishPacket(
            topic,
            publication.payload,
            qos=packets.QoS.AT_MOST_ONCE if packet_id is None else packets.QoS.AT_LEAST_ONCE,
            retain=publication.retain,
            packet_id=packet_id,
            duplicate=duplicate,
            message_expiry_interval=expiry,
            content_type="text/plain",
            topic_alias=alias,
            user_properties=[("number", str(publication.number))],
        ).write()
        self._send(data, f"PUBLISH <{publication.number}> id {packet_id}{' DUP' if duplicate else ''}")

    def _send(self, data: bytes, what: str) -> None:
        if not self.is_over and self.link is not None:
            self.broker.observer.note(self.broker.name, f"> {what}")
            self.link.send(self, data)

    def _close(self) -> None:
        if not self.is_over and self.link is not None:
            link = self.link
            link.close(self)
            self.link_ended()

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise Violation(f"{self.broker.name}: {what}")

    def _handle(self, packet: packets.Packet) -> None:
        self._require(not self._has_disconnected, f"{type(packet).__name__} after DISCONNECT [MQTT-3.14.4-1]")
        if isinstance(packet, packets.ConnectPacket):
            self._handle_connect(packet)
            return
        self._require(self.session is not None, f"{type(packet).__name__} before CONNECT [MQTT-3.1.0-1]")
        if isinstance(packet, packets.PublishPacket):
            self._handle_publish(packet)
        elif isinstance(packet, packets.PubAckPacket):
            self._handle_puback(packet.packet_id, int(packet.reason_code))
        elif isinstance(packet, packets.SubscribePacket):
            self._handle_subscribe(packet)
        elif isinstance(packet, packets.UnsubscribePacket):
            self._handle_unsubscribe(packet)
        elif isinstance(packet, packets.PingReqPacket):
            self._send(packets.PingRespPacket().write(), "PINGRESP")
        elif isinstance(packet, packets.DisconnectPacket):
            self._handle_disconnect(packet)
        else:
            raise Violation(f"{self.broker.name}: an unexpected {type(packet).__name__}")

    def _handle_connect(self, packet: packets.ConnectPacket) -> None:
        broker = self.broker
        broker.observer.note(broker.name, f"< CONNECT {packet.client_id} receive maximum {packet.receive_max}")
        self._require(self.session is None, "CONNECT twice [MQTT-3.1.0-2]")
        self._require(not packet.clean_start, "Clean Start 1")
        self._announced = announced = broker.announce()
        if announced.reason_code:
            code = packets.ConnAckReasonCode(announced.reason_code)
            self._send(packets.ConnAckPacket(reason_code=code).write(), f"CONNACK 0x{announced.reason_code:02X}")
            self._close()
            return
        other = broker.connections.get(packet.client_id)
        if other is not None:
            other.disconnect(SESSION_TAKEN_OVER)
        session = broker.sessions.get(packet.client_id)
        self._session_present = session is not None
        if session is None:
            session = broker.sessions[packet.client_id] = Session(packet.client_id)
        if session.expiry is not None:
            session.expiry.cancel()
            session.expiry = None
        session.expiry_seconds = packet.session_expiry_interval
        self.session = session
        broker.connections[packet.client_id] = self
        if not self._session_present:
            session.unanswered.clear()
        self._receive_maximum = packet.receive_max * broker.excess
        self._aliases_left = packet.topic_alias_max
        self._to_resend = deque(session.inflight)
        data = packets.ConnAckPacket(
            session_present=self._session_present,
            receive_max=announced.receive_maximum,
            topic_alias_max=announced.topic_alias_maximum,
            max_qos=packets.QoS(announced.maximum_qos),
            retain_available=announced.retain_available,
            max_packet_size=announced.packet_bytes_max,
            wildcard_subscription_available=announced.wildcards_available,
            server_keep_alive=announced.keep_alive_seconds,
        ).write()
        self._send(data, f"CONNACK session present {int(self._session_present)}, {announced}")
        self.send_queued()

    def _handle_publish(self, packet: packets.PublishPacket) -> None:
        broker, announced, session = self.broker, self._announced, self.session
        assert session is not None
        topic = packet.topic
        if packet.topic_alias is not None:
            self._require(0 < packet.topic_alias <= announced.topic_alias_maximum, "a topic alias above the maximum")
            if topic:
                self._received_aliases[packet.topic_alias] = topic
            topic = self._received_aliases.get(packet.topic_alias, "")
            self._require(bool(topic), "a topic alias that was never set")
        number = number_of(packet.payload)
        packet_id = packet.packet_id
        broker.observer.note(
            broker.name, f"< PUBLISH <{number}> id {packet_id}{' DUP' if packet.duplicate else ''} {topic}"
        )
        self._require(announced.retain_available or not packet.retain, "a retained PUBLISH [MQTT-3.2.2-14]")
        if announced.packet_bytes_max is not None:
            self._require(len(packet.write()) <= announced.packet_bytes_max, "a packet too large [MQTT-3.2.2-15]")
        if packet_id is None:
            broker.observer.accepted(number, packet, topic)
            return
        self._require(announced.maximum_qos >= 1, "a PUBLISH of QoS 1 [MQTT-3.2.2-11]")
        self._check_resend(packet_id, number, packet.duplicate)
        self._require(packet_id not in self._unanswered, f"packet identifier {packet_id} is in use [MQTT-2.2.1-4]")
        self._require(
            len(self._unanswered) < announced.receive_maximum,
            f"more than {announced.receive_maximum} unacknowledged PUBLISH packets [MQTT-3.3.4-7]",
        )
        self._require(len(self._unanswered) < broker.client_window, f"more than {broker.client_window} in flight")
        code = broker.verdict(number)
        self._unanswered[packet_id] = (number, code, packet, topic)
        if not broker.applies_late and code < 0x80:
            broker.observer.accepted(number, packet, topic)
        answered_at = broker.timeline.now + broker.answer_seconds()
        if broker.answers_in_order:
            answered_at = self._answered_at = max(self._answered_at, answered_at)
        broker.timeline.at(answered_at, lambda: self._answer(packet_id))

    def _check_resend(self, packet_id: int, number: int, duplicate: bool) -> None:
        """In a resumed session come first, with DUP and in order, all that were not answered; DUP never comes in a new one."""
        session = self.session
        assert session is not None
        unanswered = session.unanswered
        has_excuse = self._has_forbidden()
        if duplicate:
            self._require(self._session_present, "DUP in a new session [MQTT-3.2.2-5]")
            self._require(not self._has_published_new, "a resend after something new [MQTT-4.6.0-1]")
            if packet_id in unanswered:
                first = next(iter(unanswered))
                self._require(first == packet_id or has_excuse, f"resend of {packet_id} before that of {first}")
                known = unanswered.pop(packet_id)
                self._require(known == number, f"packet identifier {packet_id} was <{known}> and now is <{number}>")
            return
        if not self._has_published_new:
            self._has_published_new = True
            self._require(not unanswered or has_excuse, f"something new before the resend of {list(unanswered)}")
            unanswered.clear()

    def _has_forbidden(self) -> bool:
        return self._announced.packet_bytes_max is not None or not self._announced.retain_available

    def _answer(self, packet_id: int) -> None:
        if self.is_over or packet_id not in self._unanswered:
            return
        number, code, packet, topic = self._unanswered.pop(packet_id)
        broker = self.broker
        if broker.applies_late and code < 0x80:
            broker.observer.accepted(number, packet, topic)
        broker.observer.confirmed(number, code)
        data = packets.PubAckPacket(packet_id, reason_code=packets.PubAckReasonCode(code)).write()
        self._send(data, f"PUBACK id {packet_id} <{number}> 0x{code:02X}")

    def _handle_puback(self, packet_id: int, reason_code: int) -> None:
        session = self.session
        assert session is not None
        self.broker.observer.note(self.broker.name, f"< PUBACK id {packet_id} 0x{reason_code:02X}")
        self._require(bool(self._sent_order), f"PUBACK {packet_id}, and nothing is unacknowledged")
        self._require(
            self._sent_order[0] == packet_id,
            f"PUBACK {packet_id} before that of {self._sent_order[0]}, which came first [MQTT-4.6.0-2]",
        )
        self._require(reason_code == 0, f"PUBACK 0x{reason_code:02X}")
        self._sent_order.popleft()
        self.broker.observer.acknowledged(session.inflight.pop(packet_id))
        self.send_queued()

    def _handle_subscribe(self, packet: packets.SubscribePacket) -> None:
        session = self.session
        assert session is not None
        patterns = [item.pattern for item in packet.topic_filters]
        self.broker.observer.note(self.broker.name, f"< SUBSCRIBE {' '.join(patterns)}")
        for item in packet.topic_filters:
            session.filters[item.pattern] = 1
        granted = [packets.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(patterns)
        self._send(packets.SubAckPacket(packet.packet_id, granted).write(), "SUBACK")

    def _handle_unsubscribe(self, packet: packets.UnsubscribePacket) -> None:
        session = self.session
        assert session is not None
        self.broker.observer.note(self.broker.name, f"< UNSUBSCRIBE {' '.join(packet.patterns)}")
        codes = [
            packets.UnsubAckReasonCode.SUCCESS
            if session.filters.pop(pattern, None) is not None
            else packets.UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED
            for pattern in packet.patterns
        ]
        self._send(packets.UnsubAckPacket(packet.packet_id, codes).write(), "UNSUBACK")

    def _handle_disconnect(self, packet: packets.DisconnectPacket) -> None:
        session = self.session
        assert session is not None
        expiry = packet.session_expiry_interval
        self.broker.observer.note(
            self.broker.name, f"< DISCONNECT 0x{int(packet.reason_code):02X} session expiry {expiry}"
        )
        self._has_disconnected = True
        if expiry is not None:
            session.expiry_seconds = expiry
        self._close()
