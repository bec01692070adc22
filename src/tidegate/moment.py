"""The one value that says what time it is.

Below `net/` nobody reads a clock: every step is handed a `Moment`. The monotonic part drives keep alive,
time-outs and message expiry; the wall part is only for what people and other systems read.
"""

import msgspec

__all__ = ["Moment"]


class Moment(msgspec.Struct, frozen=True, gc=False):
    """One reading of both clocks.

    `monotonic` is in seconds from an arbitrary start and never goes back; `wall` is in seconds since
    1970-01-01 UTC and may jump.
    """

    monotonic: float
    wall: float
