"""In which order resources are deployed: each after what it depends on, else as they were written.

Knows an order and its circles. Does not know resources.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

__all__ = ["in_order"]

ItemT = TypeVar("ItemT")


def in_order(
    items: Sequence[ItemT], needs: Mapping[ItemT, Iterable[ItemT]], on_circle: Callable[[list[ItemT]], None]
) -> list[ItemT]:
    """Return the items in order. `on_circle` is called with each circle, whose last item is its first."""
    made: list[ItemT] = []
    done: set[ItemT] = set()
    for first in items:
        path: list[ItemT] = []
        waiting: list[tuple[ItemT, bool]] = [(first, False)]
        while waiting:
            item, is_left = waiting.pop()
            if is_left:
                path.pop()
                if item not in done:
                    done.add(item)
                    made.append(item)
            elif item in path:
                on_circle([*path[path.index(item) :], item])
            elif item not in done:
                path.append(item)
                waiting.append((item, True))
                waiting += [(each, False) for each in reversed(list(needs.get(item, ())))]
    return made
