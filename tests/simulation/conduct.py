"""What a client must not do on one connection, seen at the server's end of the link.

Knows the specification from the server's side, what the client was told in CONNACK, and what it has to resend. Does not know
a broker.
"""

from collections import deque
from dataclasses import dataclass, field

import mqtt5 as packets

from tests.simulation.publication import Violation, number_of

__all__ = ["Conduct", "Memory"]

EVERY_PACKET_BYTES = 65_536
"""No packet of a world is as long: a Maximum Packet Size above this forbids nothing."""


@dataclass(slots=True)
class Memory:
    """What is known of a client from one connection to the next. `window` is what it says that it has in flight at most."""

    window: int = 65_535
    unanswered: dict[int, int] = field(default_factory=dict)
    """The packet ids it has published under and got no PUBACK for, and the numbers."""


class Conduct:
    """One connection of a client."""

    def __init__(self, where: str, memory: Memory) -> None:
        self._where = where
        self._memory = memory
        self._connack: packets.ConnAckPacket | None = None
        self._is_over = False
        self._has_connected = False
        self._has_disconnected = False
        self._has_published_new = False
        self._aliases: set[int] = set()
        self._sent: deque[int] = deque()
        self._unanswered: dict[int, int] = {}

    def received(self, packet: packets.Packet) -> None:
        """Check a packet of the client.

        Raises:
            Violation: it may not send that now.
        """
        self._require(not self._has_disconnected, f"{type(packet).__name__} after DISCONNECT [MQTT-3.14.4-1]")
        if isinstance(packet, packets.ConnectPacket):
            self._require(not self._has_connected, "CONNECT twice [MQTT-3.1.0-2]")
            self._require(not packet.clean_start, "Clean Start 1")
            self._has_connected = True
            return
        self._require(self._has_connected, f"{type(packet).__name__} before CONNECT [MQTT-3.1.0-1]")
        if isinstance(packet, packets.PublishPacket):
            self._check_publish(packet)
        elif isinstance(packet, packets.PubAckPacket):
            self._check_puback(packet)
        elif isinstance(packet, packets.DisconnectPacket):
            self._has_disconnected = True
        else:
            expected = packets.SubscribePacket | packets.UnsubscribePacket | packets.PingReqPacket
            self._require(isinstance(packet, expected), f"an unexpected {type(packet).__name__}")

    def sent(self, packet: packets.Packet) -> None:
        """Take note of a packet to the client."""
        if isinstance(packet, packets.PublishPacket):
            if packet.packet_id is not None:
                self._sent.append(packet.packet_id)
        elif isinstance(packet, packets.PubAckPacket):
            del self._unanswered[packet.packet_id]
        elif isinstance(packet, packets.ConnAckPacket) and not int(packet.reason_code) and self._connack is None:
            # A second one is an error of the server's, and the client goes by the first until it sees that.
            self._connack = packet
            if not packet.session_present:
                self._memory.unanswered.clear()

    def ended(self) -> None:
        """Take note that the client has given the connection up; what still comes of it counts for no other one."""
        if self._is_over:
            return
        self._is_over = True
        memory, self._memory = self._memory, Memory(self._memory.window)
        # What this connection's limits forbade is not resent: the client has taken it out of its session.
        memory.unanswered = self._unanswered if self._has_forbidden() else self._unanswered | memory.unanswered

    def number_of(self, packet_id: int) -> int:
        """Return the number of the message that waits for its PUBACK under a packet id."""
        return self._unanswered[packet_id]

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise Violation(f"{self._where}: {what}")

    def _check_publish(self, packet: packets.PublishPacket) -> None:
        connack = self._connack
        if connack is None:
            raise Violation(f"{self._where}: a PUBLISH before CONNACK")
        alias = packet.topic_alias
        if alias is not None:
            self._require(0 < alias <= connack.topic_alias_max, "a topic alias above the maximum [MQTT-3.2.2-18]")
            self._require(bool(packet.topic) or alias in self._aliases, "a topic alias that was never set")
            self._aliases.add(alias)
        self._require(connack.retain_available or not packet.retain, "a retained PUBLISH [MQTT-3.2.2-14]")
        if connack.max_packet_size is not None:
            self._require(len(packet.write()) <= connack.max_packet_size, "a packet too large [MQTT-3.2.2-15]")
        packet_id = packet.packet_id
        if packet_id is None:
            return
        self._require(int(connack.max_qos) >= 1, "a PUBLISH of QoS 1 [MQTT-3.2.2-11]")
        number = number_of(packet.payload)
        self._check_resend(packet_id, number, packet.duplicate, connack.session_present)
        self._require(packet_id not in self._unanswered, f"packet identifier {packet_id} is in use [MQTT-2.2.1-4]")
        window = min(connack.receive_max, self._memory.window)
        self._require(
            len(self._unanswered) < window, f"more than {window} unacknowledged PUBLISH packets [MQTT-3.3.4-7]"
        )
        self._unanswered[packet_id] = number

    def _check_resend(self, packet_id: int, number: int, duplicate: bool, session_present: bool) -> None:
        """In a resumed session come first, with DUP and in order, all that were not answered; DUP never comes in a new one."""
        unanswered = self._memory.unanswered
        has_excuse = self._has_forbidden()
        if duplicate:
            self._require(session_present, "DUP in a new session [MQTT-3.2.2-5]")
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
        connack = self._connack
        if connack is None:
            return False
        is_small = connack.max_packet_size is not None and connack.max_packet_size < EVERY_PACKET_BYTES
        return is_small or not connack.retain_available

    def _check_puback(self, packet: packets.PubAckPacket) -> None:
        packet_id = packet.packet_id
        self._require(bool(self._sent), f"PUBACK {packet_id}, and nothing is unacknowledged")
        first = self._sent[0]
        self._require(first == packet_id, f"PUBACK {packet_id} before that of {first}, which came first [MQTT-4.6.0-2]")
        self._require(int(packet.reason_code) == 0, f"PUBACK 0x{int(packet.reason_code):02X}")
        self._sent.popleft()
