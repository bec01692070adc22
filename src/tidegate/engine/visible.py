"""What Azure Resource Manager would list: the inventory of its kinds, as resources.

Knows which kinds there are in Azure. Does not know how resources are shown or changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.engine.inventory import inventory
from tidegate.engine.store_access import StoreAccess
from tidegate.resources.arm_types import ARM_TYPES
from tidegate.resources.base import Resource
from tidegate.resources.document import resource_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.stored import StoredResource

__all__ = ["Visible", "visible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """One resource. `file` says where it was read from, `stored` how it is kept; the built-in ones have neither."""

    resource: Resource
    file: str | None = None
    stored: StoredResource | None = None

    @property
    def is_built_in(self) -> bool:
        """Tell whether nobody declared it."""
        return self.file is None and self.stored is None


def visible(workspace: StoreAccess, kinds: Iterable[str] | None = None) -> dict[ResourceKey, Visible]:
    """Return what there is of some kinds, or all, in the order of kinds and names. What does not validate is left out."""
    found: dict[ResourceKey, Visible] = {}
    for entry in inventory(workspace, kinds or [row.kind for row in ARM_TYPES], with_built_in=True):
        try:
            resource = resource_of(entry.document)
        except ValueError:
            continue
        found[entry.key] = Visible(resource=resource, file=entry.file, stored=entry.stored)
    return found
