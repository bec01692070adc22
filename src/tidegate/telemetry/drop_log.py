"""Keeps dropped messages from flooding the log.

Knows when a reason was logged last. Does not know messages, nor what a line says.
"""

__all__ = ["DropLog"]


class DropLog:
    """Lets one line a minute pass for each reason for which one flow drops messages, and counts the others."""

    WINDOW_SECONDS = 60.0

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}
        self._hidden: dict[str, int] = {}

    def admit(self, reason: str, monotonic: float) -> int | None:
        """Return how many lines were hidden since the last one, or None when this one is to be hidden too."""
        last = self._logged_at.get(reason)
        if last is not None and monotonic - last < self.WINDOW_SECONDS:
            self._hidden[reason] = self._hidden.get(reason, 0) + 1
            return None
        self._logged_at[reason] = monotonic
        return self._hidden.pop(reason, 0)
