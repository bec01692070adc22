"""Paths of Azure Resource Manager: where a resource or a list of them is asked for, whatever the case of the words.

Knows the segments. Does not know which types there are beyond the provider's (`resources/arm.py`).
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

__all__ = ["PROVIDER", "ArmPath", "parse_arm_path"]

PROVIDER = "Microsoft.IoTOperations"
SEGMENTS_MAX = 24
SEGMENT_CHARACTERS_MAX = 260


@dataclass(frozen=True, slots=True)
class ArmPath:
    """One path below a provider.

    `types` are as they were written, such as `("instances", "dataflowEndpoints")`; `names` are of as many, or of one less
    where the path asks for a list. `subscription` and `resource_group` are whatever the client calls them.
    """

    subscription: str
    resource_group: str | None
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_list(self) -> bool:
        """Tell whether it names no resource, but all of its type."""
        return len(self.names) < len(self.types)

    def identifier(self, types: tuple[str, ...], names: tuple[str, ...]) -> str:
        """Return the id of a resource of our provider in the same subscription and resource group."""
        group = f"/resourceGroups/{_quoted(self.resource_group)}" if self.resource_group is not None else ""
        steps = "".join(f"/{kind}/{_quoted(name)}" for kind, name in zip(types, names, strict=True))
        return f"/subscriptions/{_quoted(self.subscription)}{group}/providers/{PROVIDER}{steps}"


def parse_arm_path(path: str) -> ArmPath | None:
    """Take a path apart; None where it is none below a provider.

    Args:
        path: as it stands in the request, percent-encoded.
    """
    segments = path.strip("/").split("/")
    if len(segments) > SEGMENTS_MAX or any(not each or len(each) > SEGMENT_CHARACTERS_MAX for each in segments):
        return None
    words = [unquote(each) for each in segments]
    if len(words) < 2 or words[0].lower() != "subscriptions":
        return None
    subscription, rest = words[1], words[2:]
    group = None
    if len(rest) >= 2 and rest[0].lower() == "resourcegroups":
        group, rest = rest[1], rest[2:]
    if len(rest) < 3 or rest[0].lower() != "providers":
        return None
    below = rest[2:]
    return ArmPath(subscription, group, rest[1], tuple(below[::2]), tuple(below[1::2]))


def _quoted(name: str) -> str:
    return quote(name, safe="")
