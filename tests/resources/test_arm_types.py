"""Types and api-versions of Azure Resource Manager."""

import pytest

from tidegate.resources.arm_types import (
    API_VERSIONS,
    ARM_TYPES,
    GATES,
    arm_type,
    arm_type_of,
    is_before,
    version_known_as,
)
from tidegate.resources.kinds import KINDS


def test_every_kind_of_ours_is_a_type() -> None:
    assert {row.kind for row in ARM_TYPES} == {kind for kind, row in KINDS.items() if row.is_ours}
    assert arm_type_of("Secret") is None


def test_upper_and_lower_case_do_not_matter() -> None:
    found = arm_type("microsoft.iotoperations/INSTANCES/dataflowprofiles/dataflows")
    assert found is arm_type_of("Dataflow")
    assert found is not None and found.collections == ("instances", "dataflowProfiles", "dataflows")
    assert arm_type("Microsoft.IoTOperations/instances") is None


def test_versions_are_in_their_order() -> None:
    assert [each[:10] for each in API_VERSIONS] == sorted(each[:10] for each in API_VERSIONS)
    assert is_before("2024-11-01", "2025-07-01-preview") and not is_before("2025-10-01", "2025-10-01")
    assert all(gate.since in API_VERSIONS for gate in GATES)


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("2024-11-01", "2024-11-01"),
        ("2024-11-02", "2024-11-01"),
        ("2024-12-01-preview", "2024-11-01"),
        ("2024-08-14", None),
        ("2025-02-30", None),
        ("2025-1-1", None),
        ("2025-10-01-beta", None),
    ],
)
def test_what_an_unknown_version_counts_as(version: str, known: str | None) -> None:
    assert version_known_as(version) == known
