"""The values that expressions compute with, and the rules that go with their types (facts 3.6 and 3.10).

Knows types and how they are named, compared and written as text. Does not know operators or functions.

`()`, which stands for what is missing or null, is None. A tuple holds values; an object of JSON is no value.
"""

from tidegate.transform.paths import MISSING

__all__ = [
    "INTEGER_MAX",
    "INTEGER_MIN",
    "TEXT_CHARACTERS_MAX",
    "EvaluationError",
    "Value",
    "bounded_text",
    "checked_integer",
    "described",
    "from_json",
    "same",
    "text_of",
    "type_name",
]

Value = bool | int | float | str | tuple["Value", ...] | None

INTEGER_MAX = 2**63 - 1
INTEGER_MIN = -(2**63)

TEXT_CHARACTERS_MAX = 16 * 1024 * 1024
"""How long a text that an expression makes may be."""

_PRIMITIVES = (bool, int, float, str)
_NAMES: dict[type, str] = {
    bool: "boolean",
    int: "int",
    float: "float",
    str: "string",
    tuple: "tuple",
    type(None): "empty",
}


class EvaluationError(Exception):
    """An expression has no value for this message. `detail` says why, and ends up in the log.

    `place` is the offset and the length of what has none in the text of its expression, None where it is about no part of it.
    """

    def __init__(self, detail: str, place: tuple[int, int] | None = None) -> None:
        self.detail = detail
        self.place = place
        super().__init__(detail)

    def at(self, place: tuple[int, int], name: str | None = None) -> "EvaluationError":
        """Return the error with the place in its expression, and the name of what has no value, unless it has a place."""
        if self.place is not None:
            return self
        return EvaluationError(self.detail if name is None else f"`{name}`: {self.detail}", place)


def from_json(found: object) -> Value:
    """Return what a field holds as a value.

    Raises:
        EvaluationError: it is an object, an array of other than primitives, or an integer of more than 64 bits.
    """
    kind = type(found)
    if kind is float or kind is str or kind is bool:
        return found  # type: ignore[return-value]  # one of the three
    if kind is int:
        return checked_integer(found)  # type: ignore[arg-type]  # an int
    if found is None or found is MISSING:
        return None
    if isinstance(found, list):
        for each in found:
            if not isinstance(each, _PRIMITIVES):
                raise EvaluationError(f"an array that holds {_json_name(each)} cannot be used in an expression")
        return tuple(checked_integer(each) if type(each) is int else each for each in found)
    raise EvaluationError(f"{_json_name(found)} cannot be used in an expression")


def checked_integer(number: int) -> int:
    """Return the integer. Raises `EvaluationError` where it has no place in 64 bits."""
    if INTEGER_MIN <= number <= INTEGER_MAX:
        return number
    raise EvaluationError(f"the integer {_shortened(number)} is outside of 64 bits")


def bounded_text(text: str) -> str:
    """Return a text that an expression made. Raises `EvaluationError` where it is longer than `TEXT_CHARACTERS_MAX`."""
    if len(text) <= TEXT_CHARACTERS_MAX:
        return text
    raise EvaluationError(f"the text has {len(text)} characters; allowed are {TEXT_CHARACTERS_MAX}")


def type_name(value: Value) -> str:
    """Return a type as `typeof` names it (facts 3.9)."""
    return _NAMES[type(value)]


def described(value: Value) -> str:
    """Say in a sentence what a value is."""
    if value is None:
        return "`()` (missing or null)"
    name = type_name(value)
    return f"an {name}" if name == "int" else f"a {name}"


def same(left: Value, right: Value) -> bool:
    """Tell whether two values are equal; values of two types never are (facts 3.9: `1 == 1.0` is false)."""
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def text_of(value: Value) -> str:
    """Write a value as text, as `+` with a string and `str::from` do: whole floats without a point, `()` for empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_item_text, value))})"
    return "()" if value is None else str(value)


def _item_text(value: Value) -> str:
    return f'"{value}"' if isinstance(value, str) else text_of(value)


def _float_text(number: float) -> str:
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "inf" if number > 0 else "-inf"
    # Never with an exponent; the shortest digits that read back as the same double.
    digits = format(number, "f") if number.is_integer() and abs(number) < 1e16 else _plain(repr(number))
    return digits.removesuffix(".000000").removesuffix(".0")


def _plain(digits: str) -> str:
    mantissa, _, exponent = digits.partition("e")
    if not exponent:
        return digits
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    point = len(whole) + int(exponent)
    joined = whole + fraction
    if point <= 0:
        return f"{sign}0.{'0' * -point}{joined}"
    return f"{sign}{joined.ljust(point, '0')[:point]}.{joined[point:] or '0'}"


def _json_name(found: object) -> str:
    if isinstance(found, dict):
        return "an object"
    if isinstance(found, list):
        return "an array"
    return "null" if found is None else f"a {type(found).__name__}"


def _shortened(number: int) -> str:
    # Python refuses to write integers of more than 4,300 digits, and nobody wants to read them.
    bits = number.bit_length()
    return str(number) if bits <= 128 else f"of {bits} bits"
