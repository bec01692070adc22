"""Taps: what a proxy can tell about the MQTT conversation that passes through it."""

import threading

import mqtt5
from tests.integration.harness.faults import Direction
from tests.integration.harness.ledger import number_of
from tests.integration.harness.wire import PacketReader

__all__ = ["SourceTap"]


class SourceTap:
    """Reads the source side: which numbers the broker delivered, and which of them the engine acknowledged.

    The promise at the wire: every number in `acknowledged` is at the destination, whatever the source broker forgets later.
    `packets` gathers what else the engine sent, `strange_acknowledgements` those for packet ids that its connection never saw.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.readers: dict[tuple[int, Direction], PacketReader] = {}
        self.open_ids: dict[int, dict[int, tuple[str, int]]] = {}
        self.delivered: dict[str, set[int]] = {}
        self.acknowledged: dict[str, list[int]] = {}
        self.unacknowledged_max = 0
        self.packets: list[mqtt5.Packet] = []
        self.strange_acknowledgements: list[mqtt5.Packet] = []

    def connected(self, connection: int) -> None:
        """Start afresh: packet ids to acknowledge belong to one connection."""
        with self.lock:
            self.readers[connection, "up"] = PacketReader()
            self.readers[connection, "down"] = PacketReader()
            self.open_ids[connection] = {}

    def passing(self, connection: int, direction: Direction, data: bytes) -> None:
        """Follow PUBLISH down and PUBACK up."""
        with self.lock:
            for packet in self.readers[connection, direction].feed(data):
                if direction == "up":
                    self._sent(connection, packet)
                else:
                    self._received(connection, packet)

    def _received(self, connection: int, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.PublishPacket) and packet.packet_id is not None:
            number = number_of(packet.payload)
            self.open_ids[connection][packet.packet_id] = (packet.topic, number)
            self.delivered.setdefault(packet.topic, set()).add(number)
            self.unacknowledged_max = max(self.unacknowledged_max, len(self.open_ids[connection]))

    def _sent(self, connection: int, packet: mqtt5.Packet) -> None:
        if not isinstance(packet, mqtt5.PubAckPacket):
            self.packets.append(packet)
            return
        if packet.packet_id not in self.open_ids[connection]:
            self.strange_acknowledgements.append(packet)
            return
        topic, number = self.open_ids[connection].pop(packet.packet_id)
        self.acknowledged.setdefault(topic, []).append(number)
