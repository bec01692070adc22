"""Values of templates: JSON, and functions that are passed to functions.

Knows types by the words of templates, how values compare and how they are written. Does not know expressions.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tidegate.resources.source_map import Json, Node
from tidegate.templates.template_error import TemplateError

__all__ = [
    "Lambda",
    "Value",
    "as_array",
    "as_bool",
    "as_int",
    "as_object",
    "as_text",
    "compact_json",
    "from_json",
    "is_number",
    "json_of",
    "node_of",
    "same",
    "text_of",
    "type_name",
    "value_of",
]

INTEGER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Lambda:
    """A function that was written as an argument: `lambda('x', ...)`."""

    parameters: tuple[str, ...]
    call: "Callable[..., Value]"


Value: TypeAlias = str | int | float | bool | list["Value"] | dict[str, "Value"] | Lambda | None


def type_name(value: Value) -> str:
    """Return the type in the words of templates."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "lambda"


def is_number(value: Value) -> bool:
    """Tell whether a value is an int or a float, which a bool is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: Value, what: str) -> str:
    """Return a value that has to be a string; `what` is what is called."""
    if isinstance(value, str):
        return value
    raise _wrong(value, what, "a string")


def as_int(value: Value, what: str) -> int:
    """Return a value that has to be an int."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong(value, what, "an int")


def as_bool(value: Value, what: str) -> bool:
    """Return a value that has to be a bool."""
    if isinstance(value, bool):
        return value
    raise _wrong(value, what, "a bool")


def as_array(value: Value, what: str) -> "list[Value]":
    """Return a value that has to be an array."""
    if isinstance(value, list):
        return value
    raise _wrong(value, what, "an array")


def as_object(value: Value, what: str) -> "dict[str, Value]":
    """Return a value that has to be an object."""
    if isinstance(value, dict):
        return value
    raise _wrong(value, what, "an object")


def _wrong(value: Value, what: str, wanted: str) -> TemplateError:
    return TemplateError(f"{what} takes {wanted}, and this is of type {type_name(value)}")


def same(left: Value, right: Value) -> bool:
    """Tell whether two values are equal; those of two types never are, but for numbers."""
    if is_number(left) and is_number(right):
        return left == right
    if type(left) is not type(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    return left == right


def compact_json(value: Value) -> str:
    """Write a value as JSON without blanks, as `string` does."""
    return json.dumps(json_of(value), ensure_ascii=False, separators=(",", ":"))


def text_of(value: Value) -> str:
    """Write a value as `string`, `format` and interpolation do."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    return "" if value is None else compact_json(value)


def json_of(value: Value) -> Json:
    """Return a value as JSON. Raises `TemplateError` for what has no such form."""
    if isinstance(value, Lambda):
        raise TemplateError(
            "a lambda is no value; it belongs in a call of `map`, `filter`, `sort`, `reduce` or `toObject`"
        )
    return value  # type: ignore[return-value]  # nothing inside of a value is a lambda


_INTEGER = re.compile(r"-?[0-9]{1,19}")


def from_json(text: str, what: str) -> Value:
    """Read JSON of bounded size. Raises `TemplateError` for what is none."""

    def integer(written: str) -> int | float:
        return int(written) if _INTEGER.fullmatch(written) else float(written)

    def refuse(written: str) -> float:
        raise ValueError(f"`{written}` is no value of JSON")

    try:
        made: Value = json.loads(text, parse_int=integer, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, ValueError) else "it nests too deep"
        raise TemplateError(f"{what} is given no JSON: {detail}") from None
    return made


def value_of(node: Node) -> Value:
    """Return the value of a node whose expressions have been evaluated."""
    if isinstance(node.value, dict):
        return {name: value_of(child) for name, child in node.value.items()}
    if isinstance(node.value, list):
        return [value_of(child) for child in node.value]
    return node.value


def node_of(value: Value | Json, origin: Node) -> Node:
    """Return a computed value as nodes that all stand where its expression does."""
    if isinstance(value, Mapping):
        children = {name: node_of(child, origin) for name, child in value.items()}
        return Node(children, origin.start, origin.end, "folded")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Node([node_of(child, origin) for child in value], origin.start, origin.end, "folded")
    assert not isinstance(value, Lambda)
    return Node(value, origin.start, origin.end, "folded")
