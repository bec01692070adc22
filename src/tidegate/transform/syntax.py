"""The tree of an expression. A `place` is the offset and the length of an operator or a name in the expression's text.

Knows what an expression is made of. Does not know how it was written (`parser`) or what it means (`evaluator`).
"""

from dataclasses import dataclass, field

__all__ = ["Binary", "Call", "Literal", "Node", "TupleOf", "Unary", "Variable", "write"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, a boolean, or `()` as None."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Variable:
    """The input `$number`, counted from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class TupleOf:
    """Two or more values."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-` before a value."""

    operator: str
    operand: "Node"
    place: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values and what stands between them."""

    operator: str
    left: "Node"
    right: "Node"
    place: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its full name, and its arguments."""

    name: str
    arguments: tuple["Node", ...]
    place: tuple[int, int] = field(default=(0, 0), compare=False)


Node = Literal | Variable | TupleOf | Unary | Binary | Call


def write(node: Node) -> str:
    """Write a tree as an expression that parses to the same tree, with all brackets."""
    if isinstance(node, Literal):
        return _write_literal(node.value)
    if isinstance(node, Variable):
        return f"${node.number}"
    if isinstance(node, Unary):
        return f"({node.operator}{write(node.operand)})"
    if isinstance(node, Binary):
        return f"({write(node.left)} {node.operator} {write(node.right)})"
    inside = ", ".join(map(write, node.items if isinstance(node, TupleOf) else node.arguments))
    return f"({inside})" if isinstance(node, TupleOf) else f"{node.name}({inside})"


def _write_literal(value: bool | int | float | str | None) -> str:
    if value is None:
        return "()"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        for character, name in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
            escaped = escaped.replace(character, name)
        return f'"{escaped}"'
    return repr(value) if value >= 0 else f"({value!r})"
