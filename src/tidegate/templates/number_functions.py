"""Functions of numbers, and of conditions, a row each.

Knows arithmetic in 64 bits. Does not know expressions; that `if`, `and`, `or` and `coalesce` leave alone what does not
count is the evaluator's.
"""

import json
import operator
from collections.abc import Callable

from tidegate.templates.function import TemplateFunction
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value, as_array, as_bool, as_int, is_number, same, type_name

__all__ = ["LOGIC_ROWS", "NUMBER_ROWS"]


def _integers(name: str, compute: Callable[[int, int], int]) -> Callable[[Value, Value], Value]:
    def call(left: Value, right: Value) -> Value:
        made = compute(as_int(left, f"`{name}`"), as_int(right, f"`{name}`"))
        if not -(2**63) <= made < 2**63:
            raise TemplateError(f"the result of `{name}` is outside of 64 bits")
        return made

    return call


def _divided(left: int, right: int) -> int:
    """Divide towards zero."""
    if right == 0:
        raise TemplateError("`div` and `mod` cannot divide by 0")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _int(value: Value) -> Value:
    if isinstance(value, str):
        digits = value.strip()
        if len(digits) <= 20 and digits.lstrip("+-").isdecimal() and digits.isascii():
            value = int(digits)
    elif isinstance(value, float) and abs(value) < 2**63:
        value = round(value)
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise TemplateError(f"`int` takes an int, or a text that is one; this is {_shown(value)}")


def _float(value: Value) -> Value:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise TemplateError(f"`float` takes a number, or a text that is one; this is {_shown(value)}")


def _bool(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value != 0
    if isinstance(value, str) and value.lower() in ("true", "false", "1", "0"):
        return value.lower() in ("true", "1")
    raise TemplateError(f"`bool` takes `true`, `false` or an int; this is {_shown(value)}")


def _shown(value: Value) -> str:
    return f"`{value[:40]}`" if isinstance(value, str) else f"of type {type_name(value)}"


def _extreme(name: str, choose: Callable[[list[int]], int]) -> Callable[..., Value]:
    def call(*values: Value) -> Value:
        numbers = as_array(values[0], f"`{name}`") if len(values) == 1 and not is_number(values[0]) else list(values)
        if not numbers:
            raise TemplateError(f"`{name}` is given no value")
        return choose([as_int(each, f"`{name}`") for each in numbers])

    return call


def _compared(name: str, compare: Callable[..., bool]) -> Callable[..., Value]:
    def call(left: Value, right: Value) -> Value:
        if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
            return compare(left, right)
        kinds = f"{type_name(left)} and {type_name(right)}"
        raise TemplateError(f"`{name}` compares two numbers or two strings, and these are {kinds}")

    return call


def _all(*values: Value) -> Value:
    return all([as_bool(value, "`and`") for value in values])


def _any(*values: Value) -> Value:
    return any([as_bool(value, "`or`") for value in values])


def _not(value: Value) -> Value:
    return not as_bool(value, "`not`")


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    return then if as_bool(condition, "`if`") else otherwise


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _row(
    group: str, signature: str, summary: str, example: str, result: Value, call: Callable[..., Value]
) -> TemplateFunction:
    return TemplateFunction(group, signature, summary, example, json.dumps(result), call)


NUMBER_ROWS: tuple[TemplateFunction, ...] = (
    _row("number", "add(left, right)", "Sum of two ints.", "add(2, 3)", 5, _integers("add", lambda a, b: a + b)),
    _row("number", "div(left, right)", "Quotient, cut towards zero.", "div(7, 2)", 3, _integers("div", _divided)),
    _row("number", "float(value)", "The number, or the number of a text, as a float.", "float('1.5')", 1.5, _float),
    _row("number", "int(value)", "The int of a text.", "int('42')", 42, _int),
    _row("number", "max(value, ...)", "The largest of ints, or of an array.", "max(1, 3, 2)", 3, _extreme("max", max)),
    _row(
        "number",
        "min(value, ...)",
        "The smallest of ints, or of an array.",
        "min(createArray(2, 1))",
        1,
        _extreme("min", min),
    ),
    _row(
        "number",
        "mod(left, right)",
        "What a division leaves.",
        "mod(7, 2)",
        1,
        _integers("mod", lambda a, b: a - b * _divided(a, b)),
    ),
    _row("number", "mul(left, right)", "Product of two ints.", "mul(2, 3)", 6, _integers("mul", lambda a, b: a * b)),
    _row("number", "sub(left, right)", "Difference of two ints.", "sub(5, 3)", 2, _integers("sub", lambda a, b: a - b)),
)
"""The functions of numbers."""

LOGIC_ROWS: tuple[TemplateFunction, ...] = (
    _row(
        "logic",
        "and(value, value, ...)",
        "Whether all are true; stops at the first that is not.",
        "and(true(), false())",
        False,
        _all,
    ),
    _row("logic", "bool(value)", "A text or an int as a bool.", "bool('true')", True, _bool),
    _row(
        "logic",
        "coalesce(value, ...)",
        "The first that is not null; the rest is not computed.",
        "coalesce(null(), 'a')",
        "a",
        _coalesce,
    ),
    _row(
        "logic", "equals(left, right)", "Whether two values of one type are the same.", "equals('a', 'A')", False, same
    ),
    _row("logic", "false()", "The value false.", "false()", False, lambda: False),
    _row(
        "logic",
        "greater(left, right)",
        "Compares ints or strings.",
        "greater(2, 1)",
        True,
        _compared("greater", operator.gt),
    ),
    _row(
        "logic",
        "greaterOrEquals(left, right)",
        "Compares ints or strings.",
        "greaterOrEquals(2, 2)",
        True,
        _compared("greaterOrEquals", operator.ge),
    ),
    _row(
        "logic",
        "if(condition, then, else)",
        "One of two values; the other is not computed.",
        "if(equals(1, 1), 'a', 'b')",
        "a",
        _if,
    ),
    _row(
        "logic",
        "less(left, right)",
        "Compares ints or strings.",
        "less('a', 'b')",
        True,
        _compared("less", operator.lt),
    ),
    _row(
        "logic",
        "lessOrEquals(left, right)",
        "Compares ints or strings.",
        "lessOrEquals(3, 2)",
        False,
        _compared("lessOrEquals", operator.le),
    ),
    _row("logic", "not(value)", "The other of true and false.", "not(false())", True, _not),
    _row("logic", "null()", "The value null.", "null()", None, lambda: None),
    _row(
        "logic",
        "or(value, value, ...)",
        "Whether any is true; stops at the first that is.",
        "or(true(), false())",
        True,
        _any,
    ),
    _row("logic", "true()", "The value true.", "true()", True, lambda: True),
)
"""The functions of conditions."""
