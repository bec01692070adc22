"""Counts what became of every message: `received = delivered + filtered + expired + dropped + pending`.

Knows numbers since the process started. Does not know how they are exposed; `pending` is counted by the relay from the
structures that hold deliveries, never by subtraction.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ["LATENCY_BUCKETS_SECONDS", "Counters"]

LATENCY_BUCKETS_SECONDS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
)  # fmt: skip


@dataclass(slots=True)
class Counters:
    """Plain integers of one relay. `dropped` is by reason; `bytes_*` are payload bytes.

    `redelivered` are received messages with DUP, `retried` are messages sent to the destination again. `latency_buckets` has a
    count for each of `LATENCY_BUCKETS_SECONDS` and one for what took longer, from arrival to the destination's answer.
    """

    received: int = 0
    redelivered: int = 0
    delivered: int = 0
    filtered: int = 0
    expired: int = 0
    retried: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    latency_buckets: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_SECONDS) + 1))
    latency_sum_seconds: float = 0.0

    def drop(self, reason: str) -> None:
        """Count a message that ended for `reason`."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def deliver(self, count: int, payload_bytes: int) -> None:
        """Count deliveries that the destination has taken, and their payload bytes."""
        self.delivered += count
        self.bytes_sent += payload_bytes

    def observe_latency(self, seconds: float, count: int) -> None:
        """Count `count` deliveries that took `seconds` each from arrival to the destination's answer."""
        self.latency_buckets[bisect_left(LATENCY_BUCKETS_SECONDS, seconds)] += count
        self.latency_sum_seconds += seconds * count

    def check(self, pending: int) -> None:
        """Check the accounting equation.

        Raises:
            AssertionError: it does not hold; the sentence has all figures.
        """
        ended = self.delivered + self.filtered + self.expired + sum(self.dropped.values())
        assert self.received == ended + pending, (
            f"received {self.received} is not delivered {self.delivered} + filtered {self.filtered} + expired {self.expired}"
            f" + dropped {self.dropped} + pending {pending}"
        )
