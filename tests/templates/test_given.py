"""`templates/given.py`."""

import pytest

from tidegate.resources.source_map import SourceText
from tidegate.templates.given import convert_text, read_json, read_parameters
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", "string", "7"),
        ("7", "int", 7),
        ("True", "bool", True),
        ('{"a": 1}', "object", {"a": 1}),
        ("[1]", "array", [1]),
    ],
)
def test_what_is_typed_becomes_a_value(text: str, kind: str, value: Value) -> None:
    assert convert_text(text, kind) == value


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TemplateError):
        convert_text("x", "int")


@pytest.mark.parametrize(
    "text", ['{"parameters": {"a": {"value": 1}}}', '{"a": {"value": 1}, "contentVersion": "1.0.0.0"}']
)
def test_both_forms_of_parameter_files(text: str) -> None:
    given, diagnostics = read_parameters(SourceText("p.json", text))
    assert not diagnostics
    assert {name: each.value for name, each in given.items()} == {"a": 1}


@pytest.mark.parametrize("text", ["[1]", '{"parameters": {"a": 1}}', "", '{"a": {"value": 1}} {}', "{"])
def test_what_is_no_parameter_file_is_said(text: str) -> None:
    assert read_parameters(SourceText("p.json", text))[1]


def test_comments_do_not_move_anything() -> None:
    root, _ = read_json(SourceText("a.json", '{/* x */ "a": 1}'))
    assert root is not None
    assert root.keys["a"] == (9, 12)
