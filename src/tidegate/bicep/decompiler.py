"""From resources to a Bicep file that makes them, written as the public examples are.

Knows which parameters, parents and names such a file has. Does not know how a file is written (`writer`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from tidegate.bicep.syntax import (
    Array,
    Boolean,
    Call,
    Expression,
    File,
    Integer,
    Member,
    Name,
    Null,
    Object,
    Parameter,
    Property,
    Statement,
    Text,
    Unary,
)
from tidegate.bicep.syntax import Resource as ResourceStatement
from tidegate.bicep.type_syntax import NamedType
from tidegate.bicep.writer import write_file
from tidegate.resources.arm_form import CUSTOM_LOCATION_TYPE, names_of, properties_of, tags_of
from tidegate.resources.arm_types import INSTANCE_TYPE, LATEST_API_VERSION, arm_type_of
from tidegate.resources.base import Resource
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Json

__all__ = ["write_resources"]

_CUSTOM_LOCATION_VERSION = "2021-08-31-preview"
_RESERVED = {"param", "var", "resource", "module", "output", "metadata", "targetScope", "existing", "if", "for", "in"}
_WORDS = {
    "true",
    "false",
    "null",
    "az",
    "sys",
    "aioInstance",
    "customLocation",
    "aioInstanceName",
    "customLocationName",
}


def write_resources(
    resources: Iterable[Resource], api_version: str = LATEST_API_VERSION
) -> tuple[str, tuple[ResourceKey, ...]]:
    """Return a file that makes these resources, and which of them it cannot: secrets and config maps."""
    given = list(resources)
    left_out = tuple(each.key for each in given if arm_type_of(each.kind_name) is None)
    made = [each for each in given if arm_type_of(each.kind_name) is not None]
    # A parent is declared before what is in it, for people.
    made.sort(key=lambda each: _type_name(each).count("/"))
    return write_file(File(tuple(_Decompiler(made, api_version).statements()))) if made else "", left_out


def _type_name(resource: Resource) -> str:
    row = arm_type_of(resource.kind_name)
    assert row is not None
    return row.name


class _Decompiler:
    def __init__(self, resources: Sequence[Resource], api_version: str) -> None:
        self._resources = resources
        self._api_version = api_version
        self._symbols: dict[tuple[str, ...], str] = {}
        self._taken = _RESERVED | _WORDS
        self._parents: list[Statement] = []

    def statements(self) -> list[Statement]:
        """Return the statements, parameters first."""
        for resource in self._resources:
            self._symbol((_type_name(resource), *names_of(resource, "")[1:]))
        declared = [self._resource(each) for each in self._resources]
        instance = self._existing("aioInstance", f"{INSTANCE_TYPE}@{self._api_version}", Name("aioInstanceName"))
        location_type = f"{CUSTOM_LOCATION_TYPE}@{_CUSTOM_LOCATION_VERSION}"
        location = self._existing("customLocation", location_type, Name("customLocationName"))
        parameters = [
            Parameter(name=name, type=NamedType("string")) for name in ("aioInstanceName", "customLocationName")
        ]
        return [*parameters, instance, location, *self._parents, *declared]

    def _existing(self, symbol: str, written: str, name: Expression, parent: str | None = None) -> ResourceStatement:
        items = [_property("parent", Name(parent))] if parent is not None else []
        body = Object((*items, _property("name", name)))
        return ResourceStatement(name=symbol, type=Text(written), body=body, is_existing=True)

    def _symbol(self, key: tuple[str, ...]) -> str:
        """Return a name for a resource: its own in camel case, with its kind where another has it."""
        if key not in self._symbols:
            words = [word for word in re.split(r"[^A-Za-z0-9]+", key[-1]) if word]
            name = words[0] + "".join(word[0].upper() + word[1:] for word in words[1:]) if words else "resource"
            kind = key[0].rpartition("/")[2]
            kind = kind[0].upper() + kind.removesuffix("s")[1:]
            if not name[0].isalpha():
                name = kind[0].lower() + kind[1:] + name
            if name in self._taken:
                name += kind
            made, number = name, 2
            while made in self._taken:
                made, number = f"{name}{number}", number + 1
            self._taken = self._taken | {made}
            self._symbols[key] = made
        return self._symbols[key]

    def _parent(self, resource: Resource) -> str:
        """Return the symbol of what a resource is in; declared as existing where it is not among those given."""
        names = names_of(resource, "")
        if len(names) == 2:
            return "aioInstance"
        type_name = _type_name(resource).rpartition("/")[0]
        key = (type_name, *names[1:-1])
        is_new = key not in self._symbols
        symbol = self._symbol(key)
        if is_new:
            written = f"{type_name}@{self._api_version}"
            self._parents.append(self._existing(symbol, written, Text(names[-2]), "aioInstance"))
        return symbol

    def _resource(self, resource: Resource) -> ResourceStatement:
        names = names_of(resource, "")
        location = Object(
            (_property("name", Member(Name("customLocation"), "id")), _property("type", Text("CustomLocation")))
        )
        items = [_property("parent", Name(self._parent(resource))), _property("name", Text(names[-1]))]
        items.append(_property("extendedLocation", location))
        tags = tags_of(resource)
        if tags:
            items.append(_property("tags", _expression_of(tags)))
        items.append(_property("properties", _expression_of(properties_of(resource, self._api_version))))
        return ResourceStatement(
            name=self._symbol((_type_name(resource), *names[1:])),
            type=Text(f"{_type_name(resource)}@{self._api_version}"),
            body=Object(tuple(items)),
        )


def _property(name: str, value: Expression) -> Property:
    return Property(Text(name), value)


def _expression_of(value: Json) -> Expression:
    """Return JSON as a value of Bicep."""
    if isinstance(value, str):
        return Text(value)
    if value is None:
        return Null()
    if isinstance(value, bool):
        return Boolean(value)
    if isinstance(value, int):
        return Unary("-", Integer(-value)) if value < 0 else Integer(value)
    if isinstance(value, float):
        return Call("json", (Text(repr(value)),))
    if isinstance(value, Mapping):
        return Object(tuple(_property(name, _expression_of(child)) for name, child in value.items()))
    return Array(tuple(_expression_of(child) for child in value))
