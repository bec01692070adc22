"""`bicep/writer.py`: what is written parses to the same tree."""

import pytest
from hypothesis import given, settings
from tests.bicep.trees import expressions, files

from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import Expression, File, Variable
from tidegate.bicep.writer import write_expression, write_file, write_text


@settings(deadline=None)
@given(files())
def test_a_file_parses_to_the_same(file: File) -> None:
    parsed = parse(write_file(file))
    assert parsed.errors == ()
    assert parsed.file == file


@settings(deadline=None)
@given(expressions())
def test_a_value_parses_to_the_same(value: Expression) -> None:
    parsed = parse(f"var a = {write_expression(value)}\n")
    assert parsed.errors == ()
    assert parsed.file.statements == (Variable(name="a", value=value),)


@pytest.mark.parametrize("text", ["plain", "it's", "\\", "${x}", "$", "a\nb\tc\r", "''' "])
def test_texts(text: str) -> None:
    (statement,) = parse(f"var a = {write_text(text)}").file.statements
    assert isinstance(statement, Variable)
    assert statement.value.value == text  # type: ignore[union-attr]


def test_the_form() -> None:
    text = """\
@secure()
param a string = 'x'
param b int

resource c 'Microsoft.IoTOperations/instances@2024-11-01' existing = {
  name: a
}

output d array = [
  (1 + 2) * b
  {}
]
"""
    assert write_file(parse(text).file) == text
