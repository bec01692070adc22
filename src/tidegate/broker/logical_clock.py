"""Hybrid logical clocks: times that grow with every change, and stay close to the wall clock.

Knows their text and how one follows another, as the public page on the state store's protocol has it ("Versions as Hybrid
Logical Clocks"). Does not know what is given a time.
"""

from typing import NamedTuple

from tidegate.moment import Moment

__all__ = ["NODE", "SKEW_MILLISECONDS_MAX", "LogicalClock", "LogicalTime", "parse_time"]

NODE = "StateStore"
"""Who gives the times of our own clock."""

SKEW_MILLISECONDS_MAX = 60_000
"""A time further ahead of our clock than this is refused."""

_WALL_DIGITS_MAX = 15
_COUNTER_DIGITS_MAX = 9
_NODE_CHARACTERS_MAX = 256


class LogicalTime(NamedTuple):
    """One time; the order of the fields is the order of times."""

    wall_milliseconds: int
    counter: int
    node: str

    def __str__(self) -> str:
        return f"{self.wall_milliseconds:015d}:{self.counter:05d}:{self.node}"

    def is_ahead(self, now: Moment) -> bool:
        """Tell whether it is too far in the future."""
        return self.wall_milliseconds > int(now.wall * 1000) + SKEW_MILLISECONDS_MAX


def parse_time(text: str) -> LogicalTime | None:
    """Return the time that a text says, None where it is none."""
    wall, _, rest = text.partition(":")
    counter, colon, node = rest.partition(":")
    if not colon or not node or len(node) > _NODE_CHARACTERS_MAX or ":" in node:
        return None
    for digits, length in ((wall, _WALL_DIGITS_MAX), (counter, _COUNTER_DIGITS_MAX)):
        if not (digits.isascii() and digits.isdigit()) or len(digits) > length:
            return None
    return LogicalTime(int(wall), int(counter), node)


class LogicalClock:
    """Our own clock."""

    def __init__(self) -> None:
        self._last = LogicalTime(0, 0, NODE)

    def observe(self, time: LogicalTime) -> None:
        """Never again give a time before this one."""
        self._last = max(self._last, time._replace(node=NODE))

    def next(self, given: LogicalTime | None, now: Moment) -> LogicalTime:
        """Return a time after all that were returned, after `given`, and not before the wall clock."""
        before = [self._last] if given is None else [self._last, given]
        wall = max(int(now.wall * 1000), *(each.wall_milliseconds for each in before))
        counters = [each.counter for each in before if each.wall_milliseconds == wall]
        self._last = LogicalTime(wall, max(counters) + 1 if counters else 0, NODE)
        return self._last
