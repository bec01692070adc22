"""What a template may ask about the world that it is deployed to, as a value.

Knows the names that Azure has for it. Does not find anything out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidegate.resources.source_map import Json

__all__ = ["Environment"]

_NOBODY = "00000000-0000-0000-0000-000000000000"


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a deployment goes. `now_seconds` is the time since 1970; `existing` gives the whole resource that has an id,
    None where it is not known.
    """

    subscription_id: str = _NOBODY
    resource_group: str = "tidegate"
    location: str = "local"
    tenant_id: str = _NOBODY
    deployment_name: str = "main"
    now_seconds: float = 0.0
    existing: Callable[[str], Mapping[str, Json] | None] = _nothing

    @property
    def resource_group_id(self) -> str:
        """The id of the resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
