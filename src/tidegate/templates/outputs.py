"""What a template gives back: its `outputs`.

Knows their form. Does not know who reads them.
"""

from dataclasses import dataclass, field

from tidegate.resources.source_map import Node, SourceText
from tidegate.templates.expander import Findings, copies, expand
from tidegate.templates.parameter_types import problems, read_type
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateFailed
from tidegate.templates.values import Value, value_of

__all__ = ["Output", "read_outputs"]


@dataclass(frozen=True, slots=True)
class Output:
    """One output. One of a secure type (`is_secret`) is shown nowhere."""

    type: str
    value: Value = field(repr=False)
    is_secret: bool = False


def read_outputs(outputs: Node | None, scope: Scope, source: SourceText, findings: Findings) -> dict[str, Output]:
    """Evaluate all outputs; one that is faulty is left out, with a finding."""
    made: dict[str, Output] = {}
    if outputs is None:
        return made
    for name, node in outputs.value.items() if isinstance(outputs.value, dict) else ():
        try:
            output = _read(name, node, scope, source, findings)
        except TemplateFailed:
            continue
        if output is not None:
            made[name] = output
    return made


def _read(name: str, node: Node, scope: Scope, source: SourceText, findings: Findings) -> Output | None:
    condition = node.child("condition")
    if condition is not None and expand(condition, scope, source, findings).value is not True:
        return None
    value, loop = node.child("value"), node.child("copy")
    kept = ("type", "items", "properties", "nullable", "minValue", "maxValue", "minLength", "maxLength", "metadata")
    fields = {word: child for word, child in node.value.items() if word in kept} if isinstance(node.value, dict) else {}
    declared = read_type(Node(fields, node.start, node.end, keys=node.keys), source, findings)
    given = loop.child("input") if loop is not None else value
    if given is None:
        at = Node(name, *_beginning(node), "folded")
        raise findings.fail(f"the output {name} has no value", at, source, "add `value`")
    if loop is not None:
        rounds = copies(loop, scope, source, findings)
        computed: Value = [
            value_of(expand(given, scope.in_copy(name, index), source, findings)) for index in range(rounds)
        ]
    else:
        computed = value_of(expand(given, scope, source, findings))
    for sentence in problems(computed, declared, f"the output {name}"):
        raise findings.fail(sentence, given, source)
    return Output(declared.type, computed, declared.is_secret)


def _beginning(node: Node) -> tuple[int, int]:
    """Return where an output begins."""
    return node.start, node.start + 1
