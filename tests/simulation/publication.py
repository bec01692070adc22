"""What broker models, ledger and world speak of: messages, what a CONNACK says, and what is wrong.

Knows values. Does not know brokers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import mqtt5 as packets

__all__ = ["Announcement", "Observer", "Publication", "Violation", "number_of", "numbers_in"]


class Violation(AssertionError):
    """An invariant does not hold, or the relay did what a client must not do."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One message of a world. The payload ends with `<number>`, by which it is known everywhere."""

    number: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    expiry_seconds: int | None
    published_at: float

    @property
    def expires_at(self) -> float:
        """Return when its life ends, in seconds of the fake clock."""
        return float("inf") if self.expiry_seconds is None else self.published_at + self.expiry_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What one CONNACK says. `reason_code` is not 0 for a refusal."""

    reason_code: int = 0
    receive_maximum: int = 65_535
    topic_alias_maximum: int = 0
    packet_bytes_max: int | None = None
    retain_available: bool = True
    maximum_qos: int = 2
    wildcards_available: bool = True
    keep_alive_seconds: int | None = None


class Observer(Protocol):
    """Who is told what a broker sees: the world."""

    def note(self, where: str, what: str) -> None:
        """Take a line for the trace."""

    def routed(self, publication: Publication) -> None:
        """A message went into a session."""

    def forgotten(self, publications: list[Publication]) -> None:
        """A broker lost messages with a session, or dropped them because their life ended."""

    def acknowledged(self, publication: Publication) -> None:
        """A client acknowledged a message that it had received."""

    def accepted(self, number: int, packet: packets.PublishPacket, topic: str) -> None:
        """A subscriber has got a message that a client published."""

    def confirmed(self, number: int, reason_code: int) -> None:
        """A broker answered a publish of QoS 1."""


def number_of(payload: bytes) -> int:
    """Return the number with which the payload of a publication ends."""
    return int(payload[payload.rindex(b"<") + 1 : -1])


def numbers_in(data: bytes) -> Iterator[int]:
    """Yield the numbers of all payloads that end in a piece of bytes."""
    position = data.find(b"<")
    while position >= 0:
        end = data.find(b">", position)
        if end < 0:
            return
        digits = data[position + 1 : end]
        if digits.isdigit():
            yield int(digits)
        position = data.find(b"<", position + 1)
