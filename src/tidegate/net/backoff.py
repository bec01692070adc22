"""How long to wait before the next attempt to connect.

Knows the rule: double from 128 ms to 60 s, a little less at random so that many flows do not come back in step. Does
not know what is tried, nor does it wait.
"""

from collections.abc import Callable

__all__ = ["BACKOFF_SECONDS_MAX", "BACKOFF_SECONDS_MIN", "Backoff"]

BACKOFF_SECONDS_MIN = 0.128
BACKOFF_SECONDS_MAX = 60.0

JITTER_SHARE = 0.1
"""Each wait is shortened by up to this share of it."""


class Backoff:
    """The waits between attempts to reach one peer. `random` gives numbers from 0 up to and without 1."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._seconds = BACKOFF_SECONDS_MIN

    def next_seconds(self) -> float:
        """Give the seconds to wait now, and double what follows."""
        seconds = self._seconds
        self._seconds = min(seconds * 2, BACKOFF_SECONDS_MAX)
        return seconds * (1 - JITTER_SHARE * self._random())

    def reset(self) -> None:
        """Begin anew with the shortest wait: the last connection was a good one."""
        self._seconds = BACKOFF_SECONDS_MIN
