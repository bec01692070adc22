"""The resources that a template declares, one for each round of their copies, before anything of them is computed.

Knows both forms of `resources`, by symbolic names and as a list, and children inside of resources. Does not compute bodies.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.source_map import Node, SourceText
from tidegate.templates.expander import Findings, copies, expand
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateFailed

__all__ = ["DEPLOYMENT_TYPE", "Header", "Instance", "read_header", "read_instances"]

DEPLOYMENT_TYPE = "Microsoft.Resources/deployments"
_DEPTH_MAX = 8
_REQUIRED = ("type", "apiVersion", "name")


@dataclass(eq=False, slots=True)
class Instance:
    """One resource. `symbol` is its symbolic name, `loop` the name of its copy, `index` its round."""

    node: Node
    scope: Scope
    symbol: str | None = None
    loop: str | None = None
    index: int | None = None
    parent: "Instance | None" = None

    @property
    def label(self) -> str:
        """How findings call it."""
        name = self.node.child("name")
        text = self.symbol or self.loop or (str(name.value) if name is not None else "resource")
        return f"{text}[{self.index}]" if self.index is not None else text


@dataclass(frozen=True, slots=True)
class Header:
    """What says which resource it is. `names` has one for each part of the type after the first slash."""

    type: Node
    name: Node
    api_version: Node
    names: tuple[str, ...]
    is_existing: bool
    is_deployed: bool

    @property
    def type_name(self) -> str:
        """The whole type."""
        return str(self.type.value)

    @property
    def full_name(self) -> str:
        """The names with slashes between."""
        return "/".join(self.names)


def read_instances(resources: Node | None, scope: Scope, source: SourceText, findings: Findings) -> Iterator[Instance]:
    """Yield what `resources` declares; what is faulty is left out, with a finding."""
    if resources is None:
        return
    if isinstance(resources.value, dict):
        named: list[tuple[str | None, Node]] = list(resources.value.items())
    elif isinstance(resources.value, list):
        named = [(None, child) for child in resources.value]
    else:
        findings.fail("resources is an array, or an object of symbolic names", resources, source)
        return
    for symbol, node in named:
        yield from _rounds(symbol, node, None, scope, source, findings, 0)


def _rounds(
    symbol: str | None,
    node: Node,
    parent: Instance | None,
    scope: Scope,
    source: SourceText,
    findings: Findings,
    depth: int,
) -> Iterator[Instance]:
    if not isinstance(node.value, dict) or depth > _DEPTH_MAX:
        findings.fail("a resource is an object with type, apiVersion and name", node, source)
        return
    loop = node.child("copy")
    made: list[Instance] = []
    if loop is None:
        made.append(Instance(node, scope, symbol, parent=parent))
    else:
        name = loop.child("name")
        if name is None or not isinstance(name.value, str):
            findings.fail("the copy has no name", loop, source, "add `name`")
            return
        try:
            count = copies(loop, scope, source, findings)
        except TemplateFailed:
            return
        made += [
            Instance(node, scope.in_copy(name.value, index), symbol, name.value, index, parent)
            for index in range(count)
        ]
    children = node.child("resources")
    for instance in made:
        yield instance
        for child in children.value if children is not None and isinstance(children.value, list) else ():
            yield from _rounds(None, child, instance, instance.scope, source, findings, depth + 1)


def read_header(instance: Instance, parent: Header | None, source: SourceText, findings: Findings) -> Header:
    """Compute which resource it is. Raises `TemplateFailed` where that cannot be told."""
    node = instance.node
    made: dict[str, Node] = {}
    missing = [word for word in _REQUIRED if node.child(word) is None]
    if missing:
        hint = None
        near = closest(missing[0], list(node.value) if isinstance(node.value, dict) else [])
        if near is not None:
            hint = f"is `{near}` meant for it?"
        be = "is" if len(missing) == 1 else "are"
        message = f"the resource {instance.label} has no {enumerate_words(missing)}, which {be} required"
        raise findings.fail(message, node, source, hint)
    for word in _REQUIRED:
        given = node.child(word)
        assert given is not None
        made[word] = expand(given, instance.scope, source, findings)
        if not isinstance(made[word].value, str) or not made[word].value:
            raise findings.fail(f"{word} is a string that is not empty", given, source)
    type_name, name = str(made["type"].value), str(made["name"].value)
    if parent is not None:
        type_name, name = f"{parent.type_name}/{type_name}", f"{parent.full_name}/{name}"
        made["type"] = Node(type_name, made["type"].start, made["type"].end, "folded")
        made["name"] = Node(name, made["name"].start, made["name"].end, "folded")
    names = tuple(name.split("/"))
    parts = type_name.count("/")
    if not parts:
        message = f"`{type_name}` is no resource type"
        raise findings.fail(message, made["type"], source, "write it as `Microsoft.IoTOperations/instances`")
    if len(names) != parts:
        shape = "/".join(f"<{part}>" for part in type_name.split("/")[1:])
        have = f"{len(names)} part{'' if len(names) == 1 else 's'}"
        message = f"the name `{name}` has {have}, and the type {type_name} has {parts}"
        raise findings.fail(message, made["name"], source, f"the name is {shape}")
    existing, condition = node.child("existing"), node.child("condition")
    return Header(
        made["type"],
        made["name"],
        made["apiVersion"],
        names,
        existing is not None and existing.value is True,
        condition is None or _is_true(condition, instance, source, findings),
    )


def _is_true(condition: Node, instance: Instance, source: SourceText, findings: Findings) -> bool:
    value = expand(condition, instance.scope, source, findings).value
    if isinstance(value, bool):
        return value
    raise findings.fail("a condition is true or false", condition, source)
