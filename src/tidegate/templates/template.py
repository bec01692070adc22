"""From the text of a template, or the tree that Bicep makes, to evaluated resources: the door of this package.

Knows which fields a template has. Does not know what becomes of the resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.resources.arm import ArmResource
from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.templates.deployment import Deployment
from tidegate.templates.environment import Environment
from tidegate.templates.expander import Findings
from tidegate.templates.given import Given, read_json
from tidegate.templates.limits import Budget
from tidegate.templates.outputs import Output
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.values import Value

__all__ = ["Evaluation", "evaluate_template", "evaluate_variables", "read_template"]

_FIELDS = (
    "$schema",
    "contentVersion",
    "languageVersion",
    "apiProfile",
    "metadata",
    "parameters",
    "variables",
    "resources",
    "outputs",
)
_REFUSED = {
    "functions": "functions of your own are not supported: write out what they compute",
    "definitions": "types of your own are not supported: write out the type of each parameter",
    "imports": "imports and extensions are not supported",
    "extensions": "imports and extensions are not supported",
}
_SCHEMA_OF_GROUPS = "deploymenttemplate.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a template makes. With errors among the findings, resources and outputs are what could be evaluated.

    `secrets` are places whose text is not to be shown, see `masking`.
    """

    resources: tuple[ArmResource, ...]
    outputs: Mapping[str, Output]
    diagnostics: tuple[Diagnostic, ...]
    secrets: tuple[Place, ...] = ()


def read_template(source: SourceText) -> tuple[SourcedNode | None, list[Diagnostic]]:
    """Read a template from JSON, in which comments may stand; None, with findings, where it is none."""
    root, diagnostics = read_json(source)
    if root is None:
        return None, diagnostics
    if not isinstance(root.value, dict):
        message = "a template is an object with resources"
        return None, [Diagnostic("error", "template", message, span=source.span(root.start, root.start + 1))]
    for name, child in root.value.items():
        at = root.keys.get(name, (child.start, child.start + 1))
        if name in _REFUSED and child.value:
            diagnostics.append(Diagnostic("error", "template", _REFUSED[name], name, span=source.span(*at)))
        elif name not in _FIELDS and name not in _REFUSED:
            near = closest(name, _FIELDS)
            hint = f"did you mean `{near}`?" if near else None
            message = f"`{name}` is no field of a template; allowed are {enumerate_words(_FIELDS)}"
            diagnostics.append(Diagnostic("error", "unknown-field", message, name, span=source.span(*at), hint=hint))
    schema = root.child("$schema")
    if schema is not None and _is_of_another_scope(schema):
        message = "only templates that are deployed to a resource group are supported"
        hint = "their schema ends in `deploymentTemplate.json#`"
        at = (schema.start, schema.end)
        diagnostics.append(Diagnostic("error", "template", message, "$schema", span=source.span(*at), hint=hint))
    if root.child("resources") is None:
        message = "the template has no resources"
        diagnostics.append(Diagnostic("error", "template", message, span=source.span(root.start, root.start + 1)))
    if has_errors(diagnostics):
        return None, diagnostics
    return SourcedNode(root.value, root.start, root.end, keys=root.keys, source=source), diagnostics


def _is_of_another_scope(schema: Node) -> bool:
    name = str(schema.value).lower().rstrip("#").rpartition("/")[2]
    return name.endswith("deploymenttemplate.json") and name != _SCHEMA_OF_GROUPS


def evaluate_variables(template: SourcedNode) -> tuple[dict[str, Value], tuple[Diagnostic, ...]]:
    """Compute the variables of a template alone; those that are faulty are left out, with findings."""
    findings = Findings()
    deployment = Deployment(template, template.source, {}, Environment(), Budget(), findings)
    return deployment.variables(), tuple(findings.diagnostics)


def evaluate_template(
    template: SourcedNode, given: Mapping[str, Given], environment: Environment | None = None
) -> Evaluation:
    """Evaluate a template with the parameters that it is given. Takes bounded time, and raises nothing about what it holds."""
    findings = Findings()
    deployment = Deployment(template, template.source, given, environment or Environment(), Budget(), findings)
    deployment.run()
    return Evaluation(
        resources=tuple(deployment.resources),
        outputs=deployment.outputs,
        diagnostics=tuple(findings.diagnostics),
        secrets=tuple(findings.secrets),
    )
