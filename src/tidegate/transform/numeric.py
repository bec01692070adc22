"""What the functions of expressions do with numbers (facts 3.9).

Knows IEEE 754, rounding and ranges. Does not know names or arguments of functions (`functions`).
"""

import math
import sys
from collections.abc import Callable

from tidegate.transform.values import EvaluationError, Value, checked_integer, described

__all__ = [
    "DIGITS_MAX",
    "REAL_FUNCTIONS",
    "ceiling",
    "floor",
    "integer",
    "is_normal",
    "largest",
    "magnitude",
    "number",
    "round_half_away",
    "round_to",
    "scale",
    "smallest",
]

DIGITS_MAX = 15
"""How many digits behind the point `round_n` may be asked for."""


def number(value: Value) -> float:
    """Return a number as a float, or raise `EvaluationError`."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise EvaluationError(f"a number is needed, and this is {described(value)}")


def integer(value: Value) -> int:
    """Return an integer, or raise `EvaluationError`."""
    if type(value) is int:
        return value
    raise EvaluationError(f"an int is needed, and this is {described(value)}")


def is_normal(given: float) -> bool:
    """Tell whether a float has all its digits: neither 0, nor subnormal, nor infinite, nor NaN."""
    return math.isfinite(given) and abs(given) >= sys.float_info.min


def magnitude(value: Value) -> Value:
    """Return a number without its sign, of the type that it has."""
    return checked_integer(abs(value)) if type(value) is int else abs(number(value))


def floor(value: Value) -> Value:
    """Return the next whole number below as a float."""
    return _whole(value, math.floor)


def ceiling(value: Value) -> Value:
    """Return the next whole number above as a float."""
    return _whole(value, math.ceil)


def round_half_away(value: Value) -> Value:
    """Return the nearest whole number as a float, halves away from zero."""
    return _whole(value, _half_away)


def round_to(value: Value, digits: Value) -> Value:
    """Return a number rounded to so many digits behind the point, halves away from zero."""
    count = integer(digits)
    if not 0 <= count <= DIGITS_MAX:
        raise EvaluationError(f"the digits are 0 to {DIGITS_MAX}, and this is {count}")
    factor = 10.0**count
    scaled = number(value) * factor
    # Where nothing is behind the point any more, there is nothing to round.
    return number(value) if abs(scaled) >= 2**53 or scaled != scaled else float(_half_away(scaled)) / factor


def scale(value: Value, source_low: Value, source_high: Value, low: Value, high: Value) -> Value:
    """Map one range to another, without an end on either side."""
    start, end, to_start, to_end = number(source_low), number(source_high), number(low), number(high)
    if start == end:
        raise EvaluationError(f"the source range is empty, for both of its ends are {start}")
    return to_start + (number(value) - start) * (to_end - to_start) / (end - start)


def smallest(*values: Value) -> Value:
    """Return the least number, of the type that it has."""
    return min(_all_numbers(values))


def largest(*values: Value) -> Value:
    """Return the greatest number, of the type that it has."""
    return max(_all_numbers(values))


def _all_numbers(values: tuple[Value, ...]) -> list[int | float]:
    """Return the numbers without NaN, which is less and greater than nothing, unless they are all NaN."""
    if len(values) == 1 and isinstance(values[0], tuple):
        values = values[0]
    found: list[int | float] = []
    for value in values:
        if type(value) is not int and type(value) is not float:
            raise EvaluationError(f"numbers are needed, and one of these is {described(value)}")
        found.append(value)
    if not found:
        raise EvaluationError("there is no number in the tuple")
    return [each for each in found if each == each] or found


def _whole(value: Value, apply: Callable[[float], int]) -> Value:
    given = number(value)
    # Negative zero keeps its sign, and NaN and infinities have no integer.
    return math.copysign(float(apply(given)), given) if math.isfinite(given) and abs(given) < 2**53 else given


def _half_away(value: float) -> int:
    whole = math.floor(abs(value))
    # Not `floor(x + 0.5)`: the sum rounds up what is just below a half.
    nearest = whole + 1 if abs(value) - whole >= 0.5 else whole
    return nearest if value >= 0 else -nearest


def _real(apply: Callable[[float], float], at_zero: float = math.nan) -> Callable[..., Value]:
    """Wrap a function of the standard library: NaN outside of its domain and infinity above its range, as IEEE 754 has it."""

    def call(value: Value) -> Value:
        given = number(value)
        try:
            return apply(given)
        except ValueError:
            return at_zero if given == 0 else math.nan
        except OverflowError:
            return -math.inf if given < 0 and apply is math.sinh else math.inf

    return call


def _cube_root(value: float) -> float:
    # Not `math.cbrt`, by which some C libraries make 3.0000000000000004 of 27.
    root = math.copysign(abs(value) ** (1 / 3), value)
    nearest = round(root) if math.isfinite(root) else 0
    return float(nearest) if nearest**3 == value else root


def _logarithm(value: Value, base: Value) -> Value:
    numerator, denominator = REAL_FUNCTIONS["ln"](value), REAL_FUNCTIONS["ln"](base)
    assert isinstance(numerator, float) and isinstance(denominator, float)
    if denominator == 0:
        return math.nan if numerator == 0 or numerator != numerator else math.copysign(math.inf, numerator)
    exact = {2.0: "log2", 10.0: "log10"}.get(number(base))
    return REAL_FUNCTIONS[exact](value) if exact else numerator / denominator


def _inverse_tangent(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == 1 else math.atanh(value)


REAL_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "sqrt": _real(math.sqrt),
    "cbrt": _real(_cube_root),
    "ln": _real(math.log, -math.inf),
    "log2": _real(math.log2, -math.inf),
    "log10": _real(math.log10, -math.inf),
    "log": _logarithm,
    "exp": _real(math.exp),
    "exp2": _real(math.exp2),
    "cos": _real(math.cos),
    "sin": _real(math.sin),
    "tan": _real(math.tan),
    "acos": _real(math.acos),
    "asin": _real(math.asin),
    "atan": _real(math.atan),
    "cosh": _real(math.cosh),
    "sinh": _real(math.sinh),
    "tanh": _real(math.tanh),
    "acosh": _real(math.acosh),
    "asinh": _real(math.asinh),
    "atanh": _real(_inverse_tangent),
}
"""Functions of one real number, and `log` of two; they give NaN and infinities where the standard library raises."""
