"""`bicep/collection_parser.py`; its errors are in the golden cases."""

import pytest

from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import (
    Array,
    Expression,
    For,
    If,
    Integer,
    Name,
    Object,
    Property,
    Resource,
    Spread,
    Text,
    Variable,
)


def value(text: str) -> Expression:
    parsed = parse(f"var a = {text}")
    assert parsed.errors == ()
    (statement,) = parsed.file.statements
    assert isinstance(statement, Variable)
    return statement.value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("[\n\n  a, b\n  ...c,\n]", Array((Name("a"), Name("b"), Spread(Name("c"))))),
        (
            "{ a: 1, 'b': 2\n c: 3 }",
            Object(tuple(Property(Text(key), Integer(index + 1)) for index, key in enumerate("abc"))),
        ),
        ("[for a in b: a]", For("a", None, Name("b"), Name("a"))),
        ("[for (a, i) in b: if (i) {\n}]", For("a", "i", Name("b"), If(Name("i"), Object(())))),
        ("[]", Array(())),
        ("{}", Object(())),
        ("[for, in]", Array((Name("for"), Name("in")))),
    ],
)
def test_trees(text: str, tree: Expression) -> None:
    assert value(text) == tree


def test_the_body_of_a_resource_has_resources() -> None:
    text = "resource a 'b/c@2024-01-01' = {\n  name: 'n'\n  resource d 'e' = {\n    name: 'm'\n  }\n}\n"
    (made,) = parse(text).file.statements
    assert isinstance(made, Resource)
    assert isinstance(made.body, Object)
    assert [each.name for each in made.body.resources] == ["d"]
