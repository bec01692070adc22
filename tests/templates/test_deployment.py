"""`templates/deployment.py`; most of what it does is in the golden cases."""

from collections.abc import Mapping

from tidegate.resources.source_map import Json, SourceText
from tidegate.templates.environment import Environment
from tidegate.templates.template import evaluate_template, read_template

EXISTING = """{
  "languageVersion": "2.0",
  "resources": {
    "there": {"existing": true, "type": "Microsoft.A/b", "apiVersion": "2024-01-01", "name": "x"}
  },
  "outputs": {
    "properties": {"type": "string", "value": "[reference('there').size]"},
    "whole": {"type": "string", "value": "[reference('there', '2024-01-01', 'full').location]"}
  }
}"""


def test_what_exists_is_asked_of_the_environment() -> None:
    asked: list[str] = []

    def existing(identifier: str) -> Mapping[str, Json]:
        asked.append(identifier)
        return {"location": "west", "properties": {"size": "large"}}

    template, _ = read_template(SourceText("t.json", EXISTING))
    assert template is not None
    made = evaluate_template(template, {}, Environment(subscription_id="s", resource_group="g", existing=existing))
    assert {name: output.value for name, output in made.outputs.items()} == {"properties": "large", "whole": "west"}
    assert set(asked) == {"/subscriptions/s/resourceGroups/g/providers/Microsoft.A/b/x"}


def test_deployments_nest_to_a_limit() -> None:
    inner = '{"resources": []}'
    for depth in range(20):
        resource = (
            '{"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "d%d", "properties":'
        )
        inner = '{"resources": [' + resource % depth + ' {"template": ' + inner + "}}]}"
    template, found = read_template(SourceText("t.json", inner))
    if template is None:
        assert found
        return
    assert any("nest deeper" in each.message for each in evaluate_template(template, {}).diagnostics)
