"""The tree of a Bicep file.

Knows what a file is made of, and where each part was written. Does not know how it is parsed (`parser`) or what it means
(`binder`, `emitter`). Places do not count when trees are compared.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.bicep.type_syntax import Type

__all__ = [
    "Array",
    "Binary",
    "Boolean",
    "Call",
    "Declaration",
    "Decorator",
    "Expression",
    "File",
    "For",
    "If",
    "Index",
    "Integer",
    "Interpolated",
    "Lambda",
    "Member",
    "Metadata",
    "Module",
    "Name",
    "Nested",
    "NonNull",
    "Null",
    "Object",
    "Output",
    "Parameter",
    "ParameterValue",
    "Placed",
    "Property",
    "Resource",
    "Spread",
    "Statement",
    "TargetScope",
    "Ternary",
    "Text",
    "Unary",
    "Using",
    "Variable",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Something that was written from `start` to before `end`, counted in characters from 0."""

    start: int = field(default=0, compare=False, repr=False)
    end: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text(Placed):
    """A string without places. `is_plain`: each of its characters was written as it is."""

    value: str
    is_plain: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Interpolated(Placed):
    """A string with places: the texts around them, one more than values."""

    texts: tuple[str, ...]
    values: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Integer(Placed):
    """A whole number."""

    value: int


@dataclass(frozen=True, slots=True)
class Boolean(Placed):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null(Placed):
    """`null`."""


@dataclass(frozen=True, slots=True)
class Name(Placed):
    """The name of a parameter, a variable, a resource, a module, or of what a loop or lambda brings."""

    name: str


@dataclass(frozen=True, slots=True)
class Spread(Placed):
    """`...value` in an array or object."""

    value: "Expression"


@dataclass(frozen=True, slots=True)
class Array(Placed):
    """`[a, b]`."""

    items: "tuple[Expression | Spread, ...]"


@dataclass(frozen=True, slots=True)
class Property(Placed):
    """`key: value`; the place is that of the key."""

    key: "Text | Interpolated"
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Object(Placed):
    """`{ key: value }`; in a resource's body, `resources` are those that are declared inside of it."""

    items: "tuple[Property | Spread, ...]"
    resources: "tuple[Resource, ...]" = ()

    def get(self, name: str) -> "Property | None":
        """Return the property of a name; upper and lower case matter."""
        return next((each for each in self.properties if isinstance(each.key, Text) and each.key.value == name), None)

    @property
    def properties(self) -> "list[Property]":
        """The properties, without what is spread."""
        return [each for each in self.items if isinstance(each, Property)]


@dataclass(frozen=True, slots=True)
class Unary(Placed):
    """`!` or `-` before a value."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary(Placed):
    """Two values and what stands between them."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Ternary(Placed):
    """`condition ? then : otherwise`."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Call(Placed):
    """A function by its name, or by that of its namespace and its name, and its arguments."""

    name: str
    arguments: "tuple[Expression, ...]"
    namespace: str | None = None
    name_start: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Member(Placed):
    """`base.name`, or `base.?name` where it may be missing."""

    base: "Expression"
    name: str
    is_safe: bool = False
    name_start: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index(Placed):
    """`base[index]`, or `base[?index]` where it may be missing."""

    base: "Expression"
    index: "Expression"
    is_safe: bool = False


@dataclass(frozen=True, slots=True)
class Nested(Placed):
    """`base::name`, a resource that is declared inside of another."""

    base: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class NonNull(Placed):
    """`base!`, by which somebody says that it is not null."""

    base: "Expression"


@dataclass(frozen=True, slots=True)
class Lambda(Placed):
    """`x => body`."""

    parameters: tuple[str, ...]
    body: "Expression"


@dataclass(frozen=True, slots=True)
class If(Placed):
    """`if (condition) { ... }`, the body of a resource or module."""

    condition: "Expression"
    body: Object


@dataclass(frozen=True, slots=True)
class For(Placed):
    """`[for item in values: body]`, or `[for (item, index) in values: body]`."""

    item: str
    index: str | None
    values: "Expression"
    body: "Expression"


Expression = (
    Text
    | Interpolated
    | Integer
    | Boolean
    | Null
    | Name
    | Array
    | Object
    | Unary
    | Binary
    | Ternary
    | Call
    | Member
    | Index
    | Nested
    | NonNull
    | Lambda
    | If
    | For
)


@dataclass(frozen=True, slots=True)
class Decorator(Placed):
    """`@name(arguments)` before a declaration."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration(Placed):
    """A statement that gives something a name; `name_start` is where that stands."""

    name: str
    decorators: tuple[Decorator, ...] = ()
    name_start: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Declaration):
    """`param name type = default`."""

    type: "Type"
    default: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Declaration):
    """`var name = value`."""

    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(Declaration):
    """`resource name 'type@version' = body`, or `existing =`."""

    type: Text
    body: Expression
    is_existing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Module(Declaration):
    """`module name 'path' = body`."""

    path: Text
    body: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(Declaration):
    """`output name type = value`."""

    type: "Type"
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata(Declaration):
    """`metadata name = value`."""

    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterValue(Declaration):
    """`param name = value` of a parameter file."""

    value: Expression


@dataclass(frozen=True, slots=True)
class TargetScope(Placed):
    """`targetScope = 'resourceGroup'`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Using(Placed):
    """`using 'path'` of a parameter file."""

    path: Text


Statement = Parameter | Variable | Resource | Module | Output | Metadata | ParameterValue | TargetScope | Using


@dataclass(frozen=True, slots=True)
class File:
    """A file: what it declares, in its order."""

    statements: tuple[Statement, ...]
