"""Writing and removing fields."""

import math
from typing import Any

import pytest

from tidegate.transform.output import Output, remove, to_json, write
from tidegate.transform.paths import MISSING, parse_output
from tidegate.transform.values import EvaluationError, Value


def test_writing_makes_objects_on_the_way() -> None:
    target: dict[str, Any] = {"a": {"b": 1}}
    write(target, ("a", "c", "d"), 2)
    write(target, ("a", "b"), 3)
    write(target, ("x",), {"y": 1})
    assert target == {"a": {"b": 3, "c": {"d": 2}}, "x": {"y": 1}}
    with pytest.raises(EvaluationError, match=r"`a.b.c` cannot be written: `a.b` holds a value that is no object"):
        write(target, ("a", "b", "c"), 1)


def test_removing_leaves_no_empty_objects_behind() -> None:
    target: dict[str, Any] = {"a": {"b": {"c": 1}}, "d": {"e": 1, "f": 2}, "g": {}}
    remove(target, ("a", "b", "c"))
    remove(target, ("d", "e"))
    remove(target, ("d", "e"))
    remove(target, ("x", "y"))
    remove(target, ("g", "x"))
    assert target == {"d": {"f": 2}, "g": {}}


def test_values_as_json() -> None:
    assert (to_json(None), to_json((1, None, (2.5,))), to_json("a")) == (MISSING, [1, None, [2.5]], "a")
    for value in (math.nan, math.inf, (1, -math.inf)):
        with pytest.raises(EvaluationError, match="which JSON cannot hold"):
            to_json(value)


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (54.0, "54"), (True, "true"), (MISSING, None), (None, None)])
def test_metadata_is_text(value: Value, text: str | None) -> None:
    output = Output({})
    for name in ("$metadata.topic", "$metadata.user_property.k"):
        path = parse_output(name)
        assert path is not None
        output.put(path, value)
    assert (output.topic, output.properties, output.payload) == (text, [("k", text)], {})


def test_metadata_holds_no_objects() -> None:
    path = parse_output("$metadata.topic")
    assert path is not None
    for value, kind in (({"a": 1}, "an object"), ([1], "an array")):
        with pytest.raises(EvaluationError, match=kind):
            Output({}).put(path, value)
