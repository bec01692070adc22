"""`templates/instances.py`; most of what it does is in the golden cases."""

import pytest
from tests.templates.expressions import scope

from tidegate.resources.source_map import SourceText
from tidegate.templates.expander import Findings
from tidegate.templates.given import read_json
from tidegate.templates.instances import read_header, read_instances
from tidegate.templates.template_error import TemplateFailed


def instances(text: str) -> tuple[list[str], Findings]:
    source, findings = SourceText("t.json", text), Findings()
    root, _ = read_json(source)
    return [each.label for each in read_instances(root, scope(), source, findings)], findings


def test_labels_say_the_round() -> None:
    labels, findings = instances('{"a": {"name": "x"}, "b": {"copy": {"name": "b", "count": 2}, "name": "y"}}')
    assert labels == ["a", "b[0]", "b[1]"]
    assert not findings.diagnostics


@pytest.mark.parametrize("text", ['"x"', '{"a": 1}', '[{"copy": {"count": 1}}]', '[{"copy": {"name": "a"}}]'])
def test_what_is_no_resource_is_found(text: str) -> None:
    labels, findings = instances(text)
    assert labels == []
    assert len(findings.diagnostics) == 1


def test_a_condition_is_a_bool() -> None:
    text = '[{"type": "a/b", "apiVersion": "1", "name": "x", "condition": "yes"}]'
    source, findings = SourceText("t.json", text), Findings()
    root, _ = read_json(source)
    (instance,) = read_instances(root, scope(), source, findings)
    with pytest.raises(TemplateFailed):
        read_header(instance, None, source, findings)
    assert findings.diagnostics[0].message == "a condition is true or false"
