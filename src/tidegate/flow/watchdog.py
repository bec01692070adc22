"""Never silently stuck: notices that nothing moves though it should.

Knows since when, and the doubling limit. Does not know what moves; the relay says so.
"""

from typing import Literal

__all__ = ["Watchdog"]


class Watchdog:
    """Watches one connection. Reports at half of the limit, acts at the whole, then doubles the limit up to a maximum.

    `stall_seconds` and `stall_seconds_max` are in seconds; progress sets the limit back to `stall_seconds`.
    """

    def __init__(self, stall_seconds: float, stall_seconds_max: float) -> None:
        self._base_seconds = stall_seconds
        self._max_seconds = max(stall_seconds, stall_seconds_max)
        self.limit_seconds = stall_seconds
        self._since: float | None = None
        self.is_suspicious = False
        self._has_reported = False

    def watch(self, should_move: bool, now: float) -> None:
        """Say whether something should move now; the time runs from the first yes."""
        if not should_move:
            self._since = None
        elif self._since is None:
            self._since = now

    def progress(self, now: float) -> bool:
        """Note that something moved; tell whether that ends what was suspected or had stalled."""
        if self._since is not None:
            self._since = now
        self.limit_seconds = self._base_seconds
        had_reported = self._has_reported
        self.is_suspicious = self._has_reported = False
        return had_reported

    def next_timeout(self) -> float | None:
        """Return when `check` has something to say, None while nothing should move."""
        if self._since is None:
            return None
        return self._since + (self.limit_seconds if self.is_suspicious else self.limit_seconds / 2)

    def check(self, now: float) -> Literal["suspected", "stalled"] | None:
        """Return `suspected` once at half of the limit and `stalled` at the whole, which doubles the limit."""
        deadline = self.next_timeout()
        if deadline is None or now < deadline:
            return None
        if not self.is_suspicious:
            self.is_suspicious = self._has_reported = True
            return "suspected"
        self.limit_seconds = min(self.limit_seconds * 2, self._max_seconds)
        self._since = None
        self.is_suspicious = False
        return "stalled"
