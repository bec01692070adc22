"""Long-running operations of Azure Resource Manager: what became of a change, for clients that ask again.

Knows their form and that they are done when they are made. Does not know what was done.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

__all__ = ["OPERATIONS_MAX", "Operations", "time_text"]

OPERATIONS_MAX = 1_000
"""How many are remembered; the oldest go first."""

Body = dict[str, Any]  # Any: JSON


class Operations:
    """The operations of one server."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._bodies: OrderedDict[str, Body] = OrderedDict()

    def add(
        self, status: Literal["Succeeded", "Failed"], now_wall: float, error: Body | None = None, **more: object
    ) -> str:
        """Remember one that is done, and return its id."""
        identifier = self._new_id()
        time = time_text(now_wall)
        body: Body = {"id": identifier, "name": identifier, "status": status, "startTime": time, "endTime": time}
        if error is not None:
            body["error"] = error
        self._bodies[identifier] = body | more
        while len(self._bodies) > OPERATIONS_MAX:
            self._bodies.popitem(last=False)
        return identifier

    def find(self, identifier: str) -> Body | None:
        """Return one, None where it is not known (any more)."""
        return self._bodies.get(identifier)


def time_text(wall: float) -> str:
    """Write a time as Azure Resource Manager does; `wall` is in seconds since 1970."""
    return datetime.fromtimestamp(wall, UTC).isoformat().replace("+00:00", "Z")
