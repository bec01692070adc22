"""`bicep/resource_types.py`; what it says is in the golden cases."""

import pytest

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.resource_types import KNOWN_TYPES, ResourceType, read_resource_type
from tidegate.bicep.syntax import Text


def test_a_type_inside_of_another() -> None:
    parent = ResourceType("Microsoft.IoTOperations/instances", "2024-11-01")
    assert read_resource_type(Text("brokers"), parent) == ResourceType(
        "Microsoft.IoTOperations/instances/brokers", "2024-11-01"
    )
    assert read_resource_type(Text("brokers@2025-04-01"), parent).api_version == "2025-04-01"


@pytest.mark.parametrize(
    "name", [*KNOWN_TYPES, "Microsoft.Kubernetes/connectedClusters", "microsoft.iotoperations/INSTANCES"]
)
def test_types_that_may_be_named(name: str) -> None:
    assert read_resource_type(Text(f"{name}@2024-11-01")).name == name


@pytest.mark.parametrize(
    "name",
    [
        "Microsoft.IoTOperations/instance@2024-11-01",
        "Microsoft.IotOperation/instances@2024-11-01",
        "a/b",
        "a@2024-11-01",
        "a/b@1",
    ],
)
def test_types_that_may_not(name: str) -> None:
    with pytest.raises(BicepError):
        read_resource_type(Text(name))
