"""What became of every message of a world on its way through the relay, and the promise's rules about it.

Knows both brokers' sides and why a message may end. Does not know the relay's insides, nor what a broker owes (`books`).
"""

from collections import Counter

import mqtt5 as packets

from tests.simulation.publication import Publication, Violation

__all__ = ["Ledger"]


class Ledger:
    """Every message by its number. `reasons` are why messages may end without delivery in this world."""

    def __init__(self) -> None:
        self.publications: dict[int, Publication] = {}
        self.routed: set[int] = set()
        self.forgotten: set[int] = set()
        self.acknowledged: set[int] = set()
        self.confirmed: set[int] = set()
        self.held: set[int] = set()
        self.copies: Counter[int] = Counter()
        self.excuses: dict[int, str] = {}
        self.duplicates_allowed = 0
        """How many are explained, each by what made it."""
        self.duplicates_max = 0
        """How many there may be at most: one window for each connection that ended, and what a publisher sent twice."""
        self.duplicates = 0
        self._last: dict[tuple[str, int], int] = {}

    def excuse(self, number: int, reason: str) -> None:
        """Allow one message to end without delivery."""
        self.excuses.setdefault(number, reason)

    def accept(self, number: int, packet: packets.PublishPacket, topic: str, expected_topic: str) -> None:
        """Take note that a subscriber has got a message; check its content, its order and the number of copies.

        Raises:
            Violation: it is not what was published, comes before an earlier one of its topic, or once too often.
        """
        publication = self.publications[number]
        if packet.payload != publication.payload or topic != expected_topic:
            raise Violation(f"<{number}> came as {packet.payload!r} on {topic}, expected on {expected_topic}")
        if packet.user_properties != [("number", str(number))] or packet.content_type != "text/plain":
            raise Violation(f"<{number}> came with other properties")
        expiry = publication.expiry_seconds
        if (packet.message_expiry_interval is None) != (expiry is None) or (
            expiry is not None and (packet.message_expiry_interval or 0) > expiry
        ):
            raise Violation(
                f"<{number}> came with an expiry of {packet.message_expiry_interval}, published with {expiry}"
            )
        self.copies[number] += 1
        if self.copies[number] > 1:
            self.duplicates += 1
            if self.duplicates > self.duplicates_allowed:
                raise Violation(
                    f"duplicate {self.duplicates} (<{number}>), and {self.duplicates_allowed} are explained"
                )
            if self.duplicates > self.duplicates_max:
                raise Violation(
                    f"duplicate {self.duplicates} (<{number}>): more than {self.duplicates_max}, a window for each"
                    " connection that ended"
                )
            return
        # A message that was refused, held or dropped once may come again after others: that is a resend.
        if number not in self.held and number not in self.excuses:
            key = (topic, publication.qos)
            last = self._last.get(key, 0)
            if number < last:
                raise Violation(f"<{number}> came after <{last}> on {topic}")
            self._last[key] = number

    def acknowledge(self, publication: Publication, now: float) -> None:
        """Take note of the relay's PUBACK to the source.

        Raises:
            Violation: the destination has not confirmed the message, and no reason to drop it is known.
        """
        number = publication.number
        self.acknowledged.add(number)
        if number in self.confirmed or number in self.excuses or now >= publication.expires_at:
            return
        raise Violation(f"<{number}> was acknowledged to the source, and the destination has not confirmed it")

    def missing(self, now: float) -> list[int]:
        """Return the QoS 1 messages that were routed to the relay and have not arrived, though nothing excuses them."""
        return [
            number
            for number in sorted(self.routed)
            if number not in self.confirmed
            and number not in self.excuses
            and number not in self.forgotten
            and self.publications[number].qos
            and now < self.publications[number].expires_at
        ]
