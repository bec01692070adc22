"""`templates/parameters.py`; most of what it does is in the golden cases."""

from tests.templates.expressions import scope

from tidegate.resources.source_map import SourceText
from tidegate.templates.expander import Findings
from tidegate.templates.given import Given, read_json
from tidegate.templates.parameters import Parameters


def parameters(text: str, given: dict[str, Given]) -> tuple[Parameters, Findings]:
    source, findings = SourceText("t.json", text), Findings()
    root, _ = read_json(source)
    return Parameters(root, source, given, scope(), findings), findings


def test_what_is_given_wins_and_case_does_not_matter() -> None:
    made, findings = parameters('{"Host": {"type": "string", "defaultValue": "a"}}', {"host": Given("b")})
    assert made.check()
    assert made.get("HOST") == "b"
    assert not findings.diagnostics


def test_without_any_declared_none_may_be_given() -> None:
    made, findings = parameters("{}", {"host": Given("b")})
    assert not made.check()
    assert len(findings.diagnostics) == 1


def test_where_secrets_stand_is_remembered() -> None:
    made, findings = parameters('{"a": {"type": "secureString", "defaultValue": "x"}}', {})
    assert made.check()
    assert [place.root.value for place in findings.secrets] == ["x"]


def test_a_typed_secret_is_not_shown() -> None:
    made, findings = parameters('{"a": {"type": "secureObject"}}', {"a": Given("hunter2", is_typed=True)})
    assert not made.check()
    assert "hunter2" not in str(findings.diagnostics)
