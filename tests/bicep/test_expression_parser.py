"""`bicep/expression_parser.py`; its errors are in the golden cases."""

import pytest

from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import (
    Array,
    Binary,
    Expression,
    Index,
    Integer,
    Lambda,
    Member,
    Name,
    Object,
    Property,
    Ternary,
    Text,
    Unary,
    Variable,
)


def value(text: str) -> Expression:
    parsed = parse(f"var a = {text}")
    assert parsed.errors == ()
    (statement,) = parsed.file.statements
    assert isinstance(statement, Variable)
    return statement.value


A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a ?? b || c", Binary("??", A, Binary("||", B, C))),
        ("a == b && c", Binary("&&", Binary("==", A, B), C)),
        ("!a.b", Unary("!", Member(A, "b"))),
        ("a ? b : c ? a : b", Ternary(A, B, Ternary(C, A, B))),
        ("a.?b[?c]", Index(Member(A, "b", True), C, True)),
        ("(a, b) => c", Lambda(("a", "b"), C)),
        ("() => c", Lambda((), C)),
        ("[\n\n  a, b\n  c,\n]", Array((A, B, C))),
        (
            "{ a: 1, 'b': 2\n c: 3 }",
            Object((Property(Text("a"), Integer(1)), Property(Text("b"), Integer(2)), Property(Text("c"), Integer(3)))),
        ),
        ("{} ?? a", Binary("??", Object(()), A)),
        ("[a][0]", Index(Array((A,)), Integer(0))),
    ],
)
def test_trees(text: str, tree: Expression) -> None:
    assert value(text) == tree


def test_places_are_those_of_the_text() -> None:
    made = value("a + bc.de")
    assert (made.start, made.end) == (8, 17)
    assert isinstance(made, Binary)
    assert isinstance(made.right, Member)
    assert made.right.name_start == 15
