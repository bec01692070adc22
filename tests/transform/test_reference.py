"""The evaluator gives the values of a slow one that was written from the facts alone."""

import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.transform.reference import FUNCTIONS, Apply, Given, Join, Known, Prefix, Tree, Value, Wrong, evaluate, write
from tests.transform.trees import INPUT_COUNT, operands, trees, values

from tidegate.transform.function import Function
from tidegate.transform.functions import ROWS
from tidegate.transform.rule import compile_expression
from tidegate.transform.values import EvaluationError

SYMBOLS = ("+", "-", "*", "/", "%", "^", "<", "<=", ">", ">=", "==", "!=", "&&", "||")
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False) | st.integers(-(10**9), 10**9)

OTHERWISE_TESTED = {
    *("scale", "round_n", "math::cbrt", "math::log", "shl", "shr", "str::regex_matches", "str::regex_replace"),
    *("math::cosh", "math::sinh", "math::tanh", "math::acosh", "math::asinh", "math::atanh"),
}
"""Functions of which the facts do not say the last bit, or say nothing but the name."""


def found(text: str, inputs: tuple[Value, ...]) -> str:
    """Return the value as `repr` writes it, which tells `1` from `1.0`, `0.0` from `-0.0` and NaN from none; or `no value`."""
    try:
        return repr(compile_expression(text, len(inputs))(inputs))
    except EvaluationError:
        return "no value"


def wanted(tree: Tree, inputs: tuple[Value, ...]) -> str:
    try:
        return repr(evaluate(tree, inputs))
    except Wrong:
        return "no value"


def test_the_values_are_those_of_the_reference() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=1_000)
    @given(trees(), values())
    @example(Join("^", Known(-0.0), Known(-1)), (None,) * INPUT_COUNT)
    @example(Join("-", Known(1), Join("-", Known(2), Known(3))), (None,) * INPUT_COUNT)
    @example(Prefix("-", Join("^", Given(1), Known(2))), (2, None, None, None))
    @example(Apply("max", (Known(1), Join("/", Known(0.0), Known(0.0)))), (None,) * INPUT_COUNT)
    def check(tree: Tree, inputs: tuple[Value, ...]) -> None:
        expected = wanted(tree, inputs)
        assert found(write(tree), inputs) == expected, write(tree)
        seen["no value" if expected == "no value" else type(tree).__name__] += 1

    check()
    # Neither all errors, nor all literals.
    assert seen["no value"] > 100 and seen["Join"] > 100 and seen["Apply"] > 100 and seen["Prefix"] > 10


@pytest.mark.parametrize("symbol", sorted(SYMBOLS))
def test_each_operator_is_that_of_the_reference(symbol: str) -> None:
    @settings(max_examples=120)
    @given(operands(2))
    @example((2**53 + 1, 2.0**53))
    @example((-7, 2))
    @example((7, -2))
    @example((-7.5, 2))
    @example((0.0, -0.0))
    @example((True, False))
    @example(("b", "a"))
    def check(inputs: tuple[Value, ...]) -> None:
        assert found(f"$1 {symbol} $2", inputs) == wanted(Join(symbol, Given(1), Given(2)), inputs)

    check()


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in FUNCTIONS], ids=lambda row: row.name)
def test_each_function_is_that_of_the_reference(row: Function[Value]) -> None:
    @settings(max_examples=60)
    @given(operands(row.least))
    def check(inputs: tuple[Value, ...]) -> None:
        tree = Apply(row.name, tuple(Given(number + 1) for number in range(row.least)))
        assert found(write(tree), inputs) == wanted(tree, inputs)

    check()


def test_every_function_is_compared_or_tested_otherwise() -> None:
    assert {row.name for row in ROWS} == FUNCTIONS.keys() | OTHERWISE_TESTED
    assert not FUNCTIONS.keys() & OTHERWISE_TESTED


@settings(max_examples=200)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_scale_is_linear(value: float, low: float, high: float, to_low: float, to_high: float) -> None:
    inputs = (value, low, high, to_low, to_high)
    if float(low) == float(high):
        assert found("scale($1, $2, $3, $4, $5)", inputs) == "no value"
        return
    exact = Fraction(to_low) + (Fraction(value) - Fraction(low)) * (Fraction(to_high) - Fraction(to_low)) / (
        Fraction(high) - Fraction(low)
    )
    made = Fraction(float(found("scale($1, $2, $3, $4, $5)", inputs)))
    size = max(abs(exact), abs(Fraction(to_low)), abs(exact - Fraction(to_low)), Fraction(1, 10**300))
    assert abs(made - exact) / size < Fraction(1, 10**12)


@settings(max_examples=300)
@given(st.floats(-1e6, 1e6, allow_nan=False), st.integers(0, 9))
def test_round_n_is_the_nearest(value: float, digits: int) -> None:
    made = float(found("round_n($1, $2)", (value, digits)))
    step = Fraction(1, 10**digits)
    assert abs(Fraction(made) - Fraction(value)) <= step / 2 + Fraction(1, 10**10)
    assert round(made, digits) == made


@settings(max_examples=200)
@given(st.floats(1e-9, 1e9), st.floats(1e-3, 1e3))
def test_roots_and_logarithms_are_undone_by_powers(value: float, base: float) -> None:
    root = float(found("math::cbrt($1)", (value,)))
    assert math.isclose(root**3, value, rel_tol=1e-12)
    if abs(base - 1) > 1e-3:
        logarithm = float(found("math::log($1, $2)", (value, base)))
        assert math.isclose(base**logarithm, value, rel_tol=1e-9)
