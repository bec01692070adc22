"""What the names of a file stand for: its declarations, and resources with their parents.

Knows how resources lie inside of each other. Does not check anything (`binder`).
"""

from dataclasses import dataclass, field

from tidegate.bicep.resource_types import ResourceType
from tidegate.bicep.syntax import Expression, For, Module, Object, Parameter, Resource, Variable

__all__ = ["BoundModule", "BoundResource", "Symbol", "Symbols"]


@dataclass(eq=False, slots=True)
class BoundResource:
    """A resource. `symbol` is its name in the template, in which `::` stands between those around it and its own."""

    declaration: Resource
    symbol: str
    type: ResourceType
    body: Object
    loop: For | None
    conditions: tuple[Expression, ...]
    nested_in: "BoundResource | None" = None
    children: "dict[str, BoundResource]" = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class BoundModule:
    """A module."""

    declaration: Module
    body: Object
    loop: For | None
    conditions: tuple[Expression, ...]

    @property
    def symbol(self) -> str:
        """Its name in the template."""
        return self.declaration.name


Symbol = Parameter | Variable | BoundResource | BoundModule


@dataclass(slots=True)
class Symbols:
    """The names of one file, in the order of their declarations; `resources` has those inside of others too."""

    names: dict[str, Symbol] = field(default_factory=dict)
    resources: list[BoundResource] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
