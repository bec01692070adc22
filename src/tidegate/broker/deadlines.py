"""What comes due, for any number of connections and sessions.

Knows times and what to call. A deadline is never moved: what is called looks whether it is still meant, and asks anew, so
that a connection that is used all the time costs nothing here. Whoever ends before its deadline cancels it, or clients that
come and go would leave their remains until keep alive and expiry times, which they choose, are over.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

from tidegate.moment import Moment

__all__ = ["CANCELLED_MIN", "Deadline", "Deadlines"]

Call = Callable[[Moment], None]

CANCELLED_MIN = 64
"""Fewer cancelled deadlines than this are left where they are until their time comes."""


class Deadline:
    """What is called when its time has come. `call` is None once it was called or cancelled."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call: Call | None = call


class Deadlines:
    """Times in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline]] = []
        self._count = count()
        self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next(self) -> float | None:
        """Return the earliest time, None when there is none."""
        return self._heap[0][0] if self._heap else None

    def add(self, at: float, call: Call) -> Deadline:
        """Call `call` at the first `run` at or after `at`."""
        deadline = Deadline(call)
        heappush(self._heap, (at, next(self._count), deadline))
        return deadline

    def cancel(self, deadline: Deadline) -> None:
        """Let go of what was to be called; of cancelled deadlines never more are kept than of others."""
        if deadline.call is None:
            return
        deadline.call = None
        self._cancelled += 1
        if self._cancelled >= CANCELLED_MIN and self._cancelled * 2 > len(self._heap):
            self._heap = [each for each in self._heap if each[2].call is not None]
            heapify(self._heap)
            self._cancelled = 0

    def run(self, now: Moment) -> None:
        """Call what is due, in the order of time."""
        heap = self._heap
        due = []
        while heap and heap[0][0] <= now.monotonic:
            due.append(heappop(heap)[2])
        for deadline in due:
            call, deadline.call = deadline.call, None
            if call is not None:
                call(now)
            else:
                self._cancelled = max(0, self._cancelled - 1)
