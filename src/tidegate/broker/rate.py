"""How many messages a second may come, or go.

Knows a bucket that fills evenly. Does not know clocks, or what is counted.
"""

__all__ = ["Rate"]


class Rate:
    """So many in a second, as many of them at once; `now` is in seconds of the monotonic clock."""

    __slots__ = ("_at", "_left", "per_second")

    def __init__(self, per_second: float, now: float) -> None:
        self.per_second = per_second
        self._left = per_second
        self._at = now

    def take(self, now: float) -> bool:
        """Take one, if there is one."""
        self._left = min(self.per_second, self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def seconds_until_next(self) -> float:
        """Return how long after the last `take` the next one is there."""
        return max(0.0, (1 - self._left) / self.per_second)
