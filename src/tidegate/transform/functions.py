"""The functions of expressions, one row each: name, arguments, meaning, example (facts 3.9).

Knows what each takes and gives. The reference page, the parser's checks and the tests are made from the rows.
"""

import math
from collections.abc import Callable

from tidegate.transform.function import Function
from tidegate.transform.numeric import (
    REAL_FUNCTIONS,
    ceiling,
    floor,
    integer,
    is_normal,
    largest,
    magnitude,
    number,
    round_half_away,
    round_to,
    scale,
    smallest,
)
from tidegate.transform.operators import power
from tidegate.transform.texts import regex_matches, regex_replace, substring, text
from tidegate.transform.values import EvaluationError, Value, bounded_text, described, same, text_of, type_name

__all__ = ["FUNCTIONS", "ROWS", "WINDOW_FUNCTIONS"]


def _product(factor: float) -> Callable[[Value], Value]:
    return lambda value: number(value) * factor


def _quotient(divisor: float) -> Callable[[Value], Value]:
    return lambda value: number(value) / divisor


def _length(*values: Value) -> Value:
    if len(values) > 1:
        return len(values)
    value = values[0]
    if isinstance(value, str | tuple):
        return len(value)
    raise EvaluationError(f"a text or a tuple is needed, and this is {described(value)}")


def _choose(condition: Value, then: Value, otherwise: Value) -> Value:
    if condition is True or condition is False:
        return then if condition else otherwise
    raise EvaluationError(f"the condition is true or false, and this is {described(condition)}")


def _contains(values: Value, value: Value) -> Value:
    return any(same(each, value) for each in _tuple(values))


def _contains_any(values: Value, others: Value) -> Value:
    wanted = _tuple(others)
    return any(same(each, other) for each in _tuple(values) for other in wanted)


def _tuple(value: Value) -> tuple[Value, ...]:
    if isinstance(value, tuple):
        return value
    raise EvaluationError(f"a tuple is needed, and this is {described(value)}")


def _bits(apply: Callable[[int, int], int]) -> Callable[[Value, Value], Value]:
    return lambda left, right: apply(integer(left), integer(right))


def _shift(value: Value, count: Value, *, is_left: bool) -> Value:
    bits = integer(count)
    if not 0 <= bits <= 63:
        raise EvaluationError(f"a shift is by 0 to 63 bits, and this is {bits}")
    shifted = integer(value) << bits if is_left else integer(value) >> bits
    # As in arithmetic of 64 bits with a sign: what is shifted out is gone.
    return (shifted + 2**63) % 2**64 - 2**63


def _real(name: str, summary: str, example: str, result: str, *, aliases: tuple[str, ...] = ()) -> Function[Value]:
    return Function("math", f"math::{name}(value)", summary, example, result, REAL_FUNCTIONS[name], aliases)


def _unit(name: str, summary: str, example: str, result: str, call: Callable[[Value], Value]) -> Function[Value]:
    return Function("unit", f"{name}(value)", summary, example, result, call)


ROWS: tuple[Function[Value], ...] = (
    _unit(
        "cToF", "Degrees Celsius to degrees Fahrenheit.", "cToF(100)", "212.0", lambda value: number(value) * 9 / 5 + 32
    ),
    _unit(
        "fToC",
        "Degrees Fahrenheit to degrees Celsius.",
        "fToC(212)",
        "100.0",
        lambda value: (number(value) - 32) * 5 / 9,
    ),
    _unit("psiToBar", "Pounds per square inch to bar.", "psiToBar(10)", "0.689476", _product(0.0689476)),
    _unit("barToPsi", "Bar to pounds per square inch.", "barToPsi(0.689476)", "10.0", _quotient(0.0689476)),
    _unit("inToCm", "Inches to centimetres.", "inToCm(10)", "25.4", _product(2.54)),
    _unit("cmToIn", "Centimetres to inches.", "cmToIn(25.4)", "10.0", _quotient(2.54)),
    _unit("ftToM", "Feet to metres.", "ftToM(10)", "3.048", _product(0.3048)),
    _unit("mToFt", "Metres to feet.", "mToFt(3.048)", "10.0", _quotient(0.3048)),
    _unit("lbToKg", "Pounds to kilograms.", "lbToKg(10)", "4.53592", _product(0.453592)),
    _unit("kgToLb", "Kilograms to pounds.", "kgToLb(4.53592)", "10.0", _quotient(0.453592)),
    _unit("galToL", "US gallons to litres.", "galToL(2)", "7.57082", _product(3.78541)),
    _unit("lToGal", "Litres to US gallons.", "lToGal(3.78541)", "1.0", _quotient(3.78541)),
    Function(
        "round",
        "scale(value, sourceLow, sourceHigh, destinationLow, destinationHigh)",
        "Maps one range to another, in a line that goes on beyond both ends. The source range must not be empty.",
        "scale(5, 0, 10, 0, 100)",
        "50.0",
        scale,
    ),
    Function(
        "round",
        "round_n(value, digits)",
        "Rounds to 0 to 15 digits behind the point, halves away from zero.",
        "round_n(3.14159, 2)",
        "3.14",
        round_to,
    ),
    Function("round", "floor(value)", "The next whole number below, as a float.", "floor(2.7)", "2.0", floor),
    Function("round", "ceil(value)", "The next whole number above, as a float.", "ceil(2.1)", "3.0", ceiling),
    Function(
        "round",
        "round(value)",
        "The nearest whole number as a float, halves away from zero.",
        "round(2.5)",
        "3.0",
        round_half_away,
    ),
    Function(
        "math",
        "math::abs(value)",
        "The number without its sign; an int stays an int.",
        "math::abs(-3)",
        "3",
        magnitude,
        ("abs",),
    ),
    _real("sqrt", "Square root; of a negative number it is NaN.", "math::sqrt(16)", "4.0", aliases=("sqrt",)),
    _real("cbrt", "Cube root.", "math::cbrt(27)", "3.0"),
    _real("ln", "Natural logarithm.", "math::ln(1)", "0.0"),
    _real("log2", "Logarithm to the base 2.", "math::log2(8)", "3.0"),
    _real("log10", "Logarithm to the base 10.", "math::log10(1000)", "3.0"),
    Function(
        "math",
        "math::log(value, base)",
        "Logarithm to a base.",
        "math::log(8, 2)",
        "3.0",
        lambda value, base: REAL_FUNCTIONS["log"](value, base),
    ),
    _real("exp", "e to the power of the number.", "math::exp(0)", "1.0"),
    _real("exp2", "2 to the power of the number.", "math::exp2(3)", "8.0"),
    Function(
        "math",
        "math::pow(base, exponent)",
        "Power, as `^`.",
        "math::pow(2, 3)",
        "8.0",
        lambda base, exponent: power(number(base), number(exponent)),
    ),
    _real("cos", "Cosine of radians.", "math::cos(0)", "1.0"),
    _real("sin", "Sine of radians.", "math::sin(0)", "0.0"),
    _real("tan", "Tangent of radians.", "math::tan(0)", "0.0"),
    _real("acos", "Arc cosine in radians.", "math::acos(1)", "0.0"),
    _real("asin", "Arc sine in radians.", "math::asin(0)", "0.0"),
    _real("atan", "Arc tangent in radians.", "math::atan(0)", "0.0"),
    Function(
        "math",
        "math::atan2(y, x)",
        "Angle of a point in radians.",
        "math::atan2(0, 1)",
        "0.0",
        lambda y, x: math.atan2(number(y), number(x)),
    ),
    Function(
        "math",
        "math::hypot(a, b)",
        "Length of the hypotenuse.",
        "math::hypot(3, 4)",
        "5.0",
        lambda a, b: math.hypot(number(a), number(b)),
    ),
    _real("cosh", "Hyperbolic cosine.", "math::cosh(0)", "1.0"),
    _real("sinh", "Hyperbolic sine.", "math::sinh(0)", "0.0"),
    _real("tanh", "Hyperbolic tangent.", "math::tanh(0)", "0.0"),
    _real("acosh", "Inverse hyperbolic cosine.", "math::acosh(1)", "0.0"),
    _real("asinh", "Inverse hyperbolic sine.", "math::asinh(0)", "0.0"),
    _real("atanh", "Inverse hyperbolic tangent.", "math::atanh(0)", "0.0"),
    Function(
        "math",
        "math::is_nan(value)",
        "Whether the number is NaN.",
        "math::is_nan(math::sqrt(-1))",
        "true",
        lambda value: math.isnan(number(value)),
    ),
    Function(
        "math",
        "math::is_finite(value)",
        "Whether the number is neither NaN nor infinite.",
        "math::is_finite(1)",
        "true",
        lambda value: math.isfinite(number(value)),
    ),
    Function(
        "math",
        "math::is_infinite(value)",
        "Whether the number is infinite.",
        "math::is_infinite(1.0 / 0.0)",
        "true",
        lambda value: math.isinf(number(value)),
    ),
    Function(
        "math",
        "math::is_normal(value)",
        "Whether the number is neither 0, nor too small for all its digits, nor infinite, nor NaN.",
        "math::is_normal(0)",
        "false",
        lambda value: is_normal(number(value)),
    ),
    Function("text", "len(value, ...)", "Characters of a text, or values of a tuple.", 'len("oven")', "4", _length),
    Function(
        "text",
        "str::to_lowercase(text)",
        "All letters small.",
        'str::to_lowercase("Oven")',
        '"oven"',
        lambda value: text(value).lower(),
    ),
    Function(
        "text",
        "str::to_uppercase(text)",
        "All letters capital.",
        'str::to_uppercase("Oven")',
        '"OVEN"',
        lambda value: text(value).upper(),
    ),
    Function(
        "text",
        "str::trim(text)",
        "Without white space at both ends.",
        'str::trim(" oven ")',
        '"oven"',
        lambda value: text(value).strip(),
    ),
    Function(
        "text",
        "str::from(value)",
        "Any value as a text; whole floats without a point.",
        "str::from(2.0)",
        '"2"',
        lambda value: bounded_text(text_of(value)),
    ),
    Function(
        "text",
        "str::substring(text, start, [end])",
        "The characters from `start`, counted from 0, to before `end`.",
        'str::substring("oven-12", 0, 4)',
        '"oven"',
        substring,
    ),
    Function(
        "text",
        "str::regex_matches(text, pattern)",
        "Whether a regular expression (RE2) matches somewhere in the text.",
        'str::regex_matches("oven-12", "^oven-[0-9]+$")',
        "true",
        regex_matches,
    ),
    Function(
        "text",
        "str::regex_replace(text, pattern, replacement)",
        "Replaces all matches; `$1` and `${name}` stand for groups, `$$` for `$`.",
        'str::regex_replace("oven-12", "[0-9]+", "n")',
        '"oven-n"',
        regex_replace,
    ),
    Function(
        "choice",
        "if(condition, then, otherwise)",
        "One of two values; both are evaluated first.",
        'if(3 > 2, "high", "low")',
        '"high"',
        _choose,
    ),
    Function(
        "choice",
        "min(value, ...)",
        "The least of several numbers, or of a tuple of numbers; its type stays.",
        "min(3, 1.5, 2)",
        "1.5",
        smallest,
    ),
    Function(
        "choice",
        "max(value, ...)",
        "The greatest of several numbers, or of a tuple of numbers; its type stays.",
        "max(3, 1.5, 2)",
        "3",
        largest,
    ),
    Function(
        "choice",
        "contains(values, value)",
        "Whether a tuple holds a value.",
        "contains((1, 2, 3), 2)",
        "true",
        _contains,
    ),
    Function(
        "choice",
        "contains_any(values, others)",
        "Whether a tuple holds one of the values of another.",
        "contains_any((1, 2), (2, 3))",
        "true",
        _contains_any,
    ),
    Function(
        "choice",
        "typeof(value)",
        "`string`, `float`, `int`, `boolean`, `tuple` or `empty`.",
        "typeof(1.5)",
        '"float"',
        lambda value: type_name(value),
    ),
    Function(
        "bits",
        "bitand(left, right)",
        "Bits that both have.",
        "bitand(12, 10)",
        "8",
        _bits(lambda left, right: left & right),
    ),
    Function(
        "bits",
        "bitor(left, right)",
        "Bits that one of them has.",
        "bitor(12, 10)",
        "14",
        _bits(lambda left, right: left | right),
    ),
    Function(
        "bits",
        "bitxor(left, right)",
        "Bits that just one of them has.",
        "bitxor(12, 10)",
        "6",
        _bits(lambda left, right: left ^ right),
    ),
    Function("bits", "bitnot(value)", "All bits turned around.", "bitnot(0)", "-1", lambda value: ~integer(value)),
    Function(
        "bits",
        "shl(value, count)",
        "Bits shifted to the left, out of 64.",
        "shl(1, 4)",
        "16",
        lambda value, count: _shift(value, count, is_left=True),
    ),
    Function(
        "bits",
        "shr(value, count)",
        "Bits shifted to the right; the sign stays.",
        "shr(-16, 2)",
        "-4",
        lambda value, count: _shift(value, count, is_left=False),
    ),
)

FUNCTIONS: dict[str, Function[Value]] = {row.name: row for row in ROWS} | {
    alias: row for row in ROWS for alias in row.aliases
}
"""Each function by its name, and by the names that older texts use."""

WINDOW_FUNCTIONS = frozenset({"average", "sum", "count", "first", "last"})
"""Functions that only windows of a data flow graph have."""
