"""Leaves, captures, and the limit on how often rules apply. What comes of it is in `test_map`."""

import json

import pytest

from tidegate.message import Message
from tidegate.transform import wildcards
from tidegate.transform.map_rule import compile_rules
from tidegate.transform.paths import parse_reference
from tidegate.transform.spec import MapSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View
from tidegate.transform.wildcards import capture, leaves, resolve


def test_leaves_are_values_arrays_and_empty_objects_in_order() -> None:
    record = {"a": {"b": 1, "c": {"d": None}}, "e": [1, {"f": 2}], "g": {}}
    assert list(leaves(record)) == [
        (("a", "b"), 1),
        (("a", "c", "d"), None),
        (("e",), [1, {"f": 2}]),
        (("g",), {}),
    ]


@pytest.mark.parametrize(
    ("path", "way", "captured"),
    [
        ("*", "a", "a"),
        ("*", "a.b.c", "a.b.c"),
        ("a.*", "a.b.c", "b.c"),
        ("a.*", "a", None),
        ("a.*", "b.c", None),
        ("*.c", "a.b.c", "a.b"),
        ("*.c", "c", None),
        ("a.*.c", "a.b.c", "b"),
        ("a.*.c", "a.c", None),
        ("a.*.c", "a.b.d", None),
    ],
)
def test_captures(path: str, way: str, captured: str | None) -> None:
    found = capture(parse_reference(path).path, tuple(way.split(".")))
    assert found == (None if captured is None else tuple(captured.split(".")))


def test_many_fields_under_two_wildcards_are_not_compared_each_with_each() -> None:
    rules = compile_rules(
        (MapSpec(inputs=("*",), output="*"), MapSpec(inputs=("a.*",), output="")), last_per_topic=False
    )
    payload = {"a": {f"f{number}": {"x": number} for number in range(40_000)}, "b": 1}
    assert resolve(rules, View(Message("t", json.dumps(payload).encode())), moves_copies=True).payload == {"b": 1}


def test_promise_17_how_often_rules_apply_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "APPLICATIONS_MAX", 3)
    rules = compile_rules(
        (MapSpec(inputs=("*",), output="x.*"), MapSpec(inputs=("*",), output="y.*")), last_per_topic=False
    )
    with pytest.raises(EvaluationError, match="map rule 2: the rules apply more than 3 times"):
        resolve(rules, View(Message("t", b'{"a": 1, "b": 2}')), moves_copies=True)
