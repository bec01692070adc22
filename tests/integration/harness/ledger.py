"""The ledger: who said what to whom, and the verdict over it. The verdict is a pure function of the records.

A message is a topic and a number that counts up per topic. Three things are judged: nothing that the source acknowledged is
missing at the destination; first arrivals of each topic come in ascending order; how many arrivals were duplicates.
A repeat with DUP set is the destination broker's own redelivery to the subscriber and says nothing about the relay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Arrival", "Verdict", "judge", "number_of", "payload_of"]


class Arrival(NamedTuple):
    """One PUBLISH at the subscriber, in order of arrival."""

    topic: str
    number: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the records show. `missing`, `disordered` and `strangers` hold (topic, number)."""

    missing: list[tuple[str, int]] = field(default_factory=list)
    disordered: list[tuple[str, int]] = field(default_factory=list)
    strangers: list[tuple[str, int]] = field(default_factory=list)
    duplicates: int = 0
    redelivered: int = 0

    def summary(self) -> str:
        """Return the verdict in one line, with the first few of each kind."""
        parts = [
            f"{name} {len(found)} {found[:5]}"
            for name, found in (
                ("missing", self.missing),
                ("disordered", self.disordered),
                ("strangers", self.strangers),
            )
        ]
        return "; ".join([*parts, f"duplicates {self.duplicates}", f"redelivered {self.redelivered}"])


def payload_of(number: int, payload_bytes: int) -> bytes:
    """Return a payload that carries `number`, padded to at least `payload_bytes`."""
    return (b"%d " % number).ljust(payload_bytes, b".")


def number_of(payload: bytes) -> int:
    """Return the number that `payload_of` wrote."""
    return int(payload.split(b" ", 1)[0])


def judge(
    acknowledged: Mapping[str, Iterable[int]],
    published: Mapping[str, int],
    arrivals: Iterable[Arrival],
) -> Verdict:
    """Judge the records.

    `acknowledged`: numbers with a PUBACK, per topic as the destination sees it. `published`: how many numbers of each topic
    were sent at all (0 up to that, so an unacknowledged one may arrive). `arrivals` in order.
    """
    seen: dict[str, set[int]] = {}
    highest: dict[str, int] = {}
    disordered: list[tuple[str, int]] = []
    strangers: list[tuple[str, int]] = []
    duplicates = redelivered = 0
    for topic, number, duplicate in arrivals:
        numbers = seen.setdefault(topic, set())
        if number in numbers:
            if duplicate:
                redelivered += 1
            else:
                duplicates += 1
            continue
        numbers.add(number)
        if number >= published.get(topic, 0):
            strangers.append((topic, number))
        if number < highest.get(topic, -1):
            disordered.append((topic, number))
        else:
            highest[topic] = number
    missing = [
        (topic, number)
        for topic, numbers in acknowledged.items()
        for number in numbers
        if number not in seen.get(topic, set())
    ]
    return Verdict(missing, disordered, strangers, duplicates, redelivered)
