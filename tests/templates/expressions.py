"""Expressions evaluated alone, for the tests of functions."""

import json

from tidegate.resources.source_map import SourceText
from tidegate.templates.deployment import Deployment
from tidegate.templates.environment import Environment
from tidegate.templates.evaluator import evaluate_text
from tidegate.templates.expander import Findings
from tidegate.templates.function import TemplateFunction
from tidegate.templates.given import read_json
from tidegate.templates.limits import Budget
from tidegate.templates.scope import Scope
from tidegate.templates.values import Value

TEMPLATE = """{
  "languageVersion": "2.0",
  "parameters": {"name": {"type": "string", "defaultValue": "of the parameter"}},
  "variables": {"name": "of the variable"},
  "resources": {
    "endpoint": {
      "type": "Microsoft.IoTOperations/instances/dataflowEndpoints",
      "apiVersion": "2025-10-01",
      "name": "aio/site",
      "properties": {"endpointType": "of the resource"}
    }
  }
}"""


def scope() -> Scope:
    """Return the scope of a template that declares one of each."""
    source = SourceText("template.json", TEMPLATE)
    root, _ = read_json(source)
    assert root is not None
    deployment = Deployment(root, source, {}, Environment(), Budget(), Findings())
    deployment.run()
    return Scope(deployment).in_copy("of the copy around", 7)


def value(expression: str) -> Value:
    """Evaluate an expression without its brackets."""
    return evaluate_text(f"[{expression}]", scope())


def check_examples(rows: tuple[TemplateFunction, ...]) -> None:
    """Each row's example has the result that the row says."""
    for row in rows:
        expected = 7 if row.name == "copyIndex" else json.loads(row.result)
        assert value(row.example) == expected, row.example
