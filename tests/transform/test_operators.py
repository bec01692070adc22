"""Operators on all pairs of types."""

import math

import pytest

from tidegate.transform.operators import OPERATORS, negate, power, truth, turn_around
from tidegate.transform.values import EvaluationError, Value


@pytest.mark.parametrize(
    ("left", "operator", "right", "result"),
    [
        (1, "+", 2, 3),
        (1, "+", 2.0, 3.0),
        ("a", "+", 1, "a1"),
        (2.0, "+", "a", "2a"),
        (True, "+", "", "true"),
        (5, "-", 7, -2),
        (5, "*", 0.5, 2.5),
        (7, "/", 2, 3),
        (-7, "/", 2, -3),
        (7, "/", -2, -3),
        (7, "/", 2.0, 3.5),
        (1.0, "/", 0, math.inf),
        (-1.0, "/", 0.0, -math.inf),
        (7, "%", 3, 1),
        (-7, "%", 3, -1),
        (7, "%", -3, 1),
        (7.5, "%", 2, 1.5),
        (2, "^", 2, 4.0),
        (2, "^", -1, 0.5),
        (1, "<", 1.5, True),
        ("a", "<", "b", True),
        (2, ">=", 2, True),
        (2, "<=", 1, False),
        (2.0, ">", 1, True),
        (2**53 + 1, ">", 2.0**53, False),
        (1, "==", 1.0, False),
        (None, "==", None, True),
        (1, "!=", 1.0, True),
        (True, "&&", False, False),
        (True, "||", False, True),
    ],
)
def test_results(left: Value, operator: str, right: Value, result: Value) -> None:
    found = OPERATORS[operator](left, right)
    assert found == result and type(found) is type(result)


@pytest.mark.parametrize(
    ("left", "operator", "right", "detail"),
    [
        (2**63 - 1, "+", 1, "the integer 9223372036854775808 is outside of 64 bits"),
        (-(2**63), "-", 1, "the integer -9223372036854775809 is outside of 64 bits"),
        (2**62, "*", 2, "the integer 9223372036854775808 is outside of 64 bits"),
        (-(2**63), "/", -1, "the integer 9223372036854775808 is outside of 64 bits"),
        (1, "/", 0, "division of the integer 1 by 0"),
        (1, "%", 0, "remainder of the integer 1 by 0"),
        (1, "+", None, "`+` cannot add an int and `()` (missing or null)"),
        ("a", "+", None, "`+` cannot add a string and `()` (missing or null)"),
        (True, "+", 1, "`+` cannot add a boolean and an int"),
        ((1,), "*", 2.0, "`*` cannot multiply a tuple and a float"),
        (2.0, "-", "a", "`-` cannot subtract a string from a float"),
        (True, "<", False, "`<` cannot compare a boolean with a boolean"),
        ("10", ">", 1, "`>` cannot compare a string with an int; numbers go with numbers, and texts with texts"),
        (None, ">", 1, "`>` cannot compare `()` (missing or null) with an int"),
        (1, "&&", True, "`&&` needs a boolean, and this is an int"),
        (True, "&&", 1, "`&&` needs a boolean, and this is an int"),
        (True, "||", None, "`||` needs a boolean, and this is `()` (missing or null)"),
    ],
)
def test_what_has_no_result(left: Value, operator: str, right: Value, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        OPERATORS[operator](left, right)
    assert caught.value.detail == detail


def test_no_numbers() -> None:
    for made in (OPERATORS["/"](0.0, 0), OPERATORS["%"](1.0, 0), OPERATORS["^"](-8, 1.5)):
        assert isinstance(made, float) and math.isnan(made)


def test_one_side() -> None:
    assert (negate(2), negate(-1.5), turn_around(True), truth(False, "&&")) == (-2, 1.5, False, False)
    for value in (-(2**63), "a", None):
        with pytest.raises(EvaluationError):
            negate(value)
    with pytest.raises(EvaluationError, match="`!` needs a boolean"):
        turn_around(1)


def test_power_is_that_of_ieee_754() -> None:
    assert (power(10.0, 400.0), power(-10.0, 401.0), power(-10.0, 400.0)) == (math.inf, -math.inf, math.inf)
    assert (power(0.0, -1.0), power(-0.0, -1.0), power(-0.0, -2.0)) == (math.inf, -math.inf, math.inf)
