"""What the type of a resource says: `'Microsoft.IoTOperations/instances@2024-11-01'`.

Knows the types of Azure IoT Operations, and how a type is written. Does not know what resources have (`resources`).
"""

import re
from dataclasses import dataclass

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.syntax import Text
from tidegate.resources.arm_types import (
    API_VERSIONS,
    ARM_TYPES,
    INSTANCE_TYPE,
    LATEST_API_VERSION,
    TYPES_WITHOUT_EFFECT,
)
from tidegate.resources.findings import closest

__all__ = ["KNOWN_TYPES", "ResourceType", "read_resource_type"]

KNOWN_TYPES = (
    INSTANCE_TYPE,
    *(row.name for row in ARM_TYPES),
    *TYPES_WITHOUT_EFFECT,
    "Microsoft.ExtendedLocation/customLocations",
    "Microsoft.Resources/deployments",
)
"""The types that files of this domain name. Others may be named too, as existing ones."""

_NAMESPACE = INSTANCE_TYPE.partition("/")[0]
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-[a-z]+)?")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9.]*(/[A-Za-z0-9_.-]+)+")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A whole type and its api-version."""

    name: str
    api_version: str


def read_resource_type(written: Text, parent: ResourceType | None = None) -> ResourceType:
    """Read a type; one inside of `parent` is relative to it, and may leave the api-version to it.

    Raises:
        BicepError: it is no type; it is one of Azure IoT Operations that does not exist.
    """
    name, mark, version = written.value.partition("@")
    if parent is not None:
        name, version = f"{parent.name}/{name}", version if mark else parent.api_version
    elif not mark or not version:
        hint = f"write '{name or INSTANCE_TYPE}@{LATEST_API_VERSION}'"
        raise BicepError("the type has no api-version", written.start, written.end, hint, "resource-type")
    if not _TYPE.fullmatch(name):
        hint = f"write it as '{INSTANCE_TYPE}@{LATEST_API_VERSION}'"
        raise BicepError(f"`{name}` is no resource type", written.start, written.end, hint, "resource-type")
    if not _VERSION.fullmatch(version):
        near = closest(version, API_VERSIONS)
        start = written.start + 1 + len(written.value) - len(version)
        hint = f"did you mean `{near}`?" if near else f"write it as {LATEST_API_VERSION}"
        raise BicepError(f"`{version}` is no api-version", start, written.end - 1, hint, "resource-type")
    _check_known(name, written)
    return ResourceType(name, version)


def _check_known(name: str, written: Text) -> None:
    folded = name.lower()
    if any(folded == each.lower() for each in KNOWN_TYPES):
        return
    near = closest(name, KNOWN_TYPES)
    is_ours = folded.startswith(_NAMESPACE.lower() + "/")
    # Another name space that is not ours at all may hold anything.
    is_close = near is not None and closest(name.partition("/")[0], [near.partition("/")[0]]) is not None
    if is_ours or (
        is_close and folded.partition("/")[0] not in {each.lower().partition("/")[0] for each in KNOWN_TYPES}
    ):
        hint = f"did you mean `{near}`?" if near else None
        raise BicepError(f"there is no resource type `{name}`", written.start, written.end, hint, "resource-type")
