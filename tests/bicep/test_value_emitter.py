"""`bicep/value_emitter.py`."""

import pytest
from tests.bicep.bound import bound, emitter

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.local_names import NO_LOCALS
from tidegate.bicep.syntax import Text
from tidegate.bicep.value_emitter import ValueEmitter, at, text_node
from tidegate.resources.source_map import Node, SourceText


def node(value: str) -> Node:
    symbols, made = bound(f"param p object = {{}}\noutput o array = {value}\n")
    return ValueEmitter(emitter(symbols)).node(made, NO_LOCALS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{ a: 'x', b: [1, -2, true, null] }", {"a": "x", "b": (1, -2, True, None)}),
        (
            "{ '[a]': '[b]', 'k${p}': p.c }",
            {"[[a]": "[[b]", "[format('k{0}', parameters('p'))]": "[parameters('p').c]"},
        ),
        ("[p, ...p]", "[flatten(createArray(createArray(parameters('p')), parameters('p')))]"),
        (
            "{ a: [for (x, i) in p.list: { b: x, c: i }] }",
            {
                "copy": (
                    {
                        "name": "a",
                        "count": "[length(parameters('p').list)]",
                        "input": {"b": "[parameters('p').list[copyIndex('a')]]", "c": "[copyIndex('a')]"},
                    },
                )
            },
        ),
    ],
)
def test_what_values_become(value: str, expected: object) -> None:
    assert node(value).plain() == expected


def test_every_value_and_name_has_its_place() -> None:
    made = node("{ a: 'xyz' }")
    text = "param p object = {}\noutput o array = { a: 'xyz' }\n"
    inner = made.child("a")
    assert inner is not None
    assert text[inner.start : inner.end] == "xyz"
    assert text[slice(*made.keys["a"])] == "a"
    assert SourceText("f", text).span(inner.start, inner.end).column == 24


def test_a_loop_in_a_loop_is_refused() -> None:
    with pytest.raises(BicepError):
        node("{ a: [for x in p: [for y in x: y]] }")


def test_texts_in_brackets_are_no_expressions() -> None:
    assert text_node(Text("[x]")).value == "[[x]"
    assert at(1, 2, 3).style == "folded"
