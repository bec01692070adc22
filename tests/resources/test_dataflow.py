"""Data flows: which operation is which. What is refused is in tests/cases/manifests."""

from tests.resources.manifests import UPLINK, read_clean

TRANSFORMATION = """    - operationType: BuiltInTransformation
      builtInTransformationSettings: {map: [{inputs: ["*"], output: "*"}]}
"""


def test_operations_are_found_by_their_type() -> None:
    spec = read_clean(UPLINK).resources.dataflows["uplink"].spec
    assert spec.source[0] == 0
    assert spec.source[1].data_sources == ("plant/#",)
    assert spec.destination[0] == 1
    assert spec.destination[1].data_destination == "north/${inputTopic}"
    assert spec.transformation is None
    assert (spec.mode, spec.request_disk_persistence) == ("Enabled", "Disabled")


def test_a_transformation_is_found_where_it_stands() -> None:
    text = UPLINK.replace("    - operationType: Source", TRANSFORMATION + "    - operationType: Source")
    spec = read_clean(text).resources.dataflows["uplink"].spec
    assert spec.transformation is not None
    assert spec.transformation[0] == 0
    assert spec.transformation[1].map[0].output == "*"
    assert spec.source[0] == 1
