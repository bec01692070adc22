"""From the types of Bicep to those of templates, for parameters and outputs.

Knows types, and what decorators add to them. Does not know values (`value_emitter`).
"""

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.decorators import named, plain_type
from tidegate.bicep.syntax import (
    Array,
    Boolean,
    Declaration,
    Expression,
    For,
    Integer,
    Null,
    Object,
    Output,
    Parameter,
    Text,
    Unary,
)
from tidegate.bicep.type_syntax import ArrayType, LiteralType, NamedType, NullableType, ObjectType, Type, UnionType
from tidegate.bicep.value_emitter import at
from tidegate.resources.findings import closest
from tidegate.resources.source_map import Node

__all__ = ["TYPES", "check_literal", "declared_node"]

TYPES = ("string", "int", "bool", "object", "array")
"""The types of parameters and outputs."""

_BOUNDS = ("minValue", "maxValue", "minLength", "maxLength")
_MEANT = {"str": "string", "text": "string", "integer": "int", "number": "int", "boolean": "bool", "list": "array"}
_SECURE = {"string": "secureString", "object": "secureObject"}


def declared_node(declaration: Parameter | Output) -> dict[str, Node]:
    """Return what a template says of a parameter or output, without its value. Raises `BicepError`."""
    fields = _type_fields(declaration.type)
    start, end = declaration.type.start, declaration.type.end
    if named(declaration, "secure") is not None:
        fields["type"] = at(_SECURE[str(fields["type"].value)], start, end)
    allowed = named(declaration, "allowed")
    if isinstance(allowed, Array):
        fields["allowedValues"] = at([_literal(each) for each in allowed.items], allowed.start, allowed.end)
    for word in _BOUNDS:
        bound = named(declaration, word)
        if bound is not None:
            fields[word] = _literal(bound)
    description = _description(declaration)
    if description is not None:
        fields["metadata"] = at({"description": description}, start, end)
    return fields


def _description(declaration: Declaration) -> Node | None:
    written = named(declaration, "description")
    return at(written.value, written.start, written.end) if isinstance(written, Text) else None


def _type_fields(declared: Type) -> dict[str, Node]:
    start, end = declared.start, declared.end
    match declared:
        case NamedType(name=name):
            return {"type": at(_known(declared, name), start, end)}
        case ArrayType(item=item):
            return {"type": at("array", start, end), "items": at(_type_fields(item), item.start, item.end)}
        case NullableType(base=base):
            return {**_type_fields(base), "nullable": at(True, start, end)}
        case ObjectType(properties=properties):
            inner = {each.key: at(_type_fields(each.type), each.start, each.end) for each in properties}
            return {"type": at("object", start, end), "properties": at(inner, start, end)}
        case LiteralType(value=value):
            return {"type": at(plain_type(declared), start, end), "allowedValues": at([_literal(value)], start, end)}
        case UnionType():
            return _union_fields(declared)


def _union_fields(declared: UnionType) -> dict[str, Node]:
    start, end = declared.start, declared.end
    kind = plain_type(declared)
    literals = [each for each in declared.members if isinstance(each, LiteralType)]
    if kind not in TYPES or len(literals) != len(declared.members):
        message = "a type of several is one of values of one type"
        raise BicepError(message, start, end, "write it as 'a' | 'b'", "type")
    values = [each.value for each in literals]
    fields = {"type": at(kind, start, end)}
    if any(isinstance(each, Null) for each in values):
        fields["nullable"] = at(True, start, end)
    fields["allowedValues"] = at([_literal(each) for each in values if not isinstance(each, Null)], start, end)
    return fields


def _known(declared: NamedType, name: str) -> str:
    if name in TYPES:
        return name
    near = _MEANT.get(name.lower()) or closest(name, TYPES)
    hint = f"did you mean `{near}`?" if near else f"types are {', '.join(TYPES)}, and 'a' | 'b' of texts"
    raise BicepError(f"there is no type `{name}`", declared.start, declared.end, hint, "type")


def _literal(value: object) -> Node:
    match value:
        case Text(value=text):
            is_bracketed = text.startswith("[") and text.endswith("]")
            return at(f"[{text}" if is_bracketed else text, value.start, value.end)
        case Integer(value=plain) | Boolean(value=plain):
            return at(plain, value.start, value.end)
        case Unary(operator="-", operand=Integer(value=number)):
            return at(-number, value.start, value.end)
        case Null():
            return at(None, value.start, value.end)
        case Array(items=items):
            return at([_literal(each) for each in items], value.start, value.end)
    assert isinstance(value, Expression)
    raise BicepError("here stands a value itself, not something that is computed", value.start, value.end, None, "type")


def check_literal(value: Expression, declared: Type, what: str) -> BicepError | None:
    """Say what is wrong with a value that is written out, as a parameter's default is; None for what is computed."""
    kinds = {
        Text: "string",
        Integer: "int",
        Boolean: "bool",
        Array: "array",
        Object: "object",
        For: "array",
        Null: "null",
    }
    kind = kinds.get(type(value))
    wanted = plain_type(declared)
    if kind is None or kind == wanted or (kind == "null" and _may_be_null(declared)):
        return None
    hint = None
    if wanted == "string" and kind == "int":
        assert isinstance(value, Integer)
        hint = f"a text stands in quotes: '{value.value}'"
    elif wanted in ("int", "bool") and kind == "string":
        assert isinstance(value, Text)
        hint = f"write it without quotes: {value.value}"
    message = f"{what} is of type {wanted}, and its value of type {kind}"
    return BicepError(message, value.start, value.end, hint, "type")


def _may_be_null(declared: Type) -> bool:
    if isinstance(declared, UnionType):
        return any(isinstance(each, LiteralType) and isinstance(each.value, Null) for each in declared.members)
    return isinstance(declared, NullableType)
