"""A message through a transformation, on a clock that stands and with ids that are counted."""

from collections.abc import Callable
from itertools import count

from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.transform.compiler import Outcome, compile_transform
from tidegate.transform.enrich import Snapshots
from tidegate.transform.spec import TransformSpec

__all__ = ["NOW", "compiled", "transformed"]

NOW = Moment(1_000.0, 1_700_000_000.25)


def compiled(spec: TransformSpec, snapshots: Snapshots | None = None) -> Callable[[Message], Outcome]:
    """Return the closure of a transformation; its ids are `id-1`, `id-2` and so on."""
    numbers = count(1)
    transform = compile_transform(spec, new_id=lambda: f"id-{next(numbers)}", snapshots=snapshots)
    return lambda message: transform(message, NOW)


def transformed(spec: TransformSpec, message: Message, snapshots: Snapshots | None = None) -> Outcome:
    """Return what a transformation makes of one message."""
    return compiled(spec, snapshots)(message)
