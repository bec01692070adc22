"""`bicep/walk.py`."""

from hypothesis import given
from tests.bicep.trees import expressions

from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import Expression, If, Resource
from tidegate.bicep.walk import children, unwrapped


def names(node: Expression) -> list[str]:
    own = [node.name] if type(node).__name__ == "Name" else []  # type: ignore[union-attr]
    return own + [name for child in children(node) for name in names(child)]


@given(expressions())
def test_all_names_are_found(value: Expression) -> None:
    assert len(names(value)) == repr(value).count("Name(name=")


def test_what_is_around_a_body() -> None:
    (made,) = parse("resource a 'b/c@2024-01-01' = [for x in [1]: if (x > 0) {\n  name: 'n'\n}]").file.statements
    assert isinstance(made, Resource)
    loop, condition, body = unwrapped(made)
    assert loop is not None
    assert isinstance(loop.body, If)
    assert condition is loop.body.condition
    assert body is loop.body.body
