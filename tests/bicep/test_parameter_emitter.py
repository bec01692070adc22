"""`bicep/parameter_emitter.py`."""

import pytest

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.parameter_emitter import check_literal, declared_node
from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import Parameter
from tidegate.bicep.value_emitter import at


def parameter(text: str) -> Parameter:
    (made,) = parse(text).file.statements
    assert isinstance(made, Parameter)
    return made


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("param a string", {"type": "string"}),
        ("@secure()\nparam a object", {"type": "secureObject"}),
        ("param a int[]", {"type": "array", "items": {"type": "int"}}),
        ("param a string?", {"type": "string", "nullable": True}),
        ("param a 'x' | 'y' | null", {"type": "string", "nullable": True, "allowedValues": ("x", "y")}),
        ("param a true", {"type": "bool", "allowedValues": (True,)}),
        ("param a { b: int }", {"type": "object", "properties": {"b": {"type": "int"}}}),
        ("@minValue(-3)\nparam a int", {"type": "int", "minValue": -3}),
        (
            "@allowed([1, [2]])\n@description('d')\nparam a int",
            {"type": "int", "allowedValues": (1, (2,)), "metadata": {"description": "d"}},
        ),
    ],
)
def test_declarations(text: str, fields: object) -> None:
    assert at(declared_node(parameter(text)), 0, 1).plain() == fields


@pytest.mark.parametrize(
    "text", ["param a text", "param a 'x' | 1", "param a string | int", "@allowed([b])\nparam a int"]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(BicepError):
        declared_node(parameter(text))


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("param a string = 1", True),
        ("param a string = b", False),
        ("param a string? = null", False),
        ("param a 'x' | null = null", False),
        ("param a string = null", True),
        ("param a bool = 'true'", True),
        ("param a array = [for x in y: x]", False),
    ],
)
def test_values_that_are_written_out_are_compared(text: str, is_wrong: bool) -> None:
    made = parameter(text) if "for" not in text else parameter("param a array = []")
    assert made.default is not None
    assert (check_literal(made.default, made.type, "it") is not None) == is_wrong
