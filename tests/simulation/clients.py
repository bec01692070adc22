"""The clients of a world: who publishes to the source, and who subscribes to either broker. They make mistakes of no kind.

Knows sessions, resends and QoS 2 from the client's side. Does not know the relay or what has to hold.
"""

from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from random import Random

import mqtt5 as packets

from tests.simulation.link import End, Link
from tests.simulation.publication import Publication, Violation, number_of, split
from tests.simulation.timeline import Timeline

__all__ = ["Client", "Connect", "Publisher", "Subscriber"]

Connect = Callable[[End], Link | None]
"""Connects a client's end, None where there is nobody to connect to."""

SESSION_SECONDS = 100_000
PATIENCE_SECONDS = 1.0


class Client:
    """One client with a session that outlives every connection; an `End` of its links."""

    def __init__(self, client_id: str, timeline: Timeline, random: Random, connect: Connect, window: int) -> None:
        self.client_id = client_id
        self.link: Link | None = None
        self.timeline = timeline
        self._random = random
        self._connect = connect
        self._window = window
        self._rest = b""
        self.is_connected = False

    def start(self) -> None:
        """Connect, now and whenever the connection is gone."""
        self._rest = b""
        self.link = self._connect(self)
        if self.link is None:
            self.timeline.after(self._random.random() * PATIENCE_SECONDS, self.start)
            return
        self.send(self.hello())

    def hello(self) -> packets.ConnectPacket:
        """Return the CONNECT with which it goes on with its session."""
        return packets.ConnectPacket(
            self.client_id, clean_start=False, session_expiry_interval=SESSION_SECONDS, receive_max=self._window
        )

    def send(self, packet: packets.Packet) -> None:
        """Write a packet."""
        if self.link is not None:
            self.link.send(self, packet.write())

    def data_received(self, data: bytes) -> None:
        """Take bytes from the broker."""
        whole, self._rest = split(self._rest + data)
        for packet, _ in whole:
            if isinstance(packet, packets.ConnAckPacket):
                self._take_connack(packet)
            elif isinstance(packet, packets.DisconnectPacket):
                self._check_disconnect(int(packet.reason_code))
            else:
                self.handle(packet)

    def link_ended(self) -> None:
        """Take note that the connection is gone."""
        self.is_connected = False
        self.link = None
        self.timeline.after(self._random.random() * PATIENCE_SECONDS, self.start)

    def writing_paused(self, is_paused: bool) -> None:
        """Write what there is all the same: a window bounds it."""

    def connected(self, packet: packets.ConnAckPacket) -> None:
        """Go on with a connection that was accepted."""
        raise NotImplementedError

    def handle(self, packet: packets.Packet) -> None:
        """Take any other packet."""
        raise NotImplementedError

    def _take_connack(self, packet: packets.ConnAckPacket) -> None:
        reason_code = int(packet.reason_code)
        if not reason_code:
            self.is_connected = True
            self.connected(packet)
        # A broker that stops has nothing else to say to a client that it has not accepted yet.
        elif reason_code != packets.ConnAckReasonCode.SERVER_UNAVAILABLE:
            raise Violation(f"{self.client_id} is refused with 0x{reason_code:02X}")

    def _check_disconnect(self, reason_code: int) -> None:
        kind = packets.DisconnectReasonCode
        if reason_code not in (kind.SERVER_SHUTTING_DOWN, kind.SESSION_TAKEN_OVER):
            raise Violation(f"{self.client_id} is sent away with 0x{reason_code:02X}")


class Publisher(Client):
    """Publishes in order, with at most `window` messages in flight; what is refused comes again later."""

    def __init__(
        self,
        client_id: str,
        timeline: Timeline,
        random: Random,
        connect: Connect,
        window: int,
    ) -> None:
        super().__init__(client_id, timeline, random, connect, window)
        self._waiting: deque[Publication] = deque()
        self._in_flight: dict[int, Publication] = {}
        self._released: set[int] = set()
        self._receive_maximum = 0
        self._refused: Counter[int] = Counter()
        self._waiting_longer = 0

    @property
    def is_idle(self) -> bool:
        """Whether everything is acknowledged."""
        return not self._waiting and not self._in_flight and not self._waiting_longer

    def publish(self, publication: Publication) -> None:
        """Publish a message, once those before it are on their way; of QoS 0 only while there is a connection."""
        if publication.qos or self.is_connected:
            self._waiting.append(publication)
            self._go_on()

    def connected(self, packet: packets.ConnAckPacket) -> None:
        """Send again what is not acknowledged, in order; to a new session as new."""
        self._receive_maximum = min(packet.receive_max, self._window)
        if not packet.session_present:
            anew = [
                publication for packet_id, publication in self._in_flight.items() if packet_id not in self._released
            ]
            self._waiting.extendleft(reversed(anew))
            self._in_flight.clear()
            self._released.clear()
        for packet_id, publication in self._in_flight.items():
            if packet_id in self._released:
                self.send(packets.PubRelPacket(packet_id))
            else:
                self._send_publish(publication, packet_id, duplicate=True)
        self._go_on()

    def handle(self, packet: packets.Packet) -> None:
        """Take an answer."""
        if isinstance(packet, packets.PubRecPacket) and int(packet.reason_code) < 0x80:
            self._released.add(packet.packet_id)
            self.send(packets.PubRelPacket(packet.packet_id))
        elif isinstance(packet, packets.PubAckPacket | packets.PubRecPacket | packets.PubCompPacket):
            publication = self._in_flight.pop(packet.packet_id)
            self._released.discard(packet.packet_id)
            if int(packet.reason_code) >= 0x80 and not isinstance(packet, packets.PubCompPacket):
                times = self._refused[publication.number]
                self._refused[publication.number] += 1
                self._waiting_longer += 1
                self.timeline.after(PATIENCE_SECONDS * 2 ** min(times, 5), lambda: self._try_again(publication))
            self._go_on()
        else:
            raise Violation(f"{self.client_id} is sent a {type(packet).__name__}")

    def _try_again(self, publication: Publication) -> None:
        self._waiting_longer -= 1
        self._waiting.append(publication)
        self._go_on()

    def _go_on(self) -> None:
        while self.is_connected and self._waiting and len(self._in_flight) < self._receive_maximum:
            publication = self._waiting.popleft()
            packet_id = None
            if publication.qos:
                # The lowest that is free, so that a broker that remembers one for too long is found out.
                packet_id = next(each for each in count(1) if each not in self._in_flight)
                self._in_flight[packet_id] = publication
            self._send_publish(publication, packet_id, duplicate=False)

    def _send_publish(self, publication: Publication, packet_id: int | None, *, duplicate: bool) -> None:
        self.send(
            packets.PublishPacket(
                publication.topic,
                publication.payload,
                qos=packets.QoS(publication.qos),
                retain=publication.retain,
                packet_id=packet_id,
                duplicate=duplicate,
                message_expiry_interval=publication.expiry_seconds,
                content_type="text/plain",
                user_properties=[("number", str(publication.number))],
            )
        )


class Subscriber(Client):
    """Takes what comes. `got` is told of each message that is new to it: of QoS 2, once and once only."""

    def __init__(
        self,
        client_id: str,
        timeline: Timeline,
        random: Random,
        connect: Connect,
        window: int,
        topic_filter: str,
        qos: int,
        got: Callable[[int, packets.PublishPacket], None],
    ) -> None:
        super().__init__(client_id, timeline, random, connect, window)
        self._topic_filter = topic_filter
        self._qos = qos
        self._got = got
        self._received_qos2: set[int] = set()

    def connected(self, packet: packets.ConnAckPacket) -> None:
        """Subscribe; a second time changes nothing."""
        if not packet.session_present:
            self._received_qos2.clear()
        topic_filter = packets.TopicFilter(
            self._topic_filter,
            max_qos=packets.QoS(self._qos),
            retain_as_published=True,
            retain_handling=packets.RetainHandling.SEND_NEVER,
        )
        self.send(packets.SubscribePacket(1, [topic_filter]))

    def handle(self, packet: packets.Packet) -> None:
        """Take a message or the next step of its exchange."""
        if isinstance(packet, packets.PublishPacket):
            packet_id = packet.packet_id
            if packet.qos == packets.QoS.EXACTLY_ONCE and packet_id is not None:
                if packet_id not in self._received_qos2:
                    self._received_qos2.add(packet_id)
                    self._got(number_of(packet.payload), packet)
                self.send(packets.PubRecPacket(packet_id))
                return
            self._got(number_of(packet.payload), packet)
            if packet_id is not None:
                self.send(packets.PubAckPacket(packet_id))
        elif isinstance(packet, packets.PubRelPacket):
            self._received_qos2.discard(packet.packet_id)
            self.send(packets.PubCompPacket(packet.packet_id))
        elif not isinstance(packet, packets.SubAckPacket):
            raise Violation(f"{self.client_id} is sent a {type(packet).__name__}")
