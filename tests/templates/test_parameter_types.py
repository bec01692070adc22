"""`templates/parameter_types.py`."""

import pytest

from tidegate.resources.source_map import SourceText
from tidegate.templates.expander import Findings
from tidegate.templates.given import read_json
from tidegate.templates.parameter_types import ParameterType, problems, read_type
from tidegate.templates.template_error import TemplateFailed
from tidegate.templates.values import Value


def read(text: str) -> ParameterType:
    source = SourceText("t.json", text)
    root, _ = read_json(source)
    assert root is not None
    return read_type(root, source, Findings())


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ('{"type": "STRING"}', "a", 1),
        ('{"type": "int", "minValue": 1, "maxValue": 3}', 3, 4),
        ('{"type": "array", "minLength": 1}', [1], []),
        ('{"type": "array", "allowedValues": [["a"], ["b"]]}', ["a"], ["c"]),
        ('{"type": "object", "properties": {"a": {"type": "int", "nullable": true}}}', {}, {"a": "x"}),
        ('{"type": "array", "items": {"type": "bool"}}', [True], [1]),
        ('{"type": "string", "nullable": true}', None, []),
        ('{"type": "bool"}', False, None),
    ],
)
def test_values_are_checked(text: str, right: Value, wrong: Value) -> None:
    declared = read(text)
    assert list(problems(right, declared, "it")) == []
    assert len(list(problems(wrong, declared, "it"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1",
        '{"type": "text"}',
        "{}",
        '{"type": "int", "minValue": "x"}',
        '{"type": "int", "allowedValues": 1}',
        '{"type": "int", "x": 1}',
    ],
)
def test_faulty_declarations_are_found(text: str) -> None:
    with pytest.raises(TemplateFailed):
        read(text)


def test_a_secret_is_not_shown() -> None:
    declared = ParameterType("secureString", allowed=["a"])
    assert declared.is_secret
    assert "hunter2" not in " ".join(problems("hunter2", declared, "password"))
    assert "hunter2" not in " ".join(problems(["hunter2"], declared, "password"))
