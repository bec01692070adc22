"""`web/arm_path.py`: paths in any case, of resources and of lists."""

import pytest

from tidegate.web.arm_path import ArmPath, parse_arm_path

GROUP = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.IoTOperations"


def test_a_resource_and_a_list() -> None:
    flow = parse_arm_path(f"{GROUP}/instances/i/dataflowProfiles/default/dataflows/to-cloud")
    assert flow == ArmPath(
        "s-1",
        "rg",
        "Microsoft.IoTOperations",
        ("instances", "dataflowProfiles", "dataflows"),
        ("i", "default", "to-cloud"),
    )
    assert not flow.is_list
    flows = parse_arm_path(f"{GROUP}/instances/i/dataflowProfiles/default/dataflows")
    assert flows is not None
    assert flows.is_list
    assert flows.names == ("i", "default")


def test_words_may_have_any_case() -> None:
    path = parse_arm_path("/SUBSCRIPTIONS/s/resourcegroups/RG/Providers/microsoft.iotoperations/Instances/I")
    assert path == ArmPath("s", "RG", "microsoft.iotoperations", ("Instances",), ("I",))


def test_a_list_of_a_subscription() -> None:
    path = parse_arm_path("/subscriptions/s/providers/Microsoft.IoTOperations/instances")
    assert path == ArmPath("s", None, "Microsoft.IoTOperations", ("instances",), ())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/subscriptions",
        "/subscriptions/s",
        "/subscriptions/s/resourceGroups/rg",
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.IoTOperations",
        "/subscriptions/s/resourceGroups//providers/Microsoft.IoTOperations/instances",
        "/tenants/s/resourceGroups/rg/providers/Microsoft.IoTOperations/instances",
        "/subscriptions/s/providers/x/" + "a/" * 40 + "b",
        "/subscriptions/s/providers/x/" + "a" * 300,
    ],
)
def test_what_is_no_path_of_a_resource(path: str) -> None:
    assert parse_arm_path(path) is None


def test_names_are_quoted_and_unquoted() -> None:
    path = parse_arm_path("/subscriptions/a%2Fb/resourceGroups/r%20g/providers/Microsoft.IoTOperations/instances/i")
    assert path is not None
    assert path.subscription == "a/b"
    assert path.identifier(("instances",), ("i",)) == (
        "/subscriptions/a%2Fb/resourceGroups/r%20g/providers/Microsoft.IoTOperations/instances/i"
    )
