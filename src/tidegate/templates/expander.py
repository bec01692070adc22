"""From the JSON of a template to the values it stands for: expressions computed, copies written out, every place kept.

Knows which strings are expressions, and `copy` inside of objects. Does not know parameters or resources.
"""

from dataclasses import dataclass, field

from tidegate.diagnostics import Diagnostic
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.templates.evaluator import evaluate_text
from tidegate.templates.expression_parser import is_expression, unescaped
from tidegate.templates.limits import COPIES_MAX, FINDINGS_MAX
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateError, TemplateFailed
from tidegate.templates.values import Value, node_of, type_name, value_of

__all__ = ["Findings", "copies", "expand", "field_text"]


@dataclass(slots=True)
class Findings:
    """What was found in a template, and in those that it contains."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    secrets: list[Place] = field(default_factory=list)
    """Where values stand that are not to be shown."""

    def fail(
        self, message: str, node: Node, source: SourceText, hint: str | None = None, code: str = "template"
    ) -> TemplateFailed:
        """Record an error about a value, and return what to raise."""
        return self.fail_at(TemplateError(message, hint), node, source, code)

    def fail_at(self, error: TemplateError, node: Node, source: SourceText, code: str = "template") -> TemplateFailed:
        """Record an error about an expression, and return what to raise."""
        place = Place(source, node)
        span = place.span(()) if error.offset is None else place.span_within((), error.offset, error.length)
        found = Diagnostic("error", code, error.message, span=span, hint=error.hint)
        if len(self.diagnostics) < FINDINGS_MAX and found not in self.diagnostics:
            self.diagnostics.append(found)
        return TemplateFailed()


def expand(node: Node, scope: Scope, source: SourceText, findings: Findings) -> Node:
    """Evaluate a value with all that is in it.

    Raises:
        TemplateFailed: something in it has no value; the finding is recorded.
    """
    try:
        scope.names.budget.spend(1)
    except TemplateError as error:
        raise findings.fail_at(error, node, source) from None
    if isinstance(node.value, str):
        return _text(node, node.value, scope, source, findings)
    if isinstance(node.value, list):
        return Node([expand(child, scope, source, findings) for child in node.value], node.start, node.end)
    if isinstance(node.value, dict):
        return _object(node, scope, source, findings)
    return node


def _text(node: Node, text: str, scope: Scope, source: SourceText, findings: Findings) -> Node:
    if not is_expression(text):
        plain = unescaped(text)
        return node if plain == text else Node(plain, node.start, node.end, "folded")
    try:
        value = evaluate_text(text, scope)
        scope.names.budget.measure(value)
        return node_of(value, node)
    except TemplateError as error:
        raise findings.fail_at(error, node, source) from None


def _object(node: Node, scope: Scope, source: SourceText, findings: Findings) -> Node:
    assert isinstance(node.value, dict)
    fields: dict[str, Node] = {}
    keys: dict[str, tuple[int, int]] = {}
    loops = node.value.get("copy")
    failed: TemplateFailed | None = None
    for written, child in node.value.items():
        if child is loops and isinstance(child.value, list) and child.value:
            continue
        try:
            name = field_text(written, node, scope, source, findings) if is_expression(written) else unescaped(written)
            fields[name] = expand(child, scope, source, findings)
        except TemplateFailed as failure:
            failed = failure
            continue
        if written in node.keys:
            keys[name] = node.keys[written]
    if loops is not None and isinstance(loops.value, list):
        for loop in loops.value:
            name, values = _loop(loop, scope, source, findings)
            fields[name] = values
            keys[name] = (loop.start, loop.start + 1)
    if failed is not None:
        raise failed
    return Node(fields, node.start, node.end, keys=keys)


def field_text(written: str, node: Node, scope: Scope, source: SourceText, findings: Findings) -> str:
    """Evaluate the expression that a field's name is."""
    at = Node(written, *node.keys.get(written, (node.start, node.start + 1)), "folded")
    made = _text(at, written, scope, source, findings)
    if isinstance(made.value, str):
        return made.value
    raise findings.fail("a field's name is a string", at, source)


def _loop(loop: Node, scope: Scope, source: SourceText, findings: Findings) -> tuple[str, Node]:
    name_node, given = loop.child("name"), loop.child("input")
    if name_node is None or given is None or not isinstance(name_node.value, str):
        raise findings.fail("a copy has a name, a count and an input", loop, source, 'write {"name", "count", "input"}')
    name = name_node.value
    rounds = copies(loop, scope, source, findings)
    items = [expand(given, scope.in_copy(name, index), source, findings) for index in range(rounds)]
    return name, Node(list(items), loop.start, loop.end)


def copies(loop: Node, scope: Scope, source: SourceText, findings: Findings) -> int:
    """Return how many rounds a copy has."""
    node = loop.child("count")
    if node is None:
        raise findings.fail("the copy has no count", loop, source, "add `count`")
    count: Value = value_of(expand(node, scope, source, findings))
    if not isinstance(count, int) or isinstance(count, bool):
        raise findings.fail(f"the count of a copy is an int, and this is of type {type_name(count)}", node, source)
    if not 0 <= count <= COPIES_MAX:
        raise findings.fail(f"the count of a copy is {count}; allowed are 0 to {COPIES_MAX}", node, source)
    try:
        scope.names.budget.spend(count)
    except TemplateError as error:
        raise findings.fail_at(error, node, source) from None
    return count
