"""What a destination thinks of connections and messages, where it is not the core that decides.

Knows what a CONNACK is made to say, which messages are refused, and what that excuses. Does not know packets.
"""

from random import Random

from tests.simulation.ledger import Ledger
from tests.simulation.publication import Announcement, Publication
from tests.simulation.settings import WorldSettings
from tidegate.flow.events import Side

__all__ = ["DROP_CODES", "LARGE_PAYLOAD_BYTES", "Whims"]

PACKET_BYTES_SMALL = 250
LARGE_PAYLOAD_BYTES = 400

HOLD_CODES = (0x80, 0x83, 0x87, 0x91, 0x97)
DROP_CODES = (0x90, 0x99)


class Whims:
    """The whims of one world, until it is calm."""

    def __init__(self, settings: WorldSettings, random: Random, ledger: Ledger) -> None:
        self.is_calm = False
        self.refuses_connect = {side: 0 for side in Side}
        self._settings = settings
        self._random = random
        self._ledger = ledger
        self._holds: dict[int, int] = {}
        self._refusals: dict[int, int] = {}
        self._has_been_large = False
        self._has_been_unretained = False

    def consider(self, publication: Publication) -> None:
        """Decide what is to become of a new message."""
        random, settings = self._random, self._settings
        if random.random() < settings.held_share:
            self._holds[publication.number] = random.randint(1, 2)
        if random.random() < settings.refused_share and settings.on_rejected != "hold":
            self._refusals[publication.number] = random.choice(DROP_CODES)
        self._excuse_by_limits(publication)

    def announce(self, side: Side) -> Announcement | None:
        """Return what a CONNACK is to say, None for what the core says."""
        random, settings = self._random, self._settings
        if self.refuses_connect[side]:
            self.refuses_connect[side] -= 1
            return Announcement(reason_code=random.choice((0x87, 0x88, 0x89, 0x97)))
        if not settings.limits_change or self.is_calm:
            return None
        announced = Announcement(
            receive_maximum=random.choice((1, 2, 5, 65_535)),
            topic_alias_maximum=random.choice((0, 1, 3)),
            packet_bytes_max=random.choice((None, PACKET_BYTES_SMALL)),
            retain_available=random.random() < 0.7,
            maximum_qos=random.choice((2, 2, 2, 2, 1, 0)),
            wildcards_available=random.random() < 0.9,
            keep_alive_seconds=random.choice((None, 3, 20)),
        )
        if side is Side.DESTINATION:
            self._has_been_large |= announced.packet_bytes_max is not None
            self._has_been_unretained |= not announced.retain_available
            for publication in self._ledger.publications.values():
                self._excuse_by_limits(publication)
        return announced

    def verdict(self, number: int) -> int:
        """Return the reason code for a publish of QoS 1: 0x80 and more in the core's place, 0 for what the core says."""
        if number in self._refusals:
            return self._refusals[number]
        times = self._holds.get(number, 0)
        if times and not self.is_calm:
            self._holds[number] = times - 1
            self._ledger.held.add(number)
            return HOLD_CODES[(number + times) % len(HOLD_CODES)]
        return 0x10 if number % 7 == 0 else 0

    def _excuse_by_limits(self, publication: Publication) -> None:
        settings = self._settings
        is_too_large = self._has_been_large and len(publication.payload) > PACKET_BYTES_SMALL
        is_retained = self._has_been_unretained and publication.retain and settings.retain_mode == "Keep"
        if not is_too_large and not is_retained:
            return
        if settings.on_rejected == "hold":
            self._ledger.held.add(publication.number)
        else:
            self._ledger.excuse(publication.number, "too large" if is_too_large else "retained")
