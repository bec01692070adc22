"""What comes due, for any number of connections and sessions.

Knows times and what to call. A deadline is never moved or taken back: what is called looks whether it is still meant, and
asks anew, so that a connection that is used all the time costs nothing here.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from tidegate.moment import Moment

__all__ = ["Deadlines"]

Call = Callable[[Moment], None]


class Deadlines:
    """Times in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Call]] = []
        self._count = count()

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next(self) -> float | None:
        """Return the earliest time, None when there is none."""
        return self._heap[0][0] if self._heap else None

    def add(self, at: float, call: Call) -> None:
        """Call `call` at the first `run` at or after `at`."""
        heappush(self._heap, (at, next(self._count), call))

    def run(self, now: Moment) -> None:
        """Call what is due, in the order of time."""
        heap = self._heap
        due = []
        while heap and heap[0][0] <= now.monotonic:
            due.append(heappop(heap)[2])
        for call in due:
            call(now)
