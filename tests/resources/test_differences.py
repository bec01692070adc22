"""What is different between two documents."""

from tidegate.resources.differences import ABSENT, Difference, differences
from tidegate.resources.source_map import Json


def test_only_what_differs_is_named() -> None:
    before: Json = {"a": 1, "b": {"c": [1, 2, 3], "d": "x"}, "gone": None}
    after: Json = {"a": 1, "b": {"c": [1, 5], "d": "x", "e": {}}}
    assert differences(before, after) == (
        Difference(("b", "c", 1), 2, 5),
        Difference(("b", "c", 2), 3, ABSENT),
        Difference(("b", "e"), ABSENT, {}),
        Difference(("gone",), None, ABSENT),
    )
    assert differences(before, before) == ()


def test_json_types_are_told_apart_and_order_does_not_count() -> None:
    assert differences({"a": 1, "b": 2}, {"b": 2, "a": True}) == (Difference(("a",), 1, True),)
    assert differences([1], (1,)) == ()
    assert differences(ABSENT, {"a": 1}) == (Difference((), ABSENT, {"a": 1}),)
    assert repr(ABSENT) == "ABSENT"
