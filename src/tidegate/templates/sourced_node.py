"""A node that comes from another text than what is around it, such as the template of a module.

Knows its text. Does not know how it came there.
"""

from dataclasses import dataclass, field

from tidegate.resources.source_map import Node, SourceText

__all__ = ["SourcedNode"]


@dataclass(slots=True, eq=False)
class SourcedNode(Node):
    """A value whose places, and those of all that is in it, are in `source`."""

    source: SourceText = field(default_factory=lambda: SourceText("", ""))
