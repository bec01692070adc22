"""A loop on which waiting takes no time: when nothing is ready, its clock jumps to the next timer."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tidegate.moment import Moment

Result = TypeVar("Result")

SECONDS_MAX = 100_000.0
WALL_START = 1_800_000_000.0


class _SkippingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped_seconds = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.skipped_seconds += timeout
            assert self.skipped_seconds < SECONDS_MAX, "the test waits for what does not happen"
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """Time starts at 0 and passes only in jumps and in the work itself."""

    def __init__(self) -> None:
        self.selector = _SkippingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.skipped_seconds


def clock() -> Moment:
    """Read both clocks of the running loop."""
    seconds = asyncio.get_running_loop().time()
    return Moment(seconds, WALL_START + seconds)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, and fail on whatever only reached the loop's exception handler."""
    unhandled: list[dict[str, Any]] = []
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.get_loop().set_exception_handler(lambda _, context: unhandled.append(context))
        result = runner.run(main)
    assert unhandled == []
    return result
