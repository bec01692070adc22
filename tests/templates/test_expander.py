"""`templates/expander.py`; most of what it does is in the golden cases."""

import pytest
from tests.templates.expressions import scope

from tidegate.resources.source_map import Node, SourceText
from tidegate.templates.expander import Findings, copies, expand, field_text
from tidegate.templates.given import read_json
from tidegate.templates.template_error import TemplateFailed
from tidegate.templates.values import value_of


def expanded(text: str) -> tuple[object, Findings]:
    source, findings = SourceText("t.json", text), Findings()
    root, _ = read_json(source)
    assert root is not None
    try:
        return value_of(expand(root, scope(), source, findings)), findings
    except TemplateFailed:
        return None, findings


def test_everything_that_is_wrong_in_an_object_is_found() -> None:
    value, findings = expanded('{"a": "[x()]", "b": "[y()]", "c": 1}')
    assert value is None
    assert len(findings.diagnostics) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"copy": [{"name": "a", "count": "x", "input": 1}]}',
        '{"copy": [{"name": "a", "count": -1, "input": 1}]}',
        '{"copy": [{"name": "a", "input": 1}]}',
        '{"copy": [{"count": 1}]}',
        '{"[add(1, 2)]": 1}',
    ],
)
def test_faulty_copies_and_names_are_found(text: str) -> None:
    value, findings = expanded(text)
    assert value is None
    assert len(findings.diagnostics) == 1


def test_a_property_named_copy_may_be_something_else() -> None:
    assert expanded('{"copy": {"a": "[add(1, 2)]"}}')[0] == {"copy": {"a": 3}}


def test_a_name_is_computed_where_it_stands() -> None:
    source = SourceText("t.json", '{"[toLower(1)]": 1}')
    findings = Findings()
    node = Node({}, 0, 18, keys={"[toLower(1)]": (1, 15)})
    with pytest.raises(TemplateFailed):
        field_text("[toLower(1)]", node, scope(), source, findings)
    span = findings.diagnostics[0].span
    assert span is not None
    assert span.column == 2


def test_rounds_of_copies_cost_steps() -> None:
    loop = Node({"count": Node(800, 0, 1)}, 0, 1)
    made = scope()
    source, findings = SourceText("t.json", "x"), Findings()
    with pytest.raises(TemplateFailed):
        for _ in range(1_000):
            copies(loop, made, source, findings)
    assert "steps" in findings.diagnostics[0].message
