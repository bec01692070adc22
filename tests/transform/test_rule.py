"""Inputs and an expression over them."""

import pytest

from tidegate.message import Message
from tidegate.transform.rule import compile_expression, compile_readers, evaluate_over, named, references_of
from tidegate.transform.values import EvaluationError, Value
from tidegate.transform.view import View


def evaluate(inputs: tuple[str, ...], expression: str, payload: bytes, *, needs_all: bool) -> Value:
    readers = compile_readers(references_of(inputs), last_per_topic=False)
    over = evaluate_over(readers, compile_expression(expression, len(inputs)), needs_all=needs_all)
    return over(View(Message("t", payload)))


def test_values() -> None:
    assert evaluate(("a",), "$1 * 2", b'{"a": 1.5}', needs_all=True) == 3.0
    assert evaluate(("a", "b"), "$1 + $2", b'{"a": 1, "b": 2}', needs_all=True) == 3
    assert evaluate(("a", "b"), "if($1 == (), $2, $1)", b'{"b": 2}', needs_all=False) == 2
    assert evaluate(("a",), "$1 == ()", b'{"a": null}', needs_all=True) is True


@pytest.mark.parametrize(("inputs", "number"), [(("a",), 1), (("b", "a"), 2)])
def test_a_missing_input(inputs: tuple[str, ...], number: int) -> None:
    with pytest.raises(EvaluationError, match=rf"the input \${number} is missing"):
        evaluate(inputs, "true", b'{"b": 1}', needs_all=True)


def test_names_for_people() -> None:
    assert named("map", 0, None) == "map rule 1"
    assert named("filter", 1, "too hot") == "filter rule 2 (too hot)"
