"""What operators do with two values (facts 3.7 and 3.9).

Knows the types that go together and integer arithmetic of 64 bits. Does not know trees.
"""

import math
from collections.abc import Callable

from tidegate.transform.values import EvaluationError, Value, bounded_text, checked_integer, described, same, text_of

__all__ = ["OPERATORS", "negate", "power", "truth", "turn_around"]

_VERBS = {
    "+": "add {0} and {1}",
    "-": "subtract {1} from {0}",
    "*": "multiply {0} and {1}",
    "/": "divide {0} by {1}",
    "%": "take the remainder of {0} by {1}",
    "^": "raise {0} to {1}",
}


def negate(value: Value) -> Value:
    """Return `-value` of a number."""
    if type(value) is float:
        return -value
    if type(value) is int:
        return checked_integer(-value)
    raise EvaluationError(f"`-` stands before a number, and this is {described(value)}")


def turn_around(value: Value) -> Value:
    """Return `!value` of a boolean."""
    return not truth(value, "!")


def truth(value: Value, operator: str) -> bool:
    """Return a boolean, or raise `EvaluationError` that names the operator that needs one."""
    if value is True or value is False:
        return value
    raise EvaluationError(f"`{operator}` needs a boolean, and this is {described(value)}")


def _add(left: Value, right: Value) -> Value:
    if type(left) is str or type(right) is str:
        if left is None or right is None:
            raise _unfit("+", left, right)
        return bounded_text(text_of(left) + text_of(right))
    if type(left) is float and type(right) is float:
        return left + right
    if type(left) is int and type(right) is int:
        return checked_integer(left + right)
    return _float(left, right, "+") + _float(right, left, "+", is_right=True)


def _subtract(left: Value, right: Value) -> Value:
    if type(left) is int and type(right) is int:
        return checked_integer(left - right)
    return _float(left, right, "-") - _float(right, left, "-", is_right=True)


def _multiply(left: Value, right: Value) -> Value:
    if type(left) is int and type(right) is int:
        return checked_integer(left * right)
    return _float(left, right, "*") * _float(right, left, "*", is_right=True)


def _divide(left: Value, right: Value) -> Value:
    if type(left) is int and type(right) is int:
        if right == 0:
            raise EvaluationError(f"division of the integer {left} by 0")
        quotient = abs(left) // abs(right)
        return checked_integer(quotient if (left < 0) is (right < 0) else -quotient)
    dividend, divisor = _float(left, right, "/"), _float(right, left, "/", is_right=True)
    if divisor == 0:
        if dividend == 0 or dividend != dividend:
            return math.nan
        return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)
    return dividend / divisor


def _remainder(left: Value, right: Value) -> Value:
    """The sign is that of the dividend, as for `/` the quotient is cut towards zero."""
    if type(left) is int and type(right) is int:
        if right == 0:
            raise EvaluationError(f"remainder of the integer {left} by 0")
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    dividend, divisor = _float(left, right, "%"), _float(right, left, "%", is_right=True)
    try:
        return math.fmod(dividend, divisor)
    except ValueError:
        return math.nan


def _power(left: Value, right: Value) -> Value:
    """A float whatever the operands are (facts 3.9)."""
    return power(_float(left, right, "^"), _float(right, left, "^", is_right=True))


def power(base: float, exponent: float) -> float:
    """Return `base ** exponent` as IEEE 754 has it: NaN and infinities instead of exceptions."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf
    except ValueError:
        if base != 0:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf


def _less(left: Value, right: Value) -> bool:
    return left < right  # type: ignore[operator]  # `_comparable` has looked


def _less_or_equal(left: Value, right: Value) -> bool:
    return left <= right  # type: ignore[operator]


def _greater(left: Value, right: Value) -> bool:
    return left > right  # type: ignore[operator]


def _greater_or_equal(left: Value, right: Value) -> bool:
    return left >= right  # type: ignore[operator]


def _comparison(symbol: str, compare: Callable[[Value, Value], bool]) -> Callable[[Value, Value], Value]:
    def apply(left: Value, right: Value) -> Value:
        kind, other = type(left), type(right)
        if kind is other and (kind is float or kind is int or kind is str):
            return compare(left, right)
        if (kind is int or kind is float) and (other is int or other is float):
            # Facts 3.9: an int beside a float is promoted, though Python would compare them exactly.
            return compare(float(left), float(right))  # type: ignore[arg-type]  # numbers
        hint = "" if kind is other or None in (left, right) else "; numbers go with numbers, and texts with texts"
        raise EvaluationError(f"`{symbol}` cannot compare {described(left)} with {described(right)}{hint}")

    return apply


def _both(left: Value, right: Value) -> Value:
    """Both sides are looked at, so that a wrong type is never hidden (facts 3.9)."""
    first, second = truth(left, "&&"), truth(right, "&&")
    return first and second


def _either(left: Value, right: Value) -> Value:
    first, second = truth(left, "||"), truth(right, "||")
    return first or second


def _differ(left: Value, right: Value) -> Value:
    return not same(left, right)


def _float(value: Value, other: Value, symbol: str, *, is_right: bool = False) -> float:
    if type(value) is float or type(value) is int:
        return float(value)
    raise _unfit(symbol, *((other, value) if is_right else (value, other)))


def _unfit(symbol: str, left: Value, right: Value) -> EvaluationError:
    return EvaluationError(f"`{symbol}` cannot {_VERBS[symbol].format(described(left), described(right))}")


OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "^": _power,
    "<": _comparison("<", _less),
    "<=": _comparison("<=", _less_or_equal),
    ">": _comparison(">", _greater),
    ">=": _comparison(">=", _greater_or_equal),
    "==": same,
    "!=": _differ,
    "&&": _both,
    "||": _either,
}
"""What each operator with two sides does. Raises `EvaluationError` for types that do not go together."""
