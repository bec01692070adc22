"""Taking turns: the same measurement with mosquitto's bridge and with Tidegate, run after run, saying how far it is."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks.contenders import Contender, bridge, tidegate
from benchmarks.figures import Bound, Figure

__all__ = ["compare", "in_turn", "say"]

T = TypeVar("T")


def say(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)


def in_turn(runs: int, name: str, measure: Callable[[Contender], T]) -> list[tuple[T, T]]:
    """Measure the bridge and Tidegate in turn, `runs` times; return a pair (bridge, tidegate) for each run."""
    pairs = []
    for run in range(runs):
        bridges = measure(bridge)
        say(f"{name}, run {run + 1} of {runs}, bridge:   {bridges}")
        ours = measure(tidegate)
        say(f"{name}, run {run + 1} of {runs}, tidegate: {ours}")
        pairs.append((bridges, ours))
    return pairs


def compare(
    name: str, unit: str, pairs: Sequence[tuple[T, T]], value: Callable[[T], float], bound: Bound | None = None
) -> Figure:
    """Return the figure that `value` reads from what `in_turn` measured."""
    return Figure(
        name,
        unit,
        ours=tuple(value(ours) for _, ours in pairs),
        bridge=tuple(value(bridges) for bridges, _ in pairs),
        bound=bound,
    )
