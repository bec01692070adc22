"""What we publish on one Network Connection: the send quota, the server's limits, and resends.

Knows which packet may leave now and what each answer settles. Does not know connection states; `client` calls it while
connected. What is in flight with QoS 1 is the session's and outlives this object; a QoS 2 exchange ends with it.
"""

from collections import OrderedDict
from typing import Generic

from tidegate.exceptions import LocalViolation, ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt import packets
from tidegate.mqtt.aliases import ALIAS_ADDS_BYTES_MAX, ALIAS_PAYS_FROM_BYTES, OutboundAliases
from tidegate.mqtt.events import Event, PublishesAccepted, PublishReceived, PublishRefused, PublishSettled
from tidegate.mqtt.inflight import Token
from tidegate.mqtt.packets import PubAckPacket, PubAckRun, PubCompPacket, PubRecPacket
from tidegate.mqtt.plain_encoder import PlainEncoder
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.mqtt.session import Session

__all__ = ["Publisher"]


class Publisher(Generic[Token]):
    """Appends PUBLISH packets to `output`, as far as the server's limits and its Receive Maximum go."""

    def __init__(self, session: Session[Token], output: list[bytes]) -> None:
        self._session = session
        self._output = output
        self._limits = ServerLimits()
        self._plain = PlainEncoder()
        self._is_unlimited = False
        self._aliases: OutboundAliases | None = None
        self._quota = 0
        self._resend: OrderedDict[int, None] = OrderedDict()
        self._exchanges: dict[int, Token] = {}
        self._released: set[int] = set()

    @property
    def room(self) -> int:
        """Return the send quota (section 4.9), 0 until all resends have left [MQTT-4.4.0-1]."""
        return 0 if self._resend else self._quota

    def begin(self, limits: ServerLimits, inflight_maximum: int) -> int:
        """Take what CONNACK said, and our own bound of messages in flight; return how many wait to be resent."""
        self._limits = limits
        self._is_unlimited = limits.retain_available and limits.maximum_qos > 0 and limits.packet_bytes_max is None
        self._quota = min(limits.receive_maximum, inflight_maximum)
        if limits.topic_alias_maximum:
            self._aliases = OutboundAliases(limits.topic_alias_maximum)
        self._resend = OrderedDict.fromkeys(self._session.inflight.packet_ids())
        return len(self._resend)

    def publish(self, message: Message, token: Token) -> None:
        """Send a message with its QoS; see `ClientConnection.publish`."""
        if message.qos == 0:
            self._output.append(self._encode(message, None, False))
            return
        assert self._quota > 0 and not self._resend, "no room for a QoS 1 or 2 message"
        session = self._session
        packet_id = session.packet_ids.next_free()
        data = self._encode(message, packet_id, False)
        if message.qos == 1:
            session.inflight.entries[packet_id] = (message, token)
        else:
            session.packet_ids.take(packet_id)
            self._exchanges[packet_id] = token
        self._quota -= 1
        self._output.append(data)

    def resend(self, events: list[Event[Token]]) -> None:
        """Resend what is in flight, in order and with DUP, as far as the send quota goes [MQTT-4.4.0-1]."""
        inflight = self._session.inflight
        while self._resend and self._quota > 0:
            packet_id, _ = self._resend.popitem(last=False)
            try:
                data = self._encode(inflight.message(packet_id), packet_id, True)
            except LocalViolation as error:
                token = inflight.settle(packet_id)
                if token is not None:
                    events.append(PublishRefused(token, error.reason_code, str(error)))
                continue
            self._quota -= 1
            self._output.append(data)

    def handle_puback(self, packet: PubAckPacket, events: list[Event[Token]]) -> None:
        """Settle one message.

        Raises:
            ProtocolViolation: it is not in flight, reason code 0x82.
        """
        packet_id = packet.packet_id
        token = None if packet_id in self._resend else self._session.inflight.settle(packet_id)
        if token is None:
            raise ProtocolViolation(f"PUBACK for packet identifier {packet_id}, which is not in flight")
        self._quota += 1
        events.append(PublishSettled(token, int(packet.reason_code), packet.reason_str))
        if self._resend:
            self.resend(events)

    def handle_puback_run(self, run: PubAckRun, events: list[Event[Token]]) -> None:
        """Settle many messages; raises what `handle_puback` does, after those before the wrong one are settled."""
        entries = self._session.inflight.entries
        resend = self._resend
        tokens: list[Token] = []
        try:
            for packet_id in run.packet_ids:
                if packet_id not in entries or packet_id in resend:
                    raise ProtocolViolation(f"PUBACK for packet identifier {packet_id}, which is not in flight")
                tokens.append(entries.pop(packet_id)[1])
        finally:
            self._quota += len(tokens)
            if tokens:
                events.append(PublishesAccepted(tokens))
        if self._resend:
            self.resend(events)

    def handle_pubrec(self, packet: PubRecPacket, events: list[Event[Token]]) -> None:
        """Release one message of QoS 2, or settle it where the server refused it [MQTT-4.3.3-4].

        Raises:
            ProtocolViolation: it is not in flight with QoS 2, reason code 0x82.
        """
        packet_id, reason_code = packet.packet_id, int(packet.reason_code)
        if packet_id not in self._exchanges:
            raise ProtocolViolation(f"PUBREC for packet identifier {packet_id}, which is not in flight with QoS 2")
        if reason_code >= 0x80:
            self._end_exchange(packet_id, reason_code, packet.reason_str, events)
            return
        self._released.add(packet_id)
        events.append(PublishReceived(self._exchanges[packet_id]))
        self._output.append(packets.encode_pubrel(packet_id))

    def handle_pubcomp(self, packet: PubCompPacket, events: list[Event[Token]]) -> None:
        """Settle one message of QoS 2.

        Raises:
            ProtocolViolation: no PUBREL of ours waits for it, reason code 0x82.
        """
        packet_id = packet.packet_id
        if packet_id not in self._released:
            raise ProtocolViolation(f"PUBCOMP for packet identifier {packet_id}, which was not released")
        self._end_exchange(packet_id, int(packet.reason_code), packet.reason_str, events)

    def _end_exchange(self, packet_id: int, code: int, reason_string: str | None, events: list[Event[Token]]) -> None:
        self._released.discard(packet_id)
        self._session.packet_ids.release(packet_id)
        self._quota += 1
        events.append(PublishSettled(self._exchanges.pop(packet_id), code, reason_string))

    def _encode(self, message: Message, packet_id: int | None, duplicate: bool) -> bytes:
        # Nearly every message and server: nothing to check, and no alias worth having.
        if self._is_unlimited and (self._aliases is None or len(message.topic) < ALIAS_PAYS_FROM_BYTES):
            expiry, qos, retain = message.message_expiry_seconds, message.qos, message.retain
            return self._plain.encode(message, qos, retain, packet_id, expiry, (), None, None, duplicate)
        limits = self._limits
        if message.retain and not limits.retain_available:
            raise LocalViolation("the server takes no retained messages [MQTT-3.2.2-14]", 0x9A)
        if message.qos > limits.maximum_qos:
            raise LocalViolation(f"the server takes no QoS above {limits.maximum_qos} [MQTT-3.2.2-11]", 0x9B)
        if limits.packet_bytes_max is not None:
            # Checked with the whole topic and before an alias is spent: what is refused must set no alias.
            data = packets.encode_publish(message, packet_id, duplicate, message.topic, None)
            if len(data) > limits.packet_bytes_max:
                raise LocalViolation(
                    f"the message makes a packet of {len(data)} bytes, and the server takes {limits.packet_bytes_max}"
                    " [MQTT-3.2.2-15]",
                    0x95,
                )
            if self._aliases is None or len(data) + ALIAS_ADDS_BYTES_MAX > limits.packet_bytes_max:
                return data
        topic, alias = message.topic, None
        if self._aliases is not None:
            topic, alias = self._aliases.assign(topic)
        return packets.encode_publish(message, packet_id, duplicate, topic, alias)
