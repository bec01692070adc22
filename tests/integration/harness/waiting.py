"""Waiting for a condition, never for a time. A deadline is generous: it decides when to give up, not what is right."""

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["DEADLINE_SECONDS", "grow", "reach", "until"]

DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.01

T = TypeVar("T")


def until(
    condition: Callable[[], T],
    what: str,
    *,
    seconds: float = DEADLINE_SECONDS,
    found: Callable[[], object] | None = None,
) -> T:
    """Return the first true value of `condition`; after `seconds` fail, saying `what` was awaited and what was `found`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            detail = f"; found {found()}" if found is not None else ""
            raise AssertionError(f"after {seconds:g} s still waiting for {what}{detail}")
        time.sleep(POLL_SECONDS)


def grow(count: Callable[[], int], by: int, what: str, *, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until `count` is at least `by` above what it is now."""
    start = count()
    until(lambda: count() >= start + by, f"{by} more of: {what}", seconds=seconds, found=lambda: count() - start)


def reach(count: Callable[[], int], target: int, what: str, *, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until `count` is `target` exactly."""
    until(lambda: count() == target, f"{target} in all: {what}", seconds=seconds, found=count)
