"""What Azure Resource Manager would list: the inventory as resources, and those that exist without being declared.

Knows which kinds there are in Azure. Does not know how resources are shown or changed.
"""

from dataclasses import dataclass

from tidegate.engine.inventory import inventory
from tidegate.engine.workspace import Workspace
from tidegate.resources.arm_types import ARM_TYPES
from tidegate.resources.base import Resource
from tidegate.resources.document import resource_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.resource_set import ResourceSet
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


def visible(workspace: Workspace) -> dict[ResourceKey, Visible]:
    """Return what there is, in the order of kinds and names. What does not validate is left out."""
    kinds = {row.kind for row in ARM_TYPES}
    found = {each.key: Visible(resource=each) for each in ResourceSet.of(()).all() if each.kind_name in kinds}
    for entry in inventory(workspace, kinds):
        try:
            resource = resource_of(entry.document)
        except ValueError:
            continue
        found[entry.key] = Visible(resource=resource, file=entry.file, stored=entry.stored)
    return dict(sorted(found.items()))
