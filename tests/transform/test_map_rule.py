"""The parts of a rule and what goes together."""

import pytest

from tidegate.message import Message
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.map_rule import compile_rules, is_identity, produced
from tidegate.transform.paths import MISSING
from tidegate.transform.spec import MapSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View


@pytest.mark.parametrize(
    ("inputs", "output", "expression", "message"),
    [
        (("a",), "", "$1", "an empty output removes the inputs, which takes no expression"),
        ((), "", None, "an empty output removes the inputs, and there are none"),
        (("a", "b"), "c", None, "the rule has 2 inputs and no expression that makes one value of them"),
        ((), "c", None, "the rule has no inputs and no expression"),
        (("a",), "c.*", None, "the output has a `*`, and the first input has none that it could stand for"),
        (("a", "*"), "c.*", "$1 + $2", "the output has a `*`, and the first input has none that it could stand for"),
        (("a.*",), "c", None, "the first input has a `*`, and the output has none: all would be written to one place"),
    ],
)
def test_parts_that_do_not_go_together(
    inputs: tuple[str, ...], output: str, expression: str | None, message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        compile_rules((MapSpec(inputs=inputs, output=output, expression=expression),), last_per_topic=False)
    assert caught.value.message == message
    assert caught.value.hint


def test_parts_that_do() -> None:
    identity, other = compile_rules(
        (MapSpec(inputs=("*",), output="*"), MapSpec(inputs=("a",), output="b")), last_per_topic=False
    )
    assert is_identity(identity) and identity.has_wildcard and not is_identity(other)
    assert other.moves and not other.has_wildcard


def test_what_goes_wrong_names_the_rule() -> None:
    (rule,) = compile_rules(
        (MapSpec(inputs=("a",), output="b", expression="-$1", description="turned"),), last_per_topic=False
    )
    view = View(Message("t", b'{"a": "x"}'))
    with pytest.raises(EvaluationError) as caught:
        produced(rule, view)
    assert caught.value.detail == "map rule 1 (turned): `-` stands before a number, and this is a string"
    (absent,) = compile_rules((MapSpec(inputs=("x",), output="b"),), last_per_topic=False)
    assert produced(absent, view) is MISSING
