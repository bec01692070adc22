"""When a busy relay should let its sockets rest for a moment, so that the next reads find more.

A peer that writes packet by packet makes reads of a few messages, and then the system calls cost more than the messages.
Resting both sockets for a millisecond makes them fewer and larger. Knows rates and windows; does not know sockets or clocks.
"""

__all__ = ["BUSY_PACKETS_PER_SECOND", "JUDGED_SECONDS_MIN", "REST_SECONDS", "Pacer"]

REST_SECONDS = 0.001
"""How long a rest lasts. It is the least that an event loop can time, and a small part of what a busy broker adds."""

BUSY_PACKETS_PER_SECOND = 30_000
"""From this rate on, messages and acknowledgements together, a rest finds more than one packet for each socket."""

WINDOW_PARTS = 4
"""A turn that moved at least this part of the window is large already, and a rest might starve a small window."""

JUDGED_SECONDS_MIN = 0.01
"""The rate is judged over at least this time. A peer that was kept from the processor for some milliseconds brings at once what
it owes: that is no pace, and a rest would delay it further."""


class Pacer:
    """Judges the turns of one relay; `window` is the number of messages that may be unacknowledged."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._moved = 0
        self._judged_moved = 0
        self.judged_at = 0.0
        """When the rate was judged last, in seconds of the monotonic clock; sooner than `JUDGED_SECONDS_MIN` it is not."""
        self._turn = 0
        self.is_busy = False
        """Whether packets come fast enough for larger turns to pay."""

    def judge(self, moved: int, now: float) -> None:
        """Judge the pace at the end of a turn of the loop.

        `moved` counts the messages and acknowledgements that have come since the beginning; `now` is in seconds of the
        monotonic clock.
        """
        self._turn = moved - self._moved
        self._moved = moved
        elapsed = now - self.judged_at
        if elapsed >= JUDGED_SECONDS_MIN:
            self.is_busy = moved - self._judged_moved >= BUSY_PACKETS_PER_SECOND * elapsed
            self.judged_at = now
            self._judged_moved = moved

    @property
    def wants_rest(self) -> bool:
        """Whether the sockets should rest after the turn that was judged last."""
        return self.is_busy and self._turn * WINDOW_PARTS < self._window
