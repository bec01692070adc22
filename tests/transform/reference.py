"""A slow evaluator of expressions, written from the facts alone (3.6 to 3.10), to compare the real one with.

A tree is written as text by the table of operators, with brackets only where that table wants them; nothing is taken from
`tidegate.transform`. Values are those of Python: bool, int, float, str, tuple, and None for `()`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

__all__ = ["FUNCTIONS", "Apply", "Given", "Join", "Known", "Prefix", "Tree", "Value", "Wrong", "evaluate", "write"]

Value = bool | int | float | str | tuple["Value", ...] | None

LEVELS = {
    "!": 1.0,
    "^": 2.0,
    "-": 2.5,
    **dict.fromkeys("*/%", 3.0),
    "+": 4.0,
    **dict.fromkeys(("<", ">", "<=", ">="), 5.0),
    **dict.fromkeys(("==", "!="), 6.0),
    "&&": 7.0,
    "||": 8.0,
}
"""How strongly an operator binds: 1 most. `-` is that of one side; between two it has the level of `+` (facts 3.7)."""


class Wrong(Exception):
    """There is no value."""


@dataclass(frozen=True)
class Known:
    """A literal."""

    value: bool | int | float | str | None


@dataclass(frozen=True)
class Given:
    """The input `$number`."""

    number: int


@dataclass(frozen=True)
class Prefix:
    """`-` or `!` before a tree."""

    symbol: str
    tree: "Tree"


@dataclass(frozen=True)
class Join:
    """Two trees and an operator."""

    symbol: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True)
class Apply:
    """A function of trees; without a name a tuple of two or more."""

    name: str
    trees: tuple["Tree", ...]


Tree = Known | Given | Prefix | Join | Apply


def write(tree: Tree) -> str:
    """Write a tree as an expression."""
    return _written(tree)[0]


def evaluate(tree: Tree, inputs: Sequence[Value]) -> Value:
    """Return the value of a tree. Raises `Wrong`."""
    match tree:
        case Known():
            return tree.value
        case Given():
            return inputs[tree.number - 1]
        case Prefix():
            return _prefixed(tree.symbol, evaluate(tree.tree, inputs))
        case Join():
            # Both sides always: `&&` and `||` leave nothing out.
            return _joined(tree.symbol, evaluate(tree.left, inputs), evaluate(tree.right, inputs))
    values = [evaluate(each, inputs) for each in tree.trees]
    if not tree.name:
        return tuple(values)
    made = FUNCTIONS[tree.name](*values)
    return _in_64_bits(made) if type(made) is int else made


def _written(tree: Tree) -> tuple[str, float]:
    match tree:
        case Known():
            text = _literal(tree.value)
            return text, 2.5 if text.startswith("-") else 0.0
        case Given():
            return f"${tree.number}", 0.0
        case Prefix():
            level = LEVELS[tree.symbol]
            return f"{tree.symbol}{_bracketed(tree.tree, level, allowed=True)}", level
        case Join():
            level = 4.0 if tree.symbol == "-" else LEVELS[tree.symbol]
            left, right = _bracketed(tree.left, level, allowed=True), _bracketed(tree.right, level, allowed=False)
            return f"{left} {tree.symbol} {right}", level
    return f"{tree.name}({', '.join(map(write, tree.trees))})", 0.0


def _bracketed(tree: Tree, level: float, *, allowed: bool) -> str:
    text, own = _written(tree)
    return text if own < level or (own == level and allowed) else f"({text})"


def _literal(value: bool | int | float | str | None) -> str:
    if value is None:
        return "()"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
            value = value.replace(character, escape)
        return f'"{value}"'
    return repr(value)


def _kind(value: Value) -> str:
    kinds = {bool: "boolean", int: "int", float: "float", str: "string", tuple: "tuple", type(None): "empty"}
    return kinds[type(value)]


def _number(value: Value) -> float:
    if _kind(value) not in ("int", "float"):
        raise Wrong
    return float(value)  # type: ignore[arg-type]  # a number


def _int(value: Value) -> int:
    if type(value) is not int:
        raise Wrong
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Wrong
    return value


def _values(value: Value) -> tuple[Value, ...]:
    if not isinstance(value, tuple):
        raise Wrong
    return value


def _boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise Wrong
    return value


def _in_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise Wrong
    return number


def _prefixed(symbol: str, value: Value) -> Value:
    if symbol == "!":
        return not _boolean(value)
    return _in_64_bits(-value) if type(value) is int else -_number(value)


def _joined(symbol: str, left: Value, right: Value) -> Value:
    kinds = {_kind(left), _kind(right)}
    if symbol in ("&&", "||"):
        both = (_boolean(left), _boolean(right))
        return all(both) if symbol == "&&" else any(both)
    if symbol in ("==", "!="):
        return _equal(left, right) is (symbol == "==")
    if symbol in ("<", ">", "<=", ">="):
        return _compared(symbol, left, right)
    if symbol == "+" and "string" in kinds:
        if "empty" in kinds:
            raise Wrong
        return as_text(left) + as_text(right)
    if kinds == {"int"} and symbol != "^":
        return _of_ints(symbol, _int(left), _int(right))
    return _of_floats(symbol, _number(left), _number(right))


def _equal(left: Value, right: Value) -> bool:
    if _kind(left) != _kind(right):
        return False
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(_equal(one, other) for one, other in zip(left, right, strict=True))
    return left == right


def _compared(symbol: str, left: Value, right: Value) -> bool:
    kinds = {_kind(left), _kind(right)}
    if kinds == {"int", "float"}:
        left, right = _number(left), _number(right)
    elif kinds not in ({"int"}, {"float"}, {"string"}):
        raise Wrong
    less, equal = left < right, left == right  # type: ignore[operator]  # looked at just now
    greater = left > right  # type: ignore[operator]
    return {"<": less, "<=": less or equal, ">": greater, ">=": greater or equal}[symbol]


def _of_ints(symbol: str, left: int, right: int) -> int:
    if symbol in ("/", "%"):
        if right == 0:
            raise Wrong
        quotient = int(Fraction(left, right))
        return _in_64_bits(quotient if symbol == "/" else left - right * quotient)
    return _in_64_bits({"+": left + right, "-": left - right, "*": left * right}[symbol])


def _of_floats(symbol: str, left: float, right: float) -> float:
    if symbol == "^":
        return power(left, right)
    if symbol == "/":
        return _divided(left, right)
    if symbol == "%":
        if math.isnan(left) or math.isnan(right) or math.isinf(left) or right == 0:
            return math.nan
        if math.isinf(right):
            return left
        rest = Fraction(left) - Fraction(right) * int(Fraction(left) / Fraction(right))
        return float(rest) if rest else math.copysign(0.0, left)
    return {"+": left + right, "-": left - right, "*": left * right}[symbol]


def _divided(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def power(base: float, exponent: float) -> float:
    """IEEE 754: infinities and NaN, and never an exception."""
    is_odd = math.isfinite(exponent) and exponent % 2 == 1
    if base == 0 and exponent < 0:
        return math.copysign(math.inf, base) if is_odd else math.inf
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and is_odd else math.inf
    except ValueError:
        return math.nan


def as_text(value: Value) -> str:
    """As `Display` of Rust writes it: no exponents, whole floats without a point, texts in a tuple in quotes."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return (
            f"({', '.join(f'{chr(34)}{each}{chr(34)}' if isinstance(each, str) else as_text(each) for each in value)})"
        )
    if isinstance(value, float) and math.isfinite(value):
        digits = format(Decimal(repr(value)), "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return {None: "()", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


def _whole(step: Callable[[Fraction], int]) -> Callable[[Value], float]:
    def call(value: Value) -> float:
        given = _number(value)
        return math.copysign(float(step(Fraction(given))), given) if math.isfinite(given) else given

    return call


def _half_away(value: Fraction) -> int:
    nearest = math.floor(abs(value) + Fraction(1, 2))
    return nearest if value > 0 else -nearest


def _real(function: Callable[[float], float], at_zero: float = math.nan) -> Callable[[Value], float]:
    def call(value: Value) -> float:
        given = _number(value)
        try:
            return function(given)
        except ValueError:
            return at_zero if given == 0 else math.nan
        except OverflowError:
            return math.inf

    return call


def _extreme(sign: int) -> Callable[..., Value]:
    def call(*values: Value) -> Value:
        if len(values) == 1 and isinstance(values[0], tuple):
            values = values[0]
        numbers = [(value, _number(value)) for value in values]
        if not numbers:
            raise Wrong
        best = None
        for value, as_float in numbers:
            if math.isnan(as_float):
                continue
            if best is None or (value > best if sign > 0 else value < best):  # type: ignore[operator]  # numbers
                best = value
        return numbers[0][0] if best is None else best

    return call


def _length(*values: Value) -> int:
    if len(values) > 1:
        return len(values)
    if not isinstance(values[0], str | tuple):
        raise Wrong
    return len(values[0])


def _substring(value: Value, start: Value, end: Value = None) -> str:
    characters = list(_text(value))
    first, behind = _int(start), len(characters) if end is None else _int(end)
    if first < 0 or behind > len(characters) or first > behind:
        raise Wrong
    return "".join(characters[first:behind])


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    return then if _boolean(condition) else otherwise


def _contains(values: Value, value: Value) -> bool:
    return any(_equal(each, value) for each in _values(values))


def _contains_any(values: Value, others: Value) -> bool:
    wanted = _values(others)
    return any(_contains(wanted, each) for each in _values(values))


def _absolute(value: Value) -> int | float:
    return max(value, -value) if type(value) is int else math.copysign(_number(value), 1.0)


def _bits(table: tuple[int, int, int, int]) -> Callable[[Value, Value], int]:
    """By the truth table of the two bits: for 00, 01, 10 and 11."""

    def call(left: Value, right: Value) -> int:
        one, other = _int(left) % 2**64, _int(right) % 2**64
        made = sum(table[(one >> bit & 1) * 2 + (other >> bit & 1)] << bit for bit in range(64))
        return made - 2**64 if made >= 2**63 else made

    return call


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "cToF": lambda v: _number(v) * 9 / 5 + 32,
    "fToC": lambda v: (_number(v) - 32) * 5 / 9,
    "psiToBar": lambda v: _number(v) * 0.0689476,
    "barToPsi": lambda v: _number(v) / 0.0689476,
    "inToCm": lambda v: _number(v) * 2.54,
    "cmToIn": lambda v: _number(v) / 2.54,
    "ftToM": lambda v: _number(v) * 0.3048,
    "mToFt": lambda v: _number(v) / 0.3048,
    "lbToKg": lambda v: _number(v) * 0.453592,
    "kgToLb": lambda v: _number(v) / 0.453592,
    "galToL": lambda v: _number(v) * 3.78541,
    "lToGal": lambda v: _number(v) / 3.78541,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "round": _whole(_half_away),
    "math::abs": _absolute,
    "math::sqrt": _real(math.sqrt),
    "math::ln": _real(math.log, -math.inf),
    "math::log2": _real(math.log2, -math.inf),
    "math::log10": _real(math.log10, -math.inf),
    "math::exp": _real(math.exp),
    "math::exp2": _real(math.exp2),
    "math::cos": _real(math.cos),
    "math::sin": _real(math.sin),
    "math::tan": _real(math.tan),
    "math::acos": _real(math.acos),
    "math::asin": _real(math.asin),
    "math::atan": _real(math.atan),
    "math::pow": lambda base, exponent: power(_number(base), _number(exponent)),
    "math::atan2": lambda y, x: math.atan2(_number(y), _number(x)),
    "math::hypot": lambda a, b: math.hypot(_number(a), _number(b)),
    "math::is_nan": lambda v: math.isnan(_number(v)),
    "math::is_finite": lambda v: math.isfinite(_number(v)),
    "math::is_infinite": lambda v: math.isinf(_number(v)),
    "math::is_normal": lambda v: math.isfinite(_number(v)) and abs(_number(v)) >= 2.0**-1022,
    "len": _length,
    "str::to_lowercase": lambda v: _text(v).lower(),
    "str::to_uppercase": lambda v: _text(v).upper(),
    "str::trim": lambda v: _text(v).strip(),
    "str::from": as_text,
    "str::substring": _substring,
    "if": _if,
    "min": _extreme(-1),
    "max": _extreme(1),
    "contains": _contains,
    "contains_any": _contains_any,
    "typeof": _kind,
    "bitand": _bits((0, 0, 0, 1)),
    "bitor": _bits((0, 1, 1, 1)),
    "bitxor": _bits((0, 1, 1, 0)),
    "bitnot": lambda v: -_int(v) - 1,
}
"""Those functions of which the facts say the value to the last bit, or of which the C library does."""
