"""What stands before a declaration: `@description('...')`, `@allowed([...])` and the like.

Knows each decorator, what it takes, and before what it may stand. Does not know what it becomes (`parameter_emitter`).
"""

from collections.abc import Iterator

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.syntax import (
    Array,
    Boolean,
    Declaration,
    Decorator,
    Expression,
    Integer,
    Metadata,
    Module,
    Null,
    Object,
    Output,
    Parameter,
    Resource,
    Text,
    Unary,
)
from tidegate.bicep.type_syntax import ArrayType, LiteralType, NamedType, NullableType, ObjectType, Type, UnionType
from tidegate.resources.findings import closest, enumerate_words

__all__ = ["DECORATORS", "check_decorators", "named", "plain_type"]

DECORATORS = {
    "allowed": ("param", "an array of the values that are allowed"),
    "batchSize": ("resource and module", "an int; all rounds of a loop are made at once, so it has no effect"),
    "description": ("everything", "a text for people"),
    "maxLength": ("param and output", "an int: characters of a string, items of an array"),
    "maxValue": ("param and output", "an int"),
    "metadata": ("param and output", "an object for people"),
    "minLength": ("param and output", "an int: characters of a string, items of an array"),
    "minValue": ("param and output", "an int"),
    "sealed": ("param and output", "nothing; of an object's type, that it has no other properties"),
    "secure": ("param and output", "nothing; the value is shown nowhere"),
}
"""Before what each may stand, and what it takes."""

_LENGTHS = ("string", "array")
_TYPES_OF = {
    "minValue": ("int",),
    "maxValue": ("int",),
    "minLength": _LENGTHS,
    "maxLength": _LENGTHS,
    "secure": ("string", "object"),
}


def check_decorators(declaration: Declaration) -> Iterator[BicepError]:
    """Yield what is wrong with the decorators of a declaration."""
    seen: set[str] = set()
    for decorator in declaration.decorators:
        call = decorator.call
        if call.name not in DECORATORS:
            near = closest(call.name, list(DECORATORS))
            hint = f"did you mean `@{near}`?" if near else f"known are {enumerate_words(list(DECORATORS))}"
            yield _error(f"there is no decorator `@{call.name}`", decorator, hint)
        elif call.name in seen:
            yield _error(f"`@{call.name}` stands here twice", decorator, "remove one of them")
        else:
            yield from _check(decorator, declaration)
        seen.add(call.name)


def _check(decorator: Decorator, declaration: Declaration) -> Iterator[BicepError]:
    name, arguments = decorator.call.name, decorator.call.arguments
    places, takes = DECORATORS[name]
    may_stand = {
        "param": isinstance(declaration, Parameter),
        "param and output": isinstance(declaration, Parameter | Output),
        "resource and module": isinstance(declaration, Resource | Module),
        "everything": not isinstance(declaration, Metadata),
    }[places]
    if not may_stand:
        yield _error(f"`@{name}` has no place here", decorator, f"it stands before {places}")
        return
    wants_none = name in ("secure", "sealed")
    if len(arguments) != (0 if wants_none else 1):
        count = "no argument" if wants_none else "1 argument"
        yield _error(f"`@{name}` takes {count}, and has {len(arguments)}", decorator, f"it takes {takes}")
        return
    if arguments and not _fits(name, arguments[0]):
        yield _error(f"`@{name}` takes {takes}", decorator, "write the value itself here, without computing it")
        return
    wanted = _TYPES_OF.get(name)
    if wanted is not None and isinstance(declaration, Parameter | Output):
        kind = plain_type(declaration.type)
        if kind not in wanted:
            message = f"`@{name}` is for {' and '.join(wanted)}, and `{declaration.name}` is of type {kind}"
            yield _error(message, decorator, "remove it, or change the type")


def _fits(name: str, value: Expression) -> bool:
    if name in ("minValue", "maxValue", "minLength", "maxLength", "batchSize"):
        inner = value.operand if isinstance(value, Unary) and value.operator == "-" else value
        return isinstance(inner, Integer)
    if name == "description":
        return isinstance(value, Text)
    return isinstance(value, Object if name == "metadata" else Array)


def named(declaration: Declaration, name: str) -> Expression | None:
    """Return the argument of a decorator, `true` of one without; None where it does not stand there."""
    for decorator in declaration.decorators:
        if decorator.call.name == name:
            return decorator.call.arguments[0] if decorator.call.arguments else Boolean(True)
    return None


def plain_type(declared: Type) -> str:
    """Return which of string, int, bool, object and array a type is; as it is written where it is none."""
    match declared:
        case NamedType(name=name):
            return name
        case ArrayType():
            return "array"
        case ObjectType():
            return "object"
        case NullableType(base=base):
            return plain_type(base)
        case LiteralType(value=value):
            return {Text: "string", Integer: "int", Boolean: "bool", Null: "null"}[type(value)]
        case UnionType(members=members):
            kinds = dict.fromkeys(plain_type(each) for each in members)
            kinds.pop("null", None)
            return " or ".join(kinds)


def _error(message: str, decorator: Decorator, hint: str | None) -> BicepError:
    return BicepError(message, decorator.start, decorator.end, hint, "decorator")
