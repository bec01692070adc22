"""A publisher and a subscriber of QoS 2 whose sessions live through restarts of their broker [MQTT-4.3.3].

Unlike the ledger's publisher this one has to send again what was not answered: that it nevertheless arrives once is the test.
"""

import itertools
import threading

import mqtt5
from tests.integration.harness.clients import Client
from tests.integration.harness.wire import Wire

__all__ = ["ExactPublisher", "ExactSubscriber"]

SESSION_SECONDS = 3600


class ExactClient(Client):
    """A client whose session has to be there whenever it comes back."""

    def connect(self) -> Wire:
        """Resume the session, which is new only the first time."""
        wire = Wire(self.port, self.client_id, clean_start=False, session_expiry_seconds=SESSION_SECONDS)
        assert wire.connack.session_present == (self.connections > 0), "the session was lost"
        return wire


class ExactPublisher(ExactClient):
    """Publishes the payloads 0, 1, 2 and so on to `topic`, some at a time, until told to finish."""

    def __init__(self, port: int, topic: str, *, client_id: str, window: int = 50) -> None:
        super().__init__(port, client_id)
        self.topic = topic
        self.window = window
        self.published = 0
        self.completed = 0
        self.unreceived: dict[int, int] = {}
        """Payloads without PUBREC by packet id, in order."""
        self.unreleased: dict[int, None] = {}
        """Packet ids with PUBREC and without PUBCOMP, in order."""
        self.finishing = threading.Event()
        self.packet_ids = itertools.cycle(range(1, 10 * window))

    def completed_count(self) -> int:
        """Return how many messages are done with."""
        return self.completed

    def work(self, wire: Wire) -> None:
        """Send again what was not answered [MQTT-4.4.0-1], then go on."""
        for packet_id, number in self.unreceived.items():
            wire.send(self._publish(packet_id, number, is_duplicate=True))
        for packet_id in self.unreleased:
            wire.send(mqtt5.PubRelPacket(packet_id).write())
        while not self.stopping.is_set():
            while not self.finishing.is_set() and len(self.unreceived) + len(self.unreleased) < self.window:
                packet_id = next(self.packet_ids)
                self.unreceived[packet_id] = self.published
                wire.send(self._publish(packet_id, self.published))
                self.published += 1
            if self.finishing.is_set() and not self.unreceived and not self.unreleased:
                return self.stopping.set()
            for packet in wire.receive(0.05):
                self._handle(wire, packet)
        return None

    def _handle(self, wire: Wire, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.PubRecPacket):
            assert int(packet.reason_code) < 0x80, packet
            self.unreceived.pop(packet.packet_id, None)
            self.unreleased[packet.packet_id] = None
            wire.send(mqtt5.PubRelPacket(packet.packet_id).write())
        elif isinstance(packet, mqtt5.PubCompPacket):
            del self.unreleased[packet.packet_id]
            self.completed += 1

    def _publish(self, packet_id: int, number: int, *, is_duplicate: bool = False) -> bytes:
        qos = mqtt5.QoS.EXACTLY_ONCE
        packet = mqtt5.PublishPacket(self.topic, b"%d" % number, qos=qos, packet_id=packet_id, duplicate=is_duplicate)
        return packet.write()

    def finish(self, seconds: float = 60.0) -> None:
        """Publish nothing new, complete what is under way, and end."""
        self.finishing.set()
        self.join(seconds)
        self.close()


class ExactSubscriber(ExactClient):
    """Gathers the payloads of `topic_filter`, each when its PUBLISH first comes (method B of the standard)."""

    def __init__(self, port: int, topic_filter: str, *, client_id: str) -> None:
        super().__init__(port, client_id)
        self.topic_filter = topic_filter
        self.payloads: list[bytes] = []
        self.open: set[int] = set()
        """Packet ids with PUBREC and without PUBREL."""
        self.subscribed = threading.Event()

    def count(self) -> int:
        """Return how many messages have arrived."""
        return len(self.payloads)

    def work(self, wire: Wire) -> None:
        """Subscribe once; take what comes."""
        if not self.subscribed.is_set():
            wire.subscribe(self.topic_filter, qos=mqtt5.QoS.EXACTLY_ONCE)
        while not self.stopping.is_set():
            for packet in wire.receive(0.05):
                if isinstance(packet, mqtt5.SubAckPacket):
                    self.subscribed.set()
                elif isinstance(packet, mqtt5.PublishPacket):
                    self._take(wire, packet)
                elif isinstance(packet, mqtt5.PubRelPacket):
                    self.open.discard(packet.packet_id)
                    wire.send(mqtt5.PubCompPacket(packet.packet_id).write())

    def _take(self, wire: Wire, packet: mqtt5.PublishPacket) -> None:
        assert packet.packet_id is not None, "not QoS 2"
        if packet.packet_id not in self.open:
            self.open.add(packet.packet_id)
            self.payloads.append(packet.payload)
        wire.send(mqtt5.PubRecPacket(packet.packet_id).write())
