"""From the tree of a Bicep file to its text, which parses to the same tree.

Knows notation and indentation. Does not know what anything means.
"""

import re

from tidegate.bicep.expression_parser import PRECEDENCE
from tidegate.bicep.syntax import (
    Array,
    Binary,
    Boolean,
    Call,
    Decorator,
    Expression,
    File,
    For,
    If,
    Index,
    Integer,
    Interpolated,
    Lambda,
    Member,
    Metadata,
    Module,
    Name,
    Nested,
    NonNull,
    Null,
    Object,
    Output,
    Parameter,
    ParameterValue,
    Property,
    Resource,
    Spread,
    Statement,
    TargetScope,
    Ternary,
    Text,
    Unary,
    Using,
    Variable,
)
from tidegate.bicep.type_syntax import ArrayType, LiteralType, NamedType, NullableType, ObjectType, Type, UnionType

__all__ = ["write_expression", "write_file", "write_text"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INDENTATION = "  "
_TERNARY, _UNARY, _PRIMARY = 0, 8, 9


def write_file(file: File) -> str:
    """Write a file: declarations that stand for something with a line between, parameters and variables together."""
    lines: list[str] = []
    before: Statement | None = None
    for statement in file.statements:
        is_short = type(statement) is type(before) and isinstance(
            statement, Parameter | Variable | Output | ParameterValue
        )
        if before is not None and not is_short:
            lines.append("")
        lines.append(_statement(statement, 0))
        before = statement
    return "\n".join(lines) + "\n" if lines else ""


def write_text(text: str) -> str:
    """Write a string with its quotes."""
    return f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    made = text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    for character, name in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        made = made.replace(character, name)
    return made


def _statement(statement: Statement, depth: int) -> str:
    match statement:
        case Parameter():
            default = f" = {write_expression(statement.default, depth)}" if statement.default is not None else ""
            made = f"param {statement.name} {_type(statement.type)}{default}"
        case ParameterValue():
            made = f"param {statement.name} = {write_expression(statement.value, depth)}"
        case Variable():
            made = f"var {statement.name} = {write_expression(statement.value, depth)}"
        case Output():
            value = write_expression(statement.value, depth)
            made = f"output {statement.name} {_type(statement.type)} = {value}"
        case Metadata():
            made = f"metadata {statement.name} = {write_expression(statement.value, depth)}"
        case Resource():
            existing = "existing " if statement.is_existing else ""
            head = f"resource {statement.name} {write_text(statement.type.value)} {existing}="
            made = f"{head} {write_expression(statement.body, depth)}"
        case Module():
            head = f"module {statement.name} {write_text(statement.path.value)} ="
            made = f"{head} {write_expression(statement.body, depth)}"
        case TargetScope():
            return f"targetScope = {write_expression(statement.value, depth)}"
        case Using():
            return f"using {write_text(statement.path.value)}"
    return "".join(_decorator(each, depth) for each in statement.decorators) + made


def _decorator(decorator: Decorator, depth: int) -> str:
    return f"@{write_expression(decorator.call, depth)}\n{_INDENTATION * depth}"


def _type(declared: Type) -> str:
    match declared:
        case NamedType(name=name):
            return name
        case ArrayType(item=item):
            return f"{_grouped_type(item)}[]"
        case NullableType(base=base):
            written = _type(base)
            return f"({written})?" if isinstance(base, UnionType | NullableType) else f"{written}?"
        case LiteralType(value=value):
            return write_expression(value)
        case UnionType(members=members):
            return " | ".join(map(_grouped_type, members))
        case ObjectType(properties=properties):
            return "{ " + ", ".join(f"{_key(each.key)}: {_type(each.type)}" for each in properties) + " }"


def _grouped_type(declared: Type) -> str:
    return f"({_type(declared)})" if isinstance(declared, UnionType) else _type(declared)


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else write_text(name)


def write_expression(node: Expression, depth: int = 0) -> str:
    """Write a value; what stands in more lines is indented by `depth` levels."""
    match node:
        case Text(value=text):
            return write_text(text)
        case Interpolated():
            return _interpolated(node, depth)
        case Integer(value=number):
            return str(number)
        case Boolean(value=is_true):
            return "true" if is_true else "false"
        case Null():
            return "null"
        case Name(name=name):
            return name
        case Array(items=items):
            return _bracketed([_item(each, depth + 1) for each in items], "[", "]", depth)
        case Object():
            return _object(node, depth)
        case Call(namespace=namespace, name=name, arguments=arguments):
            head = f"{namespace}.{name}" if namespace is not None else name
            return f"{head}({', '.join(write_expression(each, depth) for each in arguments)})"
        case Lambda(parameters=parameters, body=body):
            head = parameters[0] if len(parameters) == 1 else f"({', '.join(parameters)})"
            return f"{head} => {write_expression(body, depth)}"
        case If(condition=condition, body=body_of):
            return f"if ({write_expression(condition, depth)}) {write_expression(body_of, depth)}"
        case For():
            item = f"({node.item}, {node.index})" if node.index is not None else node.item
            values = write_expression(node.values, depth)
            return f"[for {item} in {values}: {write_expression(node.body, depth)}]"
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            parts = (_operand(condition, depth, 1), write_expression(then, depth), write_expression(otherwise, depth))
            return f"{parts[0]} ? {parts[1]} : {parts[2]}"
        case Binary(operator=operator, left=left, right=right):
            strength = PRECEDENCE[operator]
            return f"{_operand(left, depth, strength)} {operator} {_operand(right, depth, strength + 1)}"
        case Unary(operator=operator, operand=operand):
            return f"{operator}{_operand(operand, depth, _UNARY)}"
        case _:
            return _accessed(node, depth)


def _accessed(node: Member | Index | Nested | NonNull, depth: int) -> str:
    base = _operand(node.base, depth, _PRIMARY)
    match node:
        case Member(name=name, is_safe=is_safe):
            return f"{base}.{'?' if is_safe else ''}{name}"
        case Index(index=index, is_safe=is_safe):
            return f"{base}[{'?' if is_safe else ''}{write_expression(index, depth)}]"
        case Nested(name=name):
            return f"{base}::{name}"
        case NonNull():
            return f"{base}!"


def _operand(node: Expression, depth: int, least: int) -> str:
    written = write_expression(node, depth)
    return written if _strength(node) >= least else f"({written})"


def _strength(node: Expression) -> int:
    match node:
        case Binary(operator=operator):
            return PRECEDENCE[operator]
        case Ternary() | Lambda() | If():
            return _TERNARY
        case Unary():
            return _UNARY
    return _PRIMARY


def _interpolated(node: Interpolated, depth: int) -> str:
    made = _escaped(node.texts[0])
    for value, text in zip(node.values, node.texts[1:], strict=True):
        made += "${" + write_expression(value, depth) + "}" + _escaped(text)
    return f"'{made}'"


def _item(node: Expression | Spread | Property, depth: int) -> str:
    if isinstance(node, Spread):
        return f"...{write_expression(node.value, depth)}"
    if isinstance(node, Property):
        key = _key(node.key.value) if isinstance(node.key, Text) else _interpolated(node.key, depth)
        return f"{key}: {write_expression(node.value, depth)}"
    return write_expression(node, depth)


def _object(node: Object, depth: int) -> str:
    items = [_item(each, depth + 1) for each in node.items]
    return _bracketed([*items, *(_statement(each, depth + 1) for each in node.resources)], "{", "}", depth)


def _bracketed(items: list[str], opening: str, closing: str, depth: int) -> str:
    if not items:
        return opening + closing
    inner = "\n" + _INDENTATION * (depth + 1)
    return opening + inner + inner.join(items) + "\n" + _INDENTATION * depth + closing
