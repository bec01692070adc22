"""`templates/variables.py`; most of what it does is in the golden cases."""

from tests.templates.expressions import scope

from tidegate.resources.source_map import SourceText
from tidegate.templates.expander import Findings
from tidegate.templates.given import read_json
from tidegate.templates.variables import Variables


def test_what_is_faulty_is_left_out() -> None:
    text = '{"a": "[x()]", "b": 1, "copy": [{"name": "c", "count": 2, "input": "[copyIndex(\'c\')]"}, {"count": 1}]}'
    source, findings = SourceText("t.json", text), Findings()
    root, _ = read_json(source)
    made = Variables(root, source, scope(), findings)
    assert made.all() == {"b": 1, "c": [0, 1]}
    assert made.get("B") == 1
    assert len(findings.diagnostics) == 2
