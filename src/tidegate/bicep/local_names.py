"""What loops and lambdas bring: names that mean something in one place only.

Knows a place's names. Does not know how they came there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegate.bicep.symbols import BoundResource
from tidegate.templates.expression_syntax import Expression as Tree

__all__ = ["NO_LOCALS", "Locals"]


@dataclass(frozen=True, slots=True)
class Locals:
    """What loops and lambdas around bring, and the resource whose body is read."""

    names: Mapping[str, Tree] = field(default_factory=dict)
    owner: BoundResource | None = None

    def with_names(self, names: Mapping[str, Tree]) -> "Locals":
        """Return the same with more names."""
        return Locals({**self.names, **names}, self.owner)


NO_LOCALS = Locals()
