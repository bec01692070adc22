"""What is seen of the relay and its two brokers, told to the ledger; and what holds after every step.

Knows what an event at either side means for the promise. Does not know how the world is built or what goes wrong when.
"""

from collections import Counter
from collections.abc import Callable

import mqtt5 as packets

from tests.simulation.account import Account, Observer
from tests.simulation.ledger import Ledger
from tests.simulation.publication import Violation, numbers_in
from tests.simulation.settings import WorldSettings
from tests.simulation.whims import DROP_CODES
from tidegate.flow.events import Side
from tidegate.flow.plan import FlowPlan
from tidegate.flow.relay import Relay
from tidegate.mqtt.topics import matches

__all__ = ["DestinationWatch", "Oversight", "SourceWatch"]


class Oversight:
    """One life of a relay after the other, between two brokers. `account` is what the source's broker owes to the relay."""

    def __init__(
        self, settings: WorldSettings, ledger: Ledger, account: Account, now: Callable[[], float], plan: FlowPlan
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.account = account
        self.now = now
        self.plan = plan
        self.steps = 0
        self.again_as_new: Counter[int] = Counter()
        self._seen: set[int] = set()
        self._received: set[int] = set()
        self._owed: set[int] = set()
        self._source_rest = b""
        self._returned = 0

    def begin_life(self, plan: FlowPlan) -> None:
        """Take note of a new process, which knows nothing."""
        self.plan = plan
        self._received.clear()
        self._owed.clear()
        self._returned = 0

    def begin_connection(self, side: Side) -> None:
        """Take note of a new connection of the relay."""
        if side is Side.SOURCE:
            self._source_rest = b""

    def relay_received(self, side: Side, data: bytes, is_kept: bool) -> None:
        """Remember what the relay holds and the source may forget; with `is_kept` the connection goes on after it."""
        if side is Side.SOURCE:
            data = self._source_rest + data
            # A number may come in two pieces.
            start = data.rfind(b"<", -12)
            self._source_rest = data[start:] if start >= 0 and b">" not in data[start:] else b""
            for number in numbers_in(data):
                self._take_received(number, is_kept)

    def relay_wrote(self, side: Side, data: bytes) -> None:
        """With QoS 0 to the destination, a message is delivered when its bytes are handed to the socket."""
        if side is Side.DESTINATION and not self.plan.destination.qos:
            numbers = list(numbers_in(data))
            # What is written a second time may have been lost the first time: it is a resend.
            self.ledger.held.update(number for number in numbers if number in self.ledger.confirmed)
            self.ledger.confirmed.update(numbers)

    def relay_ending(self, side: Side, relay: Relay) -> None:
        """A destination's connection that ends explains the duplicates of what was in flight on it."""
        if side is Side.DESTINATION:
            self.ledger.duplicates_allowed += relay.inflight(Side.DESTINATION)
            self.ledger.duplicates_max += relay.inflight(Side.DESTINATION)

    def relay_stepped(self, relay: Relay) -> None:
        """Check what holds after every step."""
        self.steps += 1
        flow = self.plan
        relay.check_accounting()
        pending = relay.pending()
        source_window = flow.source.receive_maximum * self.settings.source_excess
        windows = source_window + max(source_window, flow.destination.receive_maximum)
        qos0_max = flow.qos0_pending_bytes_max // 4
        if (not self.settings.qos0_share and pending > windows) or pending > windows + qos0_max:
            raise Violation(f"{pending} messages are pending, and the two windows are {windows}")
        if relay.inflight(Side.SOURCE) > source_window:
            raise Violation(f"{relay.inflight(Side.SOURCE)} messages of the source are not acknowledged")
        if relay.inflight(Side.DESTINATION) > flow.destination.receive_maximum:
            raise Violation(f"{relay.inflight(Side.DESTINATION)} messages are in flight to the destination")
        returned = relay.counters.dropped.get("returned", 0)
        if returned > self._returned:
            self._check_returned(returned - self._returned)
            self._returned = returned

    def misled(self) -> None:
        """The relay is told of a new session though the source still has it: what it has not acknowledged comes again."""
        held = self.account.unacknowledged.total()
        self.ledger.duplicates_allowed += held
        self.ledger.duplicates_max += held

    def forget(self, numbers: list[int]) -> None:
        """The source forgot messages: what the relay has of them is in its hands alone."""
        for number in numbers:
            self.ledger.forgotten.add(number)
            publication = self.ledger.publications[number]
            if publication.qos and self.is_declared(publication.topic) and number in self._received:
                self._owed.add(number)

    def is_declared(self, topic: str) -> bool:
        """Tell whether the data flow wants messages on a topic."""
        return any(matches(topic_filter, topic) for topic_filter in self.plan.topic_filters)

    def confirmed(self, number: int, reason_code: int) -> None:
        """The destination answered a publish."""
        if reason_code < 0x80:
            self.ledger.confirmed.add(number)
        elif (self.settings.on_rejected or ("drop" if reason_code in DROP_CODES else "hold")) == "drop":
            self.ledger.excuse(number, f"refused with 0x{reason_code:02X}")

    def check_end(self) -> None:
        """Check that everything arrived.

        Raises:
            Violation: it did not.
        """
        ledger, now = self.ledger, self.now()
        missing = ledger.missing(now)
        if missing:
            raise Violation(f"{len(missing)} messages never arrived: {missing[:10]}")
        lost = [
            number
            for number in sorted(self._owed - ledger.confirmed - set(ledger.excuses))
            if now < ledger.publications[number].expires_at
        ]
        if lost:
            raise Violation(f"the relay lost messages that it held and the source had forgotten: {lost}")

    def _take_received(self, number: int, is_kept: bool) -> None:
        ledger = self.ledger
        if number in self._seen and ledger.publications[number].expiry_seconds is not None:
            # Its life may have ended here, and the source gave it a little more: a resend, which comes after others.
            ledger.held.add(number)
        self._seen.add(number)
        if is_kept:
            self._received.add(number)
        # What comes again after it has arrived explains one duplicate, and so does what comes again as something new; what is
        # still pending explains none.
        if self.again_as_new[number]:
            self.again_as_new[number] -= 1
            ledger.duplicates_allowed += 1
        elif ledger.copies[number] or (not self.plan.destination.qos and number in ledger.confirmed):
            ledger.duplicates_allowed += 1

    def _check_returned(self, count: int) -> None:
        """A relay gives back only what the source's session still holds."""
        held = self.account.unacknowledged.total()
        if not held and self.settings.session_expiry_seconds < 10:
            # The session ended in silence, and the relay could not know.
            self._owed.clear()
        elif count > held:
            raise Violation(f"{count} messages were returned to a source that holds {held}")
        self._received.difference_update(self.account.sent_and_held())


class SourceWatch(Observer):
    """What passes at the source's core."""

    def __init__(self, oversight: Oversight, relay_client_id: str) -> None:
        self._oversight = oversight
        self._relay = relay_client_id
        self._taken: set[int] = set()

    def taken(self, client_id: str, number: int, packet: packets.PublishPacket, topic: str) -> None:
        """What the publisher sends again after the core had it comes to the relay a second time."""
        ledger = self._oversight.ledger
        if number in self._taken:
            ledger.duplicates_max += 1
            if packet.message_expiry_interval is not None or number not in ledger.routed:
                # The first went nowhere or may have ended in the queue, and this one comes after others.
                ledger.held.add(number)
        self._taken.add(number)

    def sent_again_as_new(self, client_id: str, number: int) -> None:
        """Nobody can know again what comes without DUP: it explains a duplicate when the relay gets it."""
        if client_id == self._relay:
            self._oversight.again_as_new[number] += 1

    def replayed(self, client_id: str, number: int) -> None:
        """The relay may be sent a retained message with a new subscription: once more, and after others."""
        if client_id == self._relay:
            self._oversight.ledger.duplicates_max += 1
            self._oversight.ledger.held.add(number)

    def acknowledged(self, client_id: str, number: int) -> None:
        """The relay acknowledged a message."""
        if client_id == self._relay:
            oversight = self._oversight
            publication = oversight.ledger.publications[number]
            if not oversight.is_declared(publication.topic):
                oversight.ledger.excuse(number, "unsubscribed")
            oversight.ledger.acknowledge(publication, oversight.now())

    def promised(self, client_id: str, number: int) -> None:
        """The publisher was told that the relay will have a message."""
        if client_id == self._relay:
            self._oversight.ledger.routed.add(number)

    def forgotten(self, client_id: str, numbers: list[int]) -> None:
        """The relay's session ended."""
        if client_id == self._relay:
            self._oversight.forget(numbers)

    def ending(self, client_id: str, count: int) -> None:
        """What was in flight to the relay comes again: that, and no more, is one window for each connection."""
        if client_id == self._relay:
            self._oversight.ledger.duplicates_max += count


class DestinationWatch(Observer):
    """What passes at the destination's core."""

    def __init__(self, oversight: Oversight, relay_client_id: str) -> None:
        self._oversight = oversight
        self._relay = relay_client_id

    def taken(self, client_id: str, number: int, packet: packets.PublishPacket, topic: str) -> None:
        """The core took a message of the relay's."""
        if client_id != self._relay:
            return
        oversight = self._oversight
        publication = oversight.ledger.publications[number]
        keeps = publication.retain and oversight.plan.retain_mode == "Keep"
        if packet.retain is not keeps:
            raise Violation(f"<{number}> came with retain {packet.retain}, published with {publication.retain}")
        oversight.ledger.accept(number, packet, topic, "out/" + publication.topic[2:])

    def refused(self, client_id: str, number: int) -> None:
        """The core has no room for a message, which comes again as new."""
        if client_id == self._relay:
            ledger = self._oversight.ledger
            ledger.held.add(number)
            ledger.duplicates_allowed += 1
            ledger.duplicates_max += 1
