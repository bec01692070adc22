"""Holds every received message from its arrival to its settlement, and counts what became of it.

Knows waiting, held and orphaned deliveries, epochs and the accounting. Does not know connections or packets: the relay
publishes what waits and acknowledges what `settle` names.
"""

from collections import deque
from collections.abc import Iterable
from itertools import chain

from tidegate.flow.accounting import Counters
from tidegate.flow.delivery import Delivery
from tidegate.message import Message
from tidegate.mqtt.inflight import Inflight

__all__ = ["Deliveries"]


class Deliveries:
    """The deliveries of one relay.

    `waiting` are in order of arrival and not with the destination; `inflight` is the destination session's own store.
    `source_window` is the source's Receive Maximum, which bounds what a lost source connection may leave behind.
    """

    def __init__(self, inflight: Inflight[Delivery], source_window: int, qos0_pending_bytes_max: int) -> None:
        self.counters = Counters()
        self.waiting: deque[Delivery] = deque()
        self.qos0_pending_bytes_max = qos0_pending_bytes_max
        self._inflight = inflight
        self._source_window = source_window
        self._held: list[Delivery] = []
        self._orphans: dict[int, Delivery] = {}
        self._epoch = 0
        self._sequence = 0
        self._qos0_pending_bytes = 0

    def pending(self) -> int:
        """Return how many are not settled, counted from the structures that hold them."""
        return len(self.waiting) + len(self._held) + len(self._inflight)

    def oldest(self) -> Delivery | None:
        """Return the pending delivery that came first, None when nothing is pending."""
        first = self._inflight.first()
        candidates = chain(self._held, [] if first is None else [first], [self.waiting[0]] if self.waiting else [])
        return min(candidates, key=lambda delivery: delivery.received_at, default=None)

    def add(self, message: Message, outgoing: Message, packet_id: int, now: float) -> None:
        """Queue a message that came now, in seconds of the monotonic clock; `packet_id` is 0 for QoS 0."""
        if not packet_id:
            self._qos0_pending_bytes += len(message.payload)
        expiry = message.message_expiry_seconds
        self._sequence = sequence = self._sequence + 1
        self.waiting.append(
            Delivery(message, outgoing, packet_id, self._epoch, sequence, now, None if expiry is None else now + expiry)
        )

    def has_room_for(self, message: Message) -> bool:
        """Tell whether a QoS 0 message may wait; QoS 1 messages are bounded by the source's window."""
        return self._qos0_pending_bytes + len(message.payload) <= self.qos0_pending_bytes_max

    def join(self, message: Message, packet_id: int) -> bool:
        """Let a redelivery take over the duty of its orphan, which is not sent again; False where it is none.

        In a resumed session the same packet id, topic and payload with DUP is the same message [MQTT-4.4.0-1].
        """
        orphan = self._orphans.get(packet_id)
        if orphan is None or orphan.received.topic != message.topic or orphan.received.payload != message.payload:
            return False
        del self._orphans[packet_id]
        orphan.epoch = self._epoch
        self.counters.drop("joined")
        return True

    def settle(self, delivery: Delivery) -> int:
        """End a duty that the caller has counted; return the packet id to acknowledge to the source, 0 for none.

        A delivery of an earlier epoch acknowledges nothing: its packet id belongs to a connection that is gone.
        """
        delivery.settle()
        packet_id = delivery.packet_id
        if not packet_id:
            self._qos0_pending_bytes -= len(delivery.received.payload)
        elif delivery.epoch == self._epoch:
            return packet_id
        elif self._orphans.get(packet_id) is delivery:
            del self._orphans[packet_id]
        return 0

    def deliver(self, deliveries: Iterable[Delivery], now: float) -> list[int]:
        """Count and settle what the destination has taken; return the packet ids to acknowledge to the source, in order."""
        counters = self.counters
        epoch = self._epoch
        acknowledge: list[int] = []
        count = payload_bytes = 0
        # What came in one read is mostly answered in one read, so the latency of its messages is the same.
        arrived_together, received_at = 0, 0.0
        for delivery in deliveries:
            count += 1
            payload_bytes += len(delivery.outgoing.payload)
            if delivery.received_at != received_at:
                if arrived_together:
                    counters.observe_latency(now - received_at, arrived_together)
                arrived_together, received_at = 0, delivery.received_at
            arrived_together += 1
            if delivery.epoch == epoch and delivery.packet_id and not delivery.is_settled:
                delivery.is_settled = True
                acknowledge.append(delivery.packet_id)
            else:
                self.settle(delivery)
        if arrived_together:
            counters.observe_latency(now - received_at, arrived_together)
        counters.deliver(count, payload_bytes)
        return acknowledge

    def hold(self, delivery: Delivery) -> None:
        """Keep a message that the destination refused for now, until `requeue`."""
        self._held.append(delivery)

    def requeue(self, unsettled: Iterable[Delivery]) -> int:
        """Put what has to be published anew among what waits, in order of arrival; return how many there are."""
        anew = [*unsettled, *self._held]
        self._held.clear()
        for delivery in anew:
            delivery.was_sent = True
        if anew:
            self.waiting = deque(sorted(chain(anew, self.waiting), key=lambda delivery: delivery.sequence))
        return len(anew)

    def lose_source(self) -> None:
        """Raise the epoch: what is not settled goes on as an orphan, and may be joined by its redelivery."""
        epoch = self._epoch
        self._epoch += 1
        unsettled = [
            delivery for delivery in chain(self._inflight.tokens(), self._held, self.waiting) if delivery.packet_id
        ]
        self._orphans.update((delivery.packet_id, delivery) for delivery in unsettled if delivery.epoch == epoch)
        # A source that loses its session each time would pile up orphans; none was ever acknowledged to it.
        excess = len(unsettled) - self._source_window
        if excess > 0:
            self._return_waiting(excess)

    def lose_source_session(self) -> None:
        """A new session gives out packet ids anew, so nothing that comes can be the redelivery of an orphan."""
        self._orphans.clear()

    def _return_waiting(self, excess: int) -> None:
        """Give up the newest: the source's session still has them and sends them again, after what stays here."""
        kept: deque[Delivery] = deque()
        for delivery in reversed(self.waiting):
            if excess > 0 and delivery.packet_id:
                excess -= 1
                self.counters.drop("returned")
                self.settle(delivery)
            else:
                kept.appendleft(delivery)
        self.waiting = kept
