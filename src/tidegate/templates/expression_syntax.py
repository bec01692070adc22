"""The tree of a template's expression.

Knows what an expression is made of and how it is written. Does not know what it means (`evaluator`).
"""

from dataclasses import dataclass

__all__ = ["Access", "Call", "Expression", "Literal", "quote", "write"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A string or an int, from `start` to before `end`."""

    value: str | int
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; `name` is as written, with its namespace."""

    name: str
    arguments: tuple["Expression", ...]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Access:
    """A property or an item: `base.name` and `base[index]`, where a property's name is a string's literal."""

    base: "Expression"
    index: "Expression"
    start: int = 0
    end: int = 0


Expression = Literal | Call | Access


def quote(text: str) -> str:
    """Write a string of an expression."""
    return "'" + text.replace("'", "''") + "'"


def write(expression: Expression) -> str:
    """Write a tree as an expression that parses to the same tree, without the brackets around."""
    if isinstance(expression, Literal):
        return quote(expression.value) if isinstance(expression.value, str) else str(expression.value)
    if isinstance(expression, Call):
        return f"{expression.name}({', '.join(map(write, expression.arguments))})"
    index = expression.index
    if (
        isinstance(index, Literal)
        and isinstance(index.value, str)
        and index.value.isidentifier()
        and index.value.isascii()
    ):
        return f"{write(expression.base)}.{index.value}"
    return f"{write(expression.base)}[{write(index)}]"
