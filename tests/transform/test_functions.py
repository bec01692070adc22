"""Every function's example is true, and every function refuses what it does not take."""

import pytest

from tidegate.transform.evaluator import compile_node
from tidegate.transform.function import Function
from tidegate.transform.functions import FUNCTIONS, ROWS, WINDOW_FUNCTIONS
from tidegate.transform.parser import parse_expression
from tidegate.transform.values import EvaluationError, Value, same


def value(text: str) -> Value:
    return compile_node(parse_expression(text, 0))(())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_example(row: Function[Value]) -> None:
    assert row.example.startswith(f"{row.name}(")
    assert same(value(row.example), value(row.result))
    assert row.summary.endswith(".")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_missing_input_has_no_value(row: Function[Value]) -> None:
    if row.name in ("typeof", "str::from"):
        return
    with pytest.raises(EvaluationError):
        row.call(*[None] * row.least)


def test_names() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert FUNCTIONS["abs"] is FUNCTIONS["math::abs"] and FUNCTIONS["sqrt"] is FUNCTIONS["math::sqrt"]
    assert not WINDOW_FUNCTIONS & FUNCTIONS.keys()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("len(1, 2, 3)", 3),
        ('len("ö")', 1),
        ("len((1, 2))", 2),
        ("min((3, 1, 2))", 1),
        ("max(1, 2.5)", 2.5),
        ("if(false, 1, 2)", 2),
        ("contains((1, 2.0), 2)", False),
        ("contains_any((1, 2), (3, 4))", False),
        ("typeof(())", "empty"),
        ("typeof((1, 2))", "tuple"),
        ("str::from((1, 2.0))", "(1, 2)"),
        ("shl(1, 63)", -(2**63)),
        ("shr(-1, 63)", -1),
        ("fToC(-40)", -40.0),
        ("cToF(21)", 69.8),
        ("min(0.0 / 0.0, 1)", 1),
        ("max((1, 0.0 / 0.0))", 1),
        ("math::is_nan(min(0.0 / 0.0))", True),
        ("math::is_normal(1)", True),
        ("math::is_normal(5e-324)", False),
    ],
)
def test_results(text: str, result: Value) -> None:
    assert same(value(text), result)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("len(5)", "`len`: a text or a tuple is needed, and this is an int"),
        ("contains(1, 2)", "`contains`: a tuple is needed, and this is an int"),
        ("shl(1, 64)", "`shl`: a shift is by 0 to 63 bits, and this is 64"),
        ("bitand(1.0, 1)", "`bitand`: an int is needed, and this is a float"),
        ('cToF("1")', "`cToF`: a number is needed, and this is a string"),
        ("str::trim(1)", "`str::trim`: a text is needed, and this is an int"),
    ],
)
def test_refusals(text: str, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert caught.value.detail == detail
