"""What identifies a resource.

Knows kind and name. Does not know any kind, and needs none of the models, so that a store is read without them.
"""

from typing import NamedTuple

__all__ = ["ResourceKey"]


class ResourceKey(NamedTuple):
    """What identifies a resource; all live in one namespace."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"
