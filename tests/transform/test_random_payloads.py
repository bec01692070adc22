"""Random payloads: `*` to `*` changes no value, and the quick ways of the map make what the general one makes."""

import json
from collections import Counter
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.transform.transforms import transformed

from tidegate.message import Message
from tidegate.transform.map import compile_map
from tidegate.transform.map_rule import compile_rules
from tidegate.transform.output import Output
from tidegate.transform.spec import MapSpec, TransformSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View
from tidegate.transform.wildcards import resolve

ALL = MapSpec(inputs=("*",), output="*")

# Surrogates by themselves are no text, in JSON as elsewhere.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
BLANKS = st.sampled_from(["", " ", "\n", "\t", " \r\n"])


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Write a number as JSON may: integers of any size, with a fraction, with an exponent."""
    integer = draw(st.one_of(st.integers(-9, 9), st.integers(), st.integers(-(10**60), 10**60)))
    if draw(st.booleans()):
        return str(integer)
    if draw(st.booleans()):
        return repr(draw(st.floats(allow_nan=False, allow_infinity=False)))
    fraction = draw(st.sampled_from(["", ".0", ".50", ".1234567890123456789"]))
    return f"{integer % 10**20}{fraction}{draw(st.sampled_from(['e', 'E', 'e+']))}{draw(st.integers(0, 99))}"


@st.composite
def documents(draw: st.DrawFn, depth: int = 3) -> str:
    """Write a value of JSON with blanks and escapes wherever they may be, and with keys that come twice."""
    kinds = ["number", "text", "word"] if depth == 0 else ["number", "text", "word", "array", "object", "object"]
    kind = draw(st.sampled_from(kinds))
    if kind == "number":
        return draw(numbers())
    if kind == "text":
        return draw(texts())
    if kind == "word":
        return draw(st.sampled_from(["true", "false", "null"]))
    if kind == "array":
        return f"[{','.join(draw(st.lists(documents(depth - 1), max_size=3)))}{draw(BLANKS)}]"
    return draw(objects(depth - 1))


@st.composite
def texts(draw: st.DrawFn) -> str:
    return json.dumps(draw(TEXTS), ensure_ascii=draw(st.booleans()))


@st.composite
def objects(draw: st.DrawFn, depth: int = 3) -> str:
    keys = draw(st.lists(st.one_of(texts(), st.sampled_from(['"a"', '"b"', '"*"', '"a.b"', '""'])), max_size=4))
    fields = [f"{draw(BLANKS)}{key}{draw(BLANKS)}:{draw(documents(depth))}" for key in keys]
    return f"{{{','.join(fields)}{draw(BLANKS)}}}"


def pairs(text: str) -> Any:
    """Read JSON so that `repr` shows all of it: the order of keys, each number by its type and to its last bit."""
    return json.loads(text)


@settings(max_examples=400)
@given(objects())
@example('{"a": 123456789012345678901234567890, "b": -0, "c": -0.0, "d": 1E400e}'.replace("1E400e", "1e-400"))
@example('{"a": 1, "b": 2, "a": {"a": 1, "a": []}}')
@example('{"\\ud83d\\ude00": "\\u0000", "\x7f": "\u2028"}')
@example('{"a": 0.1, "b": 1.0, "c": 1e22, "d": 9007199254740993, "e": 9007199254740993.0, "f": 4.9e-324}')
def test_every_object_passes_a_wildcard_with_the_same_value(text: str) -> None:
    made = transformed(TransformSpec(topic_template="t", maps=(ALL,)), Message("s", text.encode()))
    assert isinstance(made, Message), made
    assert repr(pairs(made.payload.decode())) == repr(pairs(text))
    # The general way has no leaves for what is empty at the root; it makes the same of all else.
    general = resolve(compile_rules((ALL,), last_per_topic=False), View(Message("s", text.encode())), moves_copies=True)
    assert repr(general.payload) == repr(pairs(text))


NAMES = st.sampled_from(["a", "b", "c"])
WAYS = st.sampled_from(["a", "b", "a.a", "a.b", "b.a", "c", "c.c", "a.b.c"])
LEAVES = st.sampled_from([1, 1, 2, 1.5, "x", None, True, [1, 2], [{"a": 1}]])
OBJECTS = st.one_of(LEAVES, st.dictionaries(NAMES, st.one_of(LEAVES, st.dictionaries(NAMES, LEAVES)), max_size=3))
PAYLOADS = st.fixed_dictionaries({"a": OBJECTS, "b": OBJECTS}, optional={"c": OBJECTS})
EXPRESSIONS = st.sampled_from(
    ["$1 * 2", "if($1 == (), 7, $1)", "$1 == ()", "if($1 == 1, (), 5)", "if($1 == (), $1, ())", 'typeof($1) + "!"']
)


@st.composite
def rules(draw: st.DrawFn) -> MapSpec:
    """Make a rule without a wildcard: a removal, a copy, a computed field, a constant, or metadata."""
    kind = draw(st.sampled_from(["removal", "copy", "copy", "computed", "computed", "same", "constant", "metadata"]))
    way = draw(WAYS)
    if kind == "removal":
        return MapSpec(inputs=tuple(draw(st.lists(WAYS, min_size=1, max_size=2))), output="")
    if kind == "copy":
        return MapSpec(inputs=(way,), output=draw(WAYS))
    if kind == "same":
        return MapSpec(inputs=(way,), output=way, expression=draw(EXPRESSIONS))
    if kind == "constant":
        return MapSpec(inputs=(), output=way, expression=draw(st.sampled_from(["5", '"k"', "()"])))
    if kind == "metadata":
        target = draw(st.sampled_from(["$metadata.topic", "$metadata.user_property.p"]))
        return MapSpec(inputs=(way,), output=target, expression=draw(st.one_of(st.none(), EXPRESSIONS)))
    return MapSpec(inputs=(way,), output=draw(WAYS), expression=draw(EXPRESSIONS))


def outcome(make: Any, payload: dict[str, Any]) -> str:
    """Return what a way of the map makes of a payload, or that it makes nothing."""
    try:
        output: Output = make(View(Message("s", json.dumps(payload).encode())))
    except EvaluationError:
        return "no value"
    return repr((output.payload, output.topic, output.properties))


def test_the_quick_ways_make_what_the_general_one_makes() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=1_000)
    @given(st.lists(rules(), max_size=4), st.booleans(), st.booleans(), PAYLOADS)
    def check(specs: list[MapSpec], copies_all: bool, moves: bool, payload: dict[str, Any]) -> None:
        maps = (ALL, *specs) if copies_all else tuple(specs)
        compiled = compile_rules(maps, last_per_topic=False)
        found = outcome(compile_map(maps, moves_copies=moves, last_per_topic=False), payload)
        assert found == outcome(lambda view: resolve(compiled, view, moves_copies=moves), payload)
        seen["no value" if found == "no value" else "all" if copies_all else "named"] += 1

    check()
    assert min(seen["no value"], seen["all"], seen["named"]) > 100
