"""Rounding, ranges and real functions at their edges."""

import math

import pytest

from tidegate.transform.numeric import (
    REAL_FUNCTIONS,
    ceiling,
    floor,
    integer,
    largest,
    magnitude,
    number,
    round_half_away,
    round_to,
    scale,
    smallest,
)
from tidegate.transform.values import EvaluationError, Value


def test_whole_numbers_are_floats() -> None:
    assert [floor(-2.5), ceiling(-2.5), round_half_away(-2.5), round_half_away(2.5)] == [-3.0, -2.0, -3.0, 3.0]
    assert round_half_away(0.49999999999999994) == 0.0
    assert floor(1e300) == 1e300 and isinstance(floor(3), float)
    assert math.isnan(number(round_half_away(math.nan)))


@pytest.mark.parametrize(
    ("value", "digits", "result"),
    [(2.345, 2, 2.35), (-2.5, 0, -3.0), (1.005, 3, 1.005), (1e300, 15, 1e300), (7, 1, 7.0)],
)
def test_round_to(value: Value, digits: int, result: float) -> None:
    assert round_to(value, digits) == result


def test_scale_goes_on_beyond_its_ends() -> None:
    assert scale(20, 0, 10, 0, 100) == 200.0
    assert scale(0, 10, 0, 0, 100) == 100.0
    with pytest.raises(EvaluationError, match="both of its ends are"):
        scale(1, 5, 5, 0, 1)


def test_extremes_keep_their_type() -> None:
    assert smallest(2, 1.5) == 1.5 and type(largest((1, 2, 1.5))) is int
    for values in ((), ("a",), (1, True)):
        with pytest.raises(EvaluationError):
            smallest(values)


def test_numbers_are_no_booleans() -> None:
    assert (number(2), integer(2), magnitude(-2), magnitude(-2.5)) == (2.0, 2, 2, 2.5)
    for call in (number, integer, magnitude):
        with pytest.raises(EvaluationError):
            call(True)
    with pytest.raises(EvaluationError):
        magnitude(-(2**63))
    with pytest.raises(EvaluationError, match="0 to 15"):
        round_to(1.0, 16)


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("ln", 0, -math.inf),
        ("log2", 0.0, -math.inf),
        ("exp", 1000, math.inf),
        ("sinh", -1000, -math.inf),
        ("atanh", 1, math.inf),
        ("cbrt", -27, -3.0),
        ("exp2", 2000, math.inf),
    ],
)
def test_beyond_the_domain(name: str, value: Value, result: float) -> None:
    assert REAL_FUNCTIONS[name](value) == result


@pytest.mark.parametrize(("name", "value"), [("sqrt", -1), ("ln", -1), ("acos", 2), ("acosh", 0.5), ("atanh", 2)])
def test_no_number(name: str, value: Value) -> None:
    assert math.isnan(REAL_FUNCTIONS[name](value))  # type: ignore[arg-type]  # a float


def test_logarithms() -> None:
    log = REAL_FUNCTIONS["log"]
    assert (log(8, 2), log(1000, 10), log(9, 3)) == (3.0, 3.0, 2.0)
    assert math.isnan(number(log(1, 1))) and log(2, 1) == math.inf
