"""The fake clock: what happens when, in one order that depends on nothing but the calls.

Knows times and actions. Does not know what the actions do.
"""

from collections.abc import Callable
from heapq import heappop, heappush

from tidegate.moment import Moment

__all__ = ["Appointment", "Timeline"]

WALL_START = 1_700_000_000.0


class Appointment:
    """An action at a time, in seconds; `cancel` makes it nothing."""

    __slots__ = ("action", "at", "is_cancelled")

    def __init__(self, at: float, action: Callable[[], None]) -> None:
        self.at = at
        self.action = action
        self.is_cancelled = False

    def cancel(self) -> None:
        """Let the time pass without the action."""
        self.is_cancelled = True


class Timeline:
    """The appointments of one world. Two at the same time happen in the order in which they were made."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._made = 0
        self._heap: list[tuple[float, int, Appointment]] = []

    def moment(self) -> Moment:
        """Return what both clocks show."""
        return Moment(self.now, WALL_START + self.now)

    def at(self, time: float, action: Callable[[], None]) -> Appointment:
        """Make an appointment at `time`, or now if that is past."""
        appointment = Appointment(max(time, self.now), action)
        self._made += 1
        heappush(self._heap, (appointment.at, self._made, appointment))
        return appointment

    def after(self, seconds: float, action: Callable[[], None]) -> Appointment:
        """Make an appointment `seconds` from now."""
        return self.at(self.now + seconds, action)

    def run_next(self) -> bool:
        """Go on to the next appointment and keep it; False where there is none."""
        while self._heap:
            at, _, appointment = heappop(self._heap)
            if not appointment.is_cancelled:
                self.now = at
                appointment.action()
                return True
        return False
