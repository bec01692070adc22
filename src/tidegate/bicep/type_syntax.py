"""The tree of a type: what parameters and outputs are declared to be.

Knows what a type is made of. Does not know how it is parsed (`parser`) or what it means (`parameter_emitter`).
"""

from dataclasses import dataclass

from tidegate.bicep.syntax import Boolean, Integer, Null, Placed, Text

__all__ = [
    "ArrayType",
    "LiteralType",
    "NamedType",
    "NullableType",
    "ObjectType",
    "Type",
    "TypeProperty",
    "UnionType",
]


@dataclass(frozen=True, slots=True)
class NamedType(Placed):
    """`string`, `int` and so on."""

    name: str


@dataclass(frozen=True, slots=True)
class ArrayType(Placed):
    """`item[]`."""

    item: "Type"


@dataclass(frozen=True, slots=True)
class LiteralType(Placed):
    """A type with one value: `'Mqtt'`, `1`, `true`, `null`."""

    value: Text | Integer | Boolean | Null


@dataclass(frozen=True, slots=True)
class UnionType(Placed):
    """`'a' | 'b'`."""

    members: "tuple[Type, ...]"


@dataclass(frozen=True, slots=True)
class NullableType(Placed):
    """`base?`."""

    base: "Type"


@dataclass(frozen=True, slots=True)
class TypeProperty(Placed):
    """`key: type` of an object's type."""

    key: str
    type: "Type"


@dataclass(frozen=True, slots=True)
class ObjectType(Placed):
    """`{ key: type }`."""

    properties: tuple[TypeProperty, ...]


Type = NamedType | ArrayType | LiteralType | UnionType | NullableType | ObjectType
