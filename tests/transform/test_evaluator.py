"""Trees become closures."""

import pytest

from tidegate.transform.evaluator import compile_node
from tidegate.transform.parser import parse_expression
from tidegate.transform.values import EvaluationError, Value, same


@pytest.mark.parametrize(
    ("text", "inputs", "result"),
    [
        ("42", (), 42),
        ("$2", (1, 2), 2),
        ("-$1 * 2", (3,), -6),
        ("($1, $2 + 1)", (1, 2), (1, 3)),
        ("()", (), None),
        ("1 + 2 * 3 - 4", (), 3),
        ('$1 > 20 && !($2 == "off")', (21, "on"), True),
        ("if($1 == (), $2, $1)", (None, 7), 7),
        ("cToF($1)", (100,), 212.0),
        ("min($1, $2, 5)", (9, 8), 5),
    ],
)
def test_values(text: str, inputs: tuple[Value, ...], result: Value) -> None:
    assert same(compile_node(parse_expression(text, len(inputs)))(inputs), result)


@pytest.mark.parametrize(
    ("text", "place", "detail"),
    [
        ("1 + 2 * 'a'", "*", "`*` cannot multiply an int and a string"),
        ("1 + 2 + true + 3", "+ true", "`+` cannot add an int and a boolean"),
        ("$1 > 1", ">", "`>` cannot compare `()` (missing or null) with an int"),
        ("2 * -(1, 2)", "-", "`-` stands before a number, and this is a tuple"),
        ("1 == !2", "!", "`!` needs a boolean, and this is an int"),
        ("1 + abs('a')", "abs", "`math::abs`: a number is needed, and this is a string"),
        (
            "if(1 > 0, cToF($1), round_n(1, 16))",
            "cToF",
            "`cToF`: a number is needed, and this is `()` (missing or null)",
        ),
        ("(1, round_n(1, 16))", "round_n", "`round_n`: the digits are 0 to 15, and this is 16"),
    ],
)
def test_what_has_no_value_is_named_with_its_place(text: str, place: str, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        compile_node(parse_expression(text, 1))((None,))
    assert caught.value.detail.startswith(detail)
    assert caught.value.place == (text.index(place), len(place.split()[0]))


def test_both_sides_are_always_evaluated() -> None:
    for text in ("false && 1 / 0 == 1", "true || 1 / 0 == 1", "if(true, 1, 1 / 0)"):
        with pytest.raises(EvaluationError, match="by 0"):
            compile_node(parse_expression(text, 0))(())


def test_a_long_chain_needs_no_stack() -> None:
    assert compile_node(parse_expression("+".join(["1"] * 4_000), 0))(()) == 4_000
