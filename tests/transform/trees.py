"""Random trees of expressions for hypothesis: mostly of types that go together, and now and then not."""

from functools import lru_cache
from typing import TypeVar

from hypothesis import strategies as st
from tests.transform.reference import Apply, Given, Join, Known, Prefix, Tree, Value

__all__ = ["INPUT_COUNT", "operands", "trees", "values"]

INPUT_COUNT = 4
DEPTH = 4

T = TypeVar("T")

Trees = st.SearchStrategy[Tree]

_ints = st.one_of(
    st.integers(-9, 9),
    st.integers(-99, 99),
    st.integers(-(10**6), 10**6),
    st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1, 2**62, 2**31]),
)
_floats = st.one_of(
    st.sampled_from([0.0, -0.0, 0.5, -2.5, 1e300, 5e-324, 2.0**53, 0.1, 21.5, 1e-7, 1e22, 123456789.125]),
    st.floats(allow_nan=False, allow_infinity=False),
)
_texts = st.one_of(
    st.sampled_from(["", "oven", "Öfen 7", ' "x" ', "a\\b\n", "10", "ß"]), st.text("abAB12 é", max_size=6)
)
_primitives = st.one_of(_ints, _floats, _texts, st.booleans())

_UNARY = [
    *("cToF", "fToC", "psiToBar", "barToPsi", "inToCm", "cmToIn", "ftToM", "mToFt", "lbToKg", "kgToLb", "galToL"),
    *("lToGal", "floor", "ceil", "round", "math::abs", "math::sqrt", "math::ln", "math::log2", "math::log10"),
    *("math::exp", "math::exp2", "math::cos", "math::sin", "math::tan", "math::acos", "math::asin", "math::atan"),
]


def values() -> st.SearchStrategy[tuple[Value, ...]]:
    """Return what the inputs hold: mostly `$1` a number, `$2` a text, `$3` a boolean and `$4` an array."""
    arrays = st.one_of(st.lists(_primitives, max_size=3), st.lists(_ints, min_size=1, max_size=3)).map(tuple)
    kinds: list[st.SearchStrategy[Value]] = [st.one_of(_ints, _floats), _texts, st.booleans(), arrays]
    anything = st.one_of(st.none(), *kinds)
    return st.tuples(*[_weighted(kind, anything) for kind in kinds])


def operands(count: int) -> st.SearchStrategy[tuple[Value, ...]]:
    """Return operands of one operator or function: numbers most of the time."""
    numbers: st.SearchStrategy[Value] = st.one_of(_ints, _floats)
    of_one_kind = [st.tuples(*[kind] * count) for kind in (_ints, _floats, numbers, _texts, st.booleans())]
    return st.one_of(*of_one_kind, st.tuples(*[st.one_of(numbers, _texts, st.booleans(), st.none())] * count))


def trees() -> Trees:
    """Return trees of any type."""
    return _any(DEPTH)


@lru_cache
def _any(depth: int) -> Trees:
    return st.one_of(_number(depth), _boolean(depth), _text(depth), _tuple(depth), st.just(Known(None)))


def _mostly(wanted: Trees, depth: int) -> Trees:
    return _weighted(wanted, _any(depth))


def _weighted(usual: st.SearchStrategy[T], rare: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    # `one_of` takes a strategy that is given several times as given once.
    return st.integers(0, 24).flatmap(lambda number: rare if number == 24 else usual)


def _leaf(literals: st.SearchStrategy[Value], number: int) -> Trees:
    return st.one_of(literals.map(Known), st.just(Given(number)))  # type: ignore[arg-type]  # no tuples


def _call(names: list[str], *arguments: Trees) -> Trees:
    return st.builds(Apply, st.sampled_from(names), st.tuples(*arguments))


@lru_cache
def _number(depth: int) -> Trees:
    leaf = _leaf(st.one_of(_ints, _floats), 1)
    if depth == 0:
        return leaf
    one = _mostly(_number(depth - 1), depth - 1)
    small, ints = st.integers(-3, 3).map(Known), _leaf(_ints, 1)
    return st.one_of(
        leaf,
        st.builds(Join, st.sampled_from(["+", "-", "*", "/", "%"]), one, one),
        st.builds(Join, st.just("^"), one, small),
        st.builds(Prefix, st.just("-"), one),
        _call(_UNARY, one),
        _call(["math::pow", "math::atan2", "math::hypot"], one, one),
        _call(["bitand", "bitor", "bitxor"], ints, ints),
        _call(["bitnot"], ints),
        _call(["min", "max"], one, one, one),
        _call(["min", "max"], st.just(Given(4))),
        _call(["len"], _mostly(_tuple(depth - 1), depth - 1)),
        _call(["len"], _mostly(_text(depth - 1), depth - 1)),
        _call(["if"], _mostly(_boolean(depth - 1), depth - 1), one, one),
    )


@lru_cache
def _boolean(depth: int) -> Trees:
    leaf = _leaf(st.booleans(), 3)
    if depth == 0:
        return leaf
    one = _mostly(_boolean(depth - 1), depth - 1)
    number, text, several = (_mostly(kind(depth - 1), depth - 1) for kind in (_number, _text, _tuple))
    equality, comparison = st.sampled_from(["==", "!="]), st.sampled_from(["<", ">", "<=", ">="])
    return st.one_of(
        leaf,
        st.builds(Join, st.sampled_from(["&&", "||"]), one, one),
        st.builds(Prefix, st.just("!"), one),
        st.builds(Join, comparison, number, number),
        st.builds(Join, comparison, text, text),
        st.builds(Join, equality, number, number),
        st.builds(Join, equality, one, one),
        st.builds(Join, equality, _any(depth - 1), _any(depth - 1)),
        _call(["contains"], several, _any(depth - 1)),
        _call(["contains_any"], several, several),
        _call(["math::is_nan", "math::is_finite", "math::is_infinite", "math::is_normal"], number),
        _call(["if"], one, one, one),
    )


@lru_cache
def _text(depth: int) -> Trees:
    leaf = _leaf(_texts, 2)
    if depth == 0:
        return leaf
    one = _mostly(_text(depth - 1), depth - 1)
    start, end = st.sampled_from([0, 0, 0, 1, 2, -1]).map(Known), st.sampled_from([2, 2, 3, 4, 9]).map(Known)
    return st.one_of(
        leaf,
        st.builds(Join, st.just("+"), one, _any(depth - 1)),
        st.builds(Join, st.just("+"), _any(depth - 1), one),
        _call(["str::to_lowercase", "str::to_uppercase", "str::trim"], one),
        _call(["str::from", "typeof"], _any(depth - 1)),
        _call(["str::substring"], one, start),
        _call(["str::substring"], one, start, end),
        _call(["if"], _mostly(_boolean(depth - 1), depth - 1), one, one),
    )


@lru_cache
def _tuple(depth: int) -> Trees:
    given = st.just(Given(4))
    if depth == 0:
        return given
    items = st.lists(st.one_of(_any(depth - 1), _number(depth - 1)), min_size=2, max_size=4).map(tuple)
    return st.one_of(given, st.builds(Apply, st.just(""), items))
