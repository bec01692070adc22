"""`templates/outputs.py`; most of what it does is in the golden cases."""

import pytest
from tests.templates.expressions import scope

from tidegate.resources.source_map import SourceText
from tidegate.templates.expander import Findings
from tidegate.templates.given import read_json
from tidegate.templates.outputs import read_outputs


@pytest.mark.parametrize(
    "text", ['{"a": {"type": "string"}}', '{"a": {"value": 1}}', '{"a": {"type": "int", "value": "x"}}']
)
def test_a_faulty_output_is_left_out(text: str) -> None:
    source, findings = SourceText("t.json", text), Findings()
    root, _ = read_json(source)
    assert read_outputs(root, scope(), source, findings) == {}
    assert len(findings.diagnostics) == 1


def test_a_secret_is_not_in_its_text() -> None:
    source = SourceText("t.json", '{"a": {"type": "secureString", "value": "hidden"}}')
    root, _ = read_json(source)
    made = read_outputs(root, scope(), source, Findings())
    assert made["a"].is_secret
    assert "hidden" not in repr(made)
