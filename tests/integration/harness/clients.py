"""The two ends of a ledger: a publisher of numbered messages and a subscriber with a persistent session.

Both live through restarts of their broker. The publisher never sends a number twice: what was unacknowledged when a
connection ended may arrive or not, and is not held against anyone; so every duplicate at the far end was made on the way.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

import mqtt5
from tests.integration.harness.ledger import Arrival, number_of, payload_of
from tests.integration.harness.wire import Wire

__all__ = ["MessageMaker", "Publisher", "Subscriber"]

RETRY_SECONDS = 0.02
PACKET_IDS = 65535

MessageMaker = Callable[[str, int, int], mqtt5.PublishPacket]
"""Topic, number and packet id to the PUBLISH to send."""


class Client(threading.Thread):
    """A thread that keeps a connection; what it raises apart from OSError is raised again by `close`."""

    def __init__(self, port: int, client_id: str) -> None:
        super().__init__(name=client_id, daemon=True)
        self.port = port
        self.client_id = client_id
        self.connections = 0
        self.stopping = threading.Event()
        self.failure: BaseException | None = None

    def begin(self) -> Self:
        """Start the thread; return self."""
        self.start()
        return self

    def run(self) -> None:
        """Connect, work, connect again, until closed."""
        try:
            while not self.stopping.is_set():
                try:
                    wire = self.connect()
                except OSError:
                    self.stopping.wait(RETRY_SECONDS)
                    continue
                self.connections += 1
                try:
                    self.work(wire)
                    wire.close()
                except OSError:
                    wire.abort()
                self.connection_ended()
        except BaseException as error:  # the thread's one way to tell; raised again in the test's thread
            self.failure = error

    def connect(self) -> Wire:
        """Make the connection, raising OSError when it cannot be made."""
        raise NotImplementedError

    def work(self, wire: Wire) -> None:
        """Use the connection until it ends (OSError) or the client is closed (return)."""
        raise NotImplementedError

    def connection_ended(self) -> None:
        """Called after each connection."""

    def close(self) -> None:
        """Stop, disconnect, and raise what went wrong in the thread."""
        self.stopping.set()
        if self.ident is not None:
            self.join(timeout=20)
            assert not self.is_alive(), f"{self.name} does not end"
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure


class Publisher(Client):
    """Publishes numbered QoS 1 messages in turn to `topics`, at most `rate` a second, `total` in all.

    `acknowledged[topic]` are the numbers with a PUBACK, `published[topic]` how many were sent at all.
    """

    def __init__(
        self,
        port: int,
        topics: Sequence[str],
        *,
        client_id: str = "ledger-publisher",
        total: int | None = None,
        rate: float | None = None,
        window: int = 200,
        payload_bytes: int = 200,
        make: MessageMaker | None = None,
    ) -> None:
        super().__init__(port, client_id)
        self.topics = list(topics)
        self.total = total
        self.rate = rate
        self.window = window
        self.payload_bytes = payload_bytes
        self.make = make or self._plain
        self.acknowledged: dict[str, list[int]] = {topic: [] for topic in topics}
        self.published: dict[str, int] = dict.fromkeys(topics, 0)
        self.acknowledged_count = 0
        self.published_count = 0
        self.finishing = threading.Event()
        self.inflight: dict[int, tuple[str, int]] = {}
        self.packet_id = 0
        self.started_at = 0.0

    def _plain(self, topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
        payload = payload_of(number, self.payload_bytes)
        return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)

    def finish(self, seconds: float = 60.0) -> None:
        """Send nothing new (with `total`, send the rest), wait for what is in flight, close."""
        self.finishing.set()
        self.join(timeout=seconds)
        alive = self.is_alive()
        self.close()
        assert not alive, f"{self.name} did not get its acknowledgements within {seconds:g} s"

    def connect(self) -> Wire:
        """Connect with a clean session: nothing is ever resent."""
        return Wire(self.port, self.client_id)

    def connection_ended(self) -> None:
        """Forget what was in flight; if all was sent, end."""
        self.inflight.clear()
        if self._is_done():
            self.stopping.set()

    def work(self, wire: Wire) -> None:
        """Fill the window as the rate allows and count acknowledgements."""
        window = min(self.window, wire.connack.receive_max)
        self.started_at = self.started_at or time.monotonic()
        while not self.stopping.is_set() and not self._is_done():
            room = min(window - len(self.inflight), self._allowed())
            if room > 0:
                wire.send(b"".join([self._next() for _ in range(room)]))
            for packet in wire.receive(0.005 if self.rate else 0.05):
                self._handle(packet)

    def _is_done(self) -> bool:
        enough = self.published_count >= self.total if self.total is not None else self.finishing.is_set()
        return enough and not self.inflight

    def _allowed(self) -> int:
        if self.total is None and self.finishing.is_set():
            return 0
        left = PACKET_IDS if self.total is None else self.total - self.published_count
        if self.rate is None:
            return left
        due = int((time.monotonic() - self.started_at) * self.rate) - self.published_count
        return min(left, due)

    def _next(self) -> bytes:
        topic = self.topics[self.published_count % len(self.topics)]
        number = self.published[topic]
        while True:
            self.packet_id = self.packet_id % PACKET_IDS + 1
            if self.packet_id not in self.inflight:
                break
        self.inflight[self.packet_id] = (topic, number)
        self.published[topic] = number + 1
        self.published_count += 1
        return self.make(topic, number, self.packet_id).write()

    def _handle(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.PubAckPacket):
            topic, number = self.inflight.pop(packet.packet_id)
            assert int(packet.reason_code) < 0x80, packet
            self.acknowledged[topic].append(number)
            self.acknowledged_count += 1
        elif isinstance(packet, mqtt5.DisconnectPacket):
            raise ConnectionError(f"DISCONNECT {packet.reason_code!r}")


class Subscriber(Client):
    """Records every PUBLISH of `topic_filters`; with `keep_packets` the packets too, whole."""

    def __init__(
        self,
        port: int,
        topic_filters: Sequence[str],
        *,
        client_id: str = "ledger-subscriber",
        keep_packets: bool = False,
        numbered: bool = True,
        receive_maximum: int = 1000,
    ) -> None:
        super().__init__(port, client_id)
        self.topic_filters = tuple(topic_filters)
        self.keep_packets = keep_packets
        self.numbered = numbered
        self.receive_maximum = receive_maximum
        self.arrivals: list[Arrival] = []
        self.packets: list[mqtt5.PublishPacket] = []
        self.seen: dict[str, set[int]] = {}
        self.subscribed = threading.Event()

    def connect(self) -> Wire:
        """Resume the session, which the server keeps for an hour."""
        return Wire(
            self.port,
            self.client_id,
            clean_start=False,
            session_expiry_seconds=3600,
            receive_maximum=self.receive_maximum,
        )

    def begin(self) -> Self:
        """Start, and wait for the SUBACK."""
        super().begin()
        assert self.subscribed.wait(20), "no SUBACK"
        return self

    def work(self, wire: Wire) -> None:
        """Subscribe on a new session; record, then acknowledge."""
        if not wire.connack.session_present:
            wire.subscribe(*self.topic_filters)
        while not self.stopping.is_set():
            acknowledgements = bytearray()
            for packet in wire.receive(0.05):
                if isinstance(packet, mqtt5.PublishPacket):
                    self._record(packet)
                    if packet.packet_id is not None:
                        acknowledgements += mqtt5.PubAckPacket(packet.packet_id).write()
                elif isinstance(packet, mqtt5.SubAckPacket):
                    assert all(int(code) < 0x80 for code in packet.reason_codes), packet
                    self.subscribed.set()
                elif isinstance(packet, mqtt5.DisconnectPacket):
                    raise ConnectionError(f"DISCONNECT {packet.reason_code!r}")
            if acknowledgements:
                wire.send(bytes(acknowledgements))

    def _record(self, packet: mqtt5.PublishPacket) -> None:
        if self.keep_packets:
            self.packets.append(packet)
        number = number_of(packet.payload) if self.numbered else len(self.arrivals)
        self.arrivals.append(Arrival(packet.topic, number, packet.duplicate))
        self.seen.setdefault(packet.topic, set()).add(number)

    def seen_count(self) -> int:
        """Return how many different messages have arrived."""
        return sum(len(numbers) for numbers in list(self.seen.values()))
