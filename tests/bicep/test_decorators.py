"""`bicep/decorators.py`; what it says is in the golden cases."""

import pytest

from tidegate.bicep.decorators import check_decorators, named, plain_type
from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import Boolean, Declaration, Integer, Parameter


def declaration(text: str) -> Declaration:
    (made,) = parse(text).file.statements
    assert isinstance(made, Declaration)
    return made


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("@description('x')\n@secure()\nparam a string", 0),
        ("@secure()\n@secure()\nparam a string", 1),
        ("@minLength(1)\nparam a int", 1),
        ("@maxValue('x')\nparam a int", 1),
        ("@batchSize(2)\nmodule a './b.bicep' = [for x in []: {}]", 0),
        ("@batchSize(2)\nparam a int", 1),
        ("@description('x')\nmetadata a = 1", 1),
        ("@frob()\nparam a int", 1),
        ("@minLength(1)\noutput a string? = 'x'", 0),
    ],
)
def test_decorators_are_checked(text: str, count: int) -> None:
    assert len(list(check_decorators(declaration(text)))) == count


def test_what_a_decorator_says() -> None:
    made = declaration("@secure()\n@minLength(3)\nparam a string")
    assert named(made, "secure") == Boolean(True)
    assert named(made, "minLength") == Integer(3)
    assert named(made, "maxLength") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("string", "string"),
        ("int[]", "array"),
        ("{}", "object"),
        ("'a' | 'b'", "string"),
        ("1?", "int"),
        ("'a' | 1", "string or int"),
    ],
)
def test_plain_types(text: str, kind: str) -> None:
    made = declaration(f"param a {text}")
    assert isinstance(made, Parameter)
    assert plain_type(made.type) == kind
