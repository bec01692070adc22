"""`templates/values.py`."""

import pytest

from tidegate.resources.source_map import Node
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import (
    Lambda,
    as_array,
    as_bool,
    as_int,
    as_object,
    as_text,
    compact_json,
    from_json,
    is_number,
    json_of,
    node_of,
    same,
    text_of,
    type_name,
    value_of,
)


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (None, "null", ""),
        (True, "bool", "True"),
        (1, "int", "1"),
        (1.5, "float", "1.5"),
        ("a", "string", "a"),
        ([1, "é"], "array", '[1,"é"]'),
        ({"a": None}, "object", '{"a":null}'),
    ],
)
def test_types_and_texts(value: object, name: str, text: str) -> None:
    assert type_name(value) == name  # type: ignore[arg-type]
    assert text_of(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("take", [as_array, as_bool, as_int, as_object, as_text])
def test_a_wrong_type_is_refused_with_its_name(take: object) -> None:
    with pytest.raises(TemplateError, match=r"`f` takes an? .*, and this is of type null"):
        take(None, "`f`")  # type: ignore[operator]


def test_a_bool_is_no_number() -> None:
    assert not is_number(True)
    assert not same(True, 1)
    assert same(1, 1.0)
    assert same([{"a": 1}], [{"a": 1}])
    assert not same([1], [1, 2])


def test_a_lambda_is_no_json() -> None:
    with pytest.raises(TemplateError):
        json_of(Lambda((), lambda: None))


@pytest.mark.parametrize("text", ["{", "NaN", "[" * 10_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        from_json(text, "`json`")


def test_computed_values_stand_where_their_expression_does() -> None:
    node = node_of({"a": [1, "b"]}, Node("[x()]", 3, 8))
    assert value_of(node) == {"a": [1, "b"]}
    inner = node.child("a")
    assert inner is not None
    assert (inner.start, inner.end) == (3, 8)
    assert compact_json(value_of(node)) == '{"a":[1,"b"]}'
