"""Types, equality, and how values are written."""

import math

import pytest

from tidegate.transform.paths import MISSING
from tidegate.transform.values import (
    TEXT_CHARACTERS_MAX,
    EvaluationError,
    Value,
    bounded_text,
    checked_integer,
    from_json,
    same,
    text_of,
    type_name,
)


def test_what_json_holds_as_values() -> None:
    assert from_json(MISSING) is None and from_json(None) is None
    assert from_json([1, "a", True, 0.5]) == (1, "a", True, 0.5)
    assert from_json(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        ({"a": 1}, "an object cannot be used in an expression"),
        ([1, {"a": 1}], "an array that holds an object cannot be used in an expression"),
        ([None], "an array that holds null cannot be used in an expression"),
        ([[1]], "an array that holds an array cannot be used in an expression"),
        (2**63, "the integer 9223372036854775808 is outside of 64 bits"),
        ([-(2**63) - 1], "the integer -9223372036854775809 is outside of 64 bits"),
    ],
)
def test_what_is_no_value(found: object, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        from_json(found)
    assert caught.value.detail == detail


def test_integers_have_64_bits() -> None:
    with pytest.raises(EvaluationError, match="the integer of 20001 bits"):
        from_json(1 << 20_000)
    assert checked_integer(-(2**63)) == -(2**63)
    with pytest.raises(EvaluationError):
        checked_integer(2**63)


def test_values_of_two_types_are_never_equal() -> None:
    assert same(1, 1) and same((1, "a"), (1, "a")) and same(None, None)
    assert not same(1, 1.0) and not same(1, True) and not same((1,), (1.0,)) and not same((1,), (1, 2))
    assert not same(math.nan, math.nan)


@pytest.mark.parametrize(
    ("value", "text", "name"),
    [
        ("a", "a", "string"),
        (True, "true", "boolean"),
        (False, "false", "boolean"),
        (12, "12", "int"),
        (54.0, "54", "float"),
        (-0.0, "-0", "float"),
        (0.1, "0.1", "float"),
        (1e300, "1" + "0" * 300, "float"),
        (1e16, "10000000000000000", "float"),
        (1.5e-7, "0.00000015", "float"),
        (-2.5e20, "-250000000000000000000", "float"),
        (math.nan, "NaN", "float"),
        (math.inf, "inf", "float"),
        (-math.inf, "-inf", "float"),
        (None, "()", "empty"),
        ((1, "a", 2.0, ()), '(1, "a", 2, ())', "tuple"),
    ],
)
def test_text_and_type(value: Value, text: str, name: str) -> None:
    assert text_of(value) == text
    assert type_name(value) == name


def test_promise_17_texts_are_bounded() -> None:
    assert bounded_text("a") == "a"
    with pytest.raises(EvaluationError, match="allowed are"):
        bounded_text("a" * (TEXT_CHARACTERS_MAX + 1))
