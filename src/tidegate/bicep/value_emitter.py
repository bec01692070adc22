"""From values of Bicep to JSON of templates, in which every value stands where it was written.

Knows objects, arrays, strings and the loops in them. Does not know statements (`emitter`).
"""

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.expression_emitter import ExpressionEmitter
from tidegate.bicep.local_names import Locals
from tidegate.bicep.resource_names import copy_index
from tidegate.bicep.syntax import (
    Array,
    Boolean,
    Expression,
    For,
    Integer,
    Interpolated,
    Null,
    Object,
    Property,
    Spread,
    Text,
    Unary,
)
from tidegate.resources.source_map import Node
from tidegate.templates import expression_syntax as template

__all__ = ["ValueEmitter", "at", "text_node"]


def at(value: str | int | bool | list[Node] | dict[str, Node] | None, start: int, end: int) -> Node:
    """Return a node for something that was computed, and stands for what was written between two places."""
    return Node(value, start, end, "folded")


def text_node(written: Text) -> Node:
    """Return a string that no evaluator takes for an expression."""
    if written.value.startswith("[") and written.value.endswith("]"):
        return at("[" + written.value, written.start, written.end)
    if written.is_plain:
        return Node(written.value, written.start + 1, written.end - 1)
    return at(written.value, written.start, written.end)


class ValueEmitter:
    """Makes JSON."""

    def __init__(self, expressions: ExpressionEmitter) -> None:
        self._expressions = expressions

    def expression(self, tree: template.Expression, start: int, end: int) -> Node:
        """Return an expression as a string in brackets; a literal as itself."""
        if isinstance(tree, template.Literal):
            text = tree.value
            is_bracketed = isinstance(text, str) and text.startswith("[") and text.endswith("]")
            return at(f"[{text}" if is_bracketed else text, start, end)
        return at(f"[{template.write(tree)}]", start, end)

    def node(self, value: Expression, around: Locals) -> Node:
        """Return a value as JSON. Raises `BicepError` for what has no such form."""
        match value:
            case Text():
                return text_node(value)
            case Integer(value=plain) | Boolean(value=plain):
                return Node(plain, value.start, value.end)
            case Unary(operator="-", operand=Integer(value=number)):
                return Node(-number, value.start, value.end)
            case Null():
                return Node(None, value.start, value.end)
            case Array() if not any(isinstance(item, Spread) for item in value.items):
                items = [self.node(item, around) for item in value.items if not isinstance(item, Spread)]
                return Node(items, value.start, value.end)
            case Object() if not any(isinstance(item, Spread) for item in value.items) and not value.resources:
                return self.properties(value.properties, value, around)
        return self.expression(self._expressions.tree(value, around), value.start, value.end)

    def properties(self, properties: list[Property], owner: Object, around: Locals) -> Node:
        """Return properties as an object; those that are loops become copies."""
        fields: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        loops: list[Node] = []
        for item in properties:
            name = self._key(item.key, around)
            if isinstance(item.value, For):
                loops.append(self.loop(name, item.value, around))
                continue
            fields[name] = self.node(item.value, around)
            keys[name] = (item.start, item.end)
        if loops:
            fields["copy"] = Node(loops, loops[0].start, loops[0].end)
        return Node(fields, owner.start, owner.end, keys=keys)

    def _key(self, key: Text | Interpolated, around: Locals) -> str:
        if isinstance(key, Interpolated):
            return f"[{template.write(self._expressions.tree(key, around))}]"
        is_bracketed = key.value.startswith("[") and key.value.endswith("]")
        return f"[{key.value}" if is_bracketed else key.value

    def loop(self, name: str, loop: For, around: Locals) -> Node:
        """Return a loop as a copy with its name, count and input."""
        fields = {
            "name": at(name, loop.start, loop.start + 1),
            "count": self.count(loop, around),
            "input": self.input(name, loop, around),
        }
        return Node(fields, loop.start, loop.end)

    def count(self, loop: For, around: Locals) -> Node:
        """Return how many rounds a loop has."""
        values = self._expressions.tree(loop.values, around)
        return self.expression(template.Call("length", (values,)), loop.values.start, loop.values.end)

    def input(self, name: str, loop: For, around: Locals) -> Node:
        """Return what one round of a loop makes."""
        if isinstance(loop.body, For):
            message = "a loop in a loop stands in a property of an object"
            raise BicepError(message, loop.body.start, loop.body.start + 1, "write { items: [for ...] }", "loop")
        names = self._expressions.names.round_names(loop, copy_index(name), around)
        return self.node(loop.body, around.with_names(names))
