"""The resource types of Azure Resource Manager that our kinds are, and its api-versions (facts 1.1).

Knows names, parents and since when a field exists. Does not know how a resource is read (`arm`) or written (`arm_form`).
"""

import re
from dataclasses import dataclass
from datetime import date

from tidegate.resources.source_map import FieldPath

__all__ = [
    "API_VERSIONS",
    "ARM_TYPES",
    "EXTENDED_LOCATION_OPTIONAL_SINCE",
    "GATES",
    "INSTANCE_TYPE",
    "LATEST_API_VERSION",
    "TYPES_WITHOUT_EFFECT",
    "ArmType",
    "Gate",
    "arm_type",
    "arm_type_of",
    "is_before",
    "version_known_as",
]

INSTANCE_TYPE = "Microsoft.IoTOperations/instances"


@dataclass(frozen=True, slots=True)
class ArmType:
    """One type. `parent_ref` is the field of the manifest that names the parent, which in ARM is a segment of the name."""

    name: str
    kind: str
    parent_ref: str | None = None

    @property
    def collections(self) -> tuple[str, ...]:
        """The words that stand before each name in a path, `instances` first."""
        return tuple(self.name.split("/")[1:])


ARM_TYPES = (
    ArmType(f"{INSTANCE_TYPE}/dataflowEndpoints", "DataflowEndpoint"),
    ArmType(f"{INSTANCE_TYPE}/dataflowProfiles", "DataflowProfile"),
    ArmType(f"{INSTANCE_TYPE}/dataflowProfiles/dataflows", "Dataflow", "profileRef"),
    ArmType(f"{INSTANCE_TYPE}/brokers", "Broker"),
    ArmType(f"{INSTANCE_TYPE}/brokers/listeners", "BrokerListener", "brokerRef"),
    ArmType(f"{INSTANCE_TYPE}/brokers/authentications", "BrokerAuthentication", "brokerRef"),
    ArmType(f"{INSTANCE_TYPE}/brokers/authorizations", "BrokerAuthorization", "brokerRef"),
)

TYPES_WITHOUT_EFFECT = (f"{INSTANCE_TYPE}/dataflowProfiles/dataflowGraphs", f"{INSTANCE_TYPE}/registryEndpoints")
"""Types that are read over with a warning, as the kinds of the same name are."""

API_VERSIONS = (
    "2024-08-15-preview",
    "2024-09-15-preview",
    "2024-11-01",
    "2025-04-01",
    "2025-07-01-preview",
    "2025-10-01",
    "2026-03-01",
    "2026-07-01",
    "2026-10-01",
    "2026-11-01-preview",
)
"""From the first on whose properties have the names of today; the one before had others."""

LATEST_API_VERSION = "2026-07-01"
"""The latest that is published and no preview."""

EXTENDED_LOCATION_OPTIONAL_SINCE = "2025-07-01-preview"


@dataclass(frozen=True, slots=True)
class Gate:
    """A field below `properties` that exists since an api-version; `*` stands for any item of a list."""

    kind: str
    path: FieldPath
    since: str


GATES = (
    Gate("DataflowEndpoint", ("hostType",), "2025-07-01-preview"),
    Gate("DataflowEndpoint", ("openTelemetrySettings",), "2025-07-01-preview"),
    Gate("Dataflow", ("requestDiskPersistence",), "2025-07-01-preview"),
    Gate("Dataflow", ("operations", "*", "destinationSettings", "headers"), "2025-10-01"),
    Gate("DataflowProfile", ("diagnostics", "debuggingSettings"), "2026-11-01-preview"),
    Gate(
        "BrokerAuthentication",
        ("authenticationMethods", "*", "x509Settings", "additionalValidation"),
        "2025-07-01-preview",
    ),
)

_VERSION = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(-preview)?")
_BY_NAME = {row.name.lower(): row for row in ARM_TYPES}
_BY_KIND = {row.kind: row for row in ARM_TYPES}


def arm_type(name: str) -> ArmType | None:
    """Return the type of a name, in which upper and lower case do not matter; None when it is none of ours."""
    return _BY_NAME.get(name.lower())


def arm_type_of(kind: str) -> ArmType | None:
    """Return the type of a kind; None for those that Azure Resource Manager does not have, as secrets."""
    return _BY_KIND.get(kind)


def version_known_as(version: str) -> str | None:
    """Return the api-version whose fields count: one that is not known counts as the nearest before it.

    None for what is no date, and for what is older than all of ours.
    """
    found = _VERSION.fullmatch(version.lower())
    if found is None:
        return None
    try:
        date.fromisoformat(found[1])
    except ValueError:
        return None
    return next((each for each in reversed(API_VERSIONS) if each[:10] <= found[1]), None)


def is_before(version: str, since: str) -> bool:
    """Tell whether a known api-version is older than another."""
    return API_VERSIONS.index(version) < API_VERSIONS.index(since)
