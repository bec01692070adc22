"""The deadlines of one Network Connection, as data.

Knows when; the clock is whoever calls. Does not know what happens then.
"""

from enum import Enum

__all__ = ["Timer", "TimerTable"]


class Timer(Enum):
    """What can come due."""

    CONNACK = "CONNACK"
    """The server has not answered CONNECT."""
    KEEP_ALIVE = "keep alive"
    """It may be time for a PINGREQ (section 3.1.2.10)."""
    PINGRESP = "PINGRESP"
    """The server has not answered a PINGREQ."""
    SUBACK = "SUBACK"
    """The server has not answered a SUBSCRIBE or UNSUBSCRIBE."""
    AUTH = "AUTH"
    """The server has not answered a re-authentication."""


class TimerTable:
    """Deadlines in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._deadlines: dict[Timer, float] = {}
        self.next_timeout: float | None = None
        """The earliest deadline, None when nothing is armed; kept, because it is asked for after every step."""

    def arm(self, timer: Timer, deadline: float) -> None:
        """Set or move a deadline."""
        self._deadlines[timer] = deadline
        self._update()

    def stop(self, timer: Timer) -> None:
        """Forget a deadline, if there is one."""
        if self._deadlines.pop(timer, None) is not None:
            self._update()

    def clear(self) -> None:
        """Forget all deadlines."""
        self._deadlines.clear()
        self.next_timeout = None

    def is_armed(self, timer: Timer) -> bool:
        """Tell whether a deadline is set."""
        return timer in self._deadlines

    def take_due(self, now: float) -> list[Timer]:
        """Remove and return the timers that are due, earliest first."""
        due = sorted(
            (timer for timer, deadline in self._deadlines.items() if deadline <= now),
            key=lambda timer: self._deadlines[timer],
        )
        for timer in due:
            del self._deadlines[timer]
        self._update()
        return due

    def _update(self) -> None:
        self.next_timeout = min(self._deadlines.values(), default=None)
