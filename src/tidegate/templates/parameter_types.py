"""What a template says about a parameter: its type, what is allowed, and its default.

Knows the words of `parameters` and checks values against them. Does not know where values come from (`given`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.source_map import Node, SourceText
from tidegate.templates.expander import Findings
from tidegate.templates.template_error import TemplateFailed
from tidegate.templates.values import Value, is_number, same, type_name, value_of

__all__ = ["TYPES", "ParameterType", "problems", "read_type"]

TYPES = ("string", "secureString", "int", "bool", "object", "secureObject", "array")
"""The types of parameters, as templates write them."""

_WORDS = (
    "type",
    "defaultValue",
    "allowedValues",
    "minValue",
    "maxValue",
    "minLength",
    "maxLength",
    "nullable",
    "items",
    "prefixItems",
    "properties",
    "additionalProperties",
    "metadata",
)
_DEPTH_MAX = 16
_SHOWN_MAX = 40


@dataclass(frozen=True, slots=True)
class ParameterType:
    """A type. `type` is one of `TYPES`; bounds that are absent are None."""

    type: str
    allowed: "list[Value] | None" = None
    least_value: int | None = None
    most_value: int | None = None
    least_length: int | None = None
    most_length: int | None = None
    is_nullable: bool = False
    items: "ParameterType | None" = None
    properties: "Mapping[str, ParameterType]" = field(default_factory=dict)

    @property
    def is_secret(self) -> bool:
        """Whether values are shown nowhere."""
        return self.type.startswith("secure")

    @property
    def plain_type(self) -> str:
        """The type without its secrecy: `string`, `int`, `bool`, `object` or `array`."""
        return self.type.removeprefix("secure").lower()


def read_type(node: Node, source: SourceText, findings: Findings, depth: int = 0) -> ParameterType:
    """Read a parameter's declaration. Raises `TemplateFailed` when it is faulty."""
    if not isinstance(node.value, dict) or depth > _DEPTH_MAX:
        raise findings.fail("a parameter is an object with a type", node, source, 'write {"type": "string"}')
    faults: list[TemplateFailed] = []
    for word, child in node.value.items():
        if word not in _WORDS:
            near = closest(word, _WORDS)
            hint = f"did you mean `{near}`?" if near else None
            at = Node(word, *node.keys.get(word, (child.start, child.end)), "folded")
            message = f"`{word}` is no field of a parameter; allowed are {enumerate_words(_WORDS)}"
            faults.append(findings.fail(message, at, source, hint))
    if "$ref" in node.value or "type" not in node.value:
        raise findings.fail("the parameter has no type", node, source, f"allowed are {enumerate_words(TYPES)}")
    written = node.value["type"]
    known = next((each for each in TYPES if each.lower() == str(written.value).lower()), None)
    if known is None:
        near = closest(str(written.value), TYPES)
        hint = f"did you mean `{near}`?" if near else None
        message = f"the type is `{str(written.value)[:_SHOWN_MAX]}`; allowed are {enumerate_words(TYPES)}"
        raise findings.fail(message, written, source, hint)
    if faults:
        raise faults[0]
    bounds = [_bound(node.child(word), word, source, findings) for word in _WORDS[3:7]]
    allowed = node.child("allowedValues")
    if allowed is not None and not isinstance(allowed.value, list):
        raise findings.fail("allowedValues is an array", allowed, source)
    nullable, items, properties = node.child("nullable"), node.child("items"), node.child("properties")
    inner = properties.value if properties is not None and isinstance(properties.value, dict) else {}
    return ParameterType(
        type=known,
        allowed=[value_of(each) for each in allowed.value] if allowed and isinstance(allowed.value, list) else None,
        least_value=bounds[0],
        most_value=bounds[1],
        least_length=bounds[2],
        most_length=bounds[3],
        is_nullable=nullable is not None and nullable.value is True,
        items=read_type(items, source, findings, depth + 1) if items is not None else None,
        properties={name: read_type(child, source, findings, depth + 1) for name, child in inner.items()},
    )


def _bound(node: Node | None, word: str, source: SourceText, findings: Findings) -> int | None:
    if node is None:
        return None
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    raise findings.fail(f"{word} is an int", node, source)


def problems(value: Value, declared: ParameterType, name: str) -> Iterator[str]:
    """Yield what is wrong with a value, in sentences that begin with its name; a secret is not shown."""
    if value is None and declared.is_nullable:
        return
    kind = type_name(value)
    if kind != declared.plain_type:
        yield f"{name} is of type {kind}{_shown(value, declared)}; declared is {declared.type}"
        return
    if declared.allowed is not None:
        for each in value if isinstance(value, list) and not _is_allowed(value, declared.allowed) else (value,):
            if not _is_allowed(each, declared.allowed):
                words = enumerate_words([_written(one) for one in declared.allowed] or ["none"])
                yield f"{name} is {_written(each) if not declared.is_secret else 'not shown'}; allowed are {words}"
                return
    yield from _beyond(value, declared, name)
    if isinstance(value, list) and declared.items is not None:
        for index, item in enumerate(value):
            yield from problems(item, declared.items, f"{name}[{index}]")
    if isinstance(value, dict):
        for field_name, inner in declared.properties.items():
            if field_name in value:
                yield from problems(value[field_name], inner, f"{name}.{field_name}")
            elif not inner.is_nullable:
                yield f"{name} has no {field_name}, which is required"


def _is_allowed(value: Value, allowed: list[Value]) -> bool:
    return any(same(value, each) for each in allowed)


def _beyond(value: Value, declared: ParameterType, name: str) -> Iterator[str]:
    if is_number(value) and isinstance(value, int | float):
        if declared.least_value is not None and value < declared.least_value:
            yield f"{name} is {value}; the least is {declared.least_value}"
        if declared.most_value is not None and value > declared.most_value:
            yield f"{name} is {value}; the most is {declared.most_value}"
    elif isinstance(value, str | list | dict):
        unit = "characters" if isinstance(value, str) else "items"
        if declared.least_length is not None and len(value) < declared.least_length:
            yield f"{name} has {len(value)} {unit}; the least is {declared.least_length}"
        if declared.most_length is not None and len(value) > declared.most_length:
            yield f"{name} has {len(value)} {unit}; the most is {declared.most_length}"


def _shown(value: Value, declared: ParameterType) -> str:
    if declared.is_secret or isinstance(value, list | dict) or value is None:
        return ""
    return f", {_written(value)}"


def _written(value: Value) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return f"`{written[:_SHOWN_MAX]}`" if len(written) <= _SHOWN_MAX else f"`{written[:_SHOWN_MAX]}…`"
