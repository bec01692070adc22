"""From a bound file to a template: the symbolic form that `bicep build` writes, with the place of every value.

Knows statements, resources and modules. Does not know files: `Files` gives modules and texts.
"""

from collections.abc import Iterator
from typing import Protocol

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.expression_emitter import ExpressionEmitter
from tidegate.bicep.local_names import NO_LOCALS, Locals
from tidegate.bicep.parameter_emitter import check_literal, declared_node
from tidegate.bicep.resource_names import Reference, copy_index
from tidegate.bicep.symbols import BoundModule, BoundResource, Symbols
from tidegate.bicep.syntax import (
    Array,
    Call,
    Expression,
    File,
    For,
    Metadata,
    Name,
    Object,
    Output,
    Parameter,
    Property,
    Spread,
    Text,
    Variable,
)
from tidegate.bicep.value_emitter import ValueEmitter, at
from tidegate.bicep.walk import children
from tidegate.resources.findings import closest
from tidegate.resources.source_map import Node
from tidegate.templates import expression_syntax as template
from tidegate.templates.instances import DEPLOYMENT_TYPE
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.values import Value, node_of

__all__ = ["Files", "TemplateEmitter"]

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_DEPLOYMENT_VERSION = "2022-09-01"
_OF_THE_LANGUAGE = ("name", "parent", "scope", "dependsOn")
_UNSUPPORTED_HEAD = ("type", "apiVersion", "copy", "condition", "existing")


class Files(Protocol):
    """The files that others refer to. Each raises `BicepError` about the place that refers to it."""

    def module(self, path: Text) -> SourcedNode:
        """Return the template of a module."""

    def value(self, call: Call) -> Value:
        """Return what `loadTextContent` or `loadJsonContent` gives."""


class TemplateEmitter:
    """Makes the template of one file. `errors` are what cannot be made."""

    def __init__(self, file: File, symbols: Symbols, files: Files) -> None:
        self._file = file
        self._symbols = symbols
        self._files = files
        self._loaded: dict[str, Node] = {}
        self._expressions = ExpressionEmitter(symbols, self._load)
        self._values = ValueEmitter(self._expressions)
        self.errors: list[BicepError] = []

    def emit(self) -> dict[str, Node]:
        """Return the fields of the template."""
        sections: dict[str, dict[str, Node]] = {"parameters": {}, "variables": {}, "resources": {}, "outputs": {}}
        metadata: dict[str, Node] = {"_generator": at({"name": at("tidegate", 0, 0)}, 0, 0)}
        loops: list[Node] = []
        keys: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in sections}
        for statement in self._file.statements:
            try:
                match statement:
                    case Parameter():
                        sections["parameters"][statement.name] = self._parameter(statement)
                        keys["parameters"][statement.name] = _name_place(statement)
                    case Variable() if not self._expressions.is_runtime(statement.value):
                        self._variable(statement, sections["variables"], loops)
                    case Output():
                        sections["outputs"][statement.name] = self._output(statement)
                    case Metadata():
                        metadata[statement.name] = self._values.node(statement.value, NO_LOCALS)
            except BicepError as error:
                self.errors.append(error)
            except RecursionError:
                self.errors.append(BicepError("this nests too deep", statement.start, statement.start + 1))
        for symbol, node in self._deployed():
            sections["resources"][symbol] = node
        sections["variables"] |= self._loaded
        if loops:
            sections["variables"] = {"copy": at(loops, loops[0].start, loops[0].end), **sections["variables"]}
        made = {
            "$schema": at(SCHEMA, 0, 0),
            "languageVersion": at("2.0", 0, 0),
            "contentVersion": at("1.0.0.0", 0, 0),
            "metadata": at(metadata, 0, 0),
        }
        for name, fields in sections.items():
            if fields or name == "resources":
                made[name] = Node(fields, 0, 0, keys=keys[name])
        return made

    def _deployed(self) -> Iterator[tuple[str, Node]]:
        modules = [each for each in self._symbols.names.values() if isinstance(each, BoundModule)]
        targets: list[BoundResource | BoundModule] = [*self._symbols.resources, *modules]
        for target in targets:
            try:
                if isinstance(target, BoundModule):
                    yield target.symbol, self._module(target)
                else:
                    yield target.symbol, self._resource(target)
            except BicepError as error:
                self.errors.append(error)
            except RecursionError:
                start = target.declaration.name_start
                self.errors.append(BicepError("this nests too deep", start, start + 1))

    def _parameter(self, parameter: Parameter) -> Node:
        fields = declared_node(parameter)
        if parameter.default is not None:
            error = check_literal(parameter.default, parameter.type, f"the parameter {parameter.name}")
            if error is not None:
                raise error
            fields["defaultValue"] = self._values.node(parameter.default, NO_LOCALS)
        return Node(fields, *_name_place(parameter))

    def _variable(self, variable: Variable, variables: dict[str, Node], loops: list[Node]) -> None:
        if isinstance(variable.value, For):
            loops.append(self._values.loop(variable.name, variable.value, NO_LOCALS))
        else:
            variables[variable.name] = self._values.node(variable.value, NO_LOCALS)

    def _output(self, output: Output) -> Node:
        fields = declared_node(output)
        value = output.value
        error = check_literal(value, output.type, f"the output {output.name}")
        if error is not None:
            raise error
        if isinstance(value, For):
            made = {"count": self._values.count(value, NO_LOCALS)}
            made["input"] = self._values.input(output.name, value, NO_LOCALS)
            made["name"] = at(output.name, value.start, value.start + 1)
            fields["copy"] = Node({"name": made.pop("name"), **made}, value.start, value.end)
        else:
            fields["value"] = self._values.node(value, NO_LOCALS)
        return Node(fields, output.start, output.end)

    def _head(self, target: BoundResource | BoundModule, around: Locals) -> dict[str, Node]:
        """Return condition and copy."""
        fields: dict[str, Node] = {}
        if target.conditions:
            trees = tuple(self._expressions.tree(each, around) for each in target.conditions)
            tree = trees[0] if len(trees) == 1 else template.Call("and", trees)
            fields["condition"] = self._values.expression(tree, target.conditions[0].start, target.conditions[0].end)
            if len(trees) == 1:
                fields["condition"] = self._values.node(target.conditions[0], around)
        if target.loop is not None:
            loop = target.loop
            copy = {
                "name": at(target.symbol, loop.start, loop.start + 1),
                "count": self._values.count(loop, NO_LOCALS),
            }
            fields["copy"] = Node(copy, loop.start, loop.end)
        return fields

    def _resource(self, target: BoundResource) -> Node:
        found = Reference(target, copy_index(target.symbol) if target.loop is not None else None)
        around = self._expressions.names.inside(target, None)
        fields = self._head(target, around)
        keys: dict[str, tuple[int, int]] = {}
        written = target.declaration.type
        if target.declaration.is_existing:
            fields["existing"] = at(True, target.declaration.start, target.declaration.start + 8)
        fields["type"], fields["apiVersion"] = _type_nodes(written, target)
        scope = self._expressions.names.scope(found)
        for word, tree in zip(("resourceGroup", "subscriptionId"), reversed(scope), strict=False):
            fields[word] = self._values.expression(tree, written.start, written.end)
        name = target.body.get("name")
        assert name is not None, "the binder lets no resource without a name pass"
        if self._expressions.names.parent(found) is None:
            self._expressions.names.own_name(found)
            fields["name"] = self._values.node(name.value, around)
        else:
            full = self._expressions.names.full_name(found)
            fields["name"] = self._values.expression(full, name.value.start, name.value.end)
        keys["name"] = (name.start, name.end)
        keys["type"] = keys["apiVersion"] = (written.start, written.end)
        body = Object(tuple(self._of_the_body(target.body)), start=target.body.start, end=target.body.end)
        made = self._values.node(body, around)
        assert isinstance(made.value, dict)
        fields |= made.value
        keys |= made.keys
        needs = self._needs(target, around)
        if needs and not target.declaration.is_existing:
            name = target.body.get("dependsOn") or name
            keys["dependsOn"] = (name.start, name.end)
            fields["dependsOn"] = at([at(each, name.start, name.end) for each in needs], name.start, name.end)
        return Node(fields, target.declaration.start, target.declaration.end, keys=keys)

    def _of_the_body(self, body: Object) -> Iterator[Property]:
        for item in body.items:
            if isinstance(item, Spread):
                message = "the body of a resource is written out; `...` stands in its properties"
                raise BicepError(message, item.start, item.end, "move it to where it belongs", "resource")
            if isinstance(item.key, Text) and item.key.value in _UNSUPPORTED_HEAD:
                message = f"`{item.key.value}` is no property of a resource's body"
                raise BicepError(
                    message, item.start, item.end, "it follows from how the resource is declared", "resource"
                )
            if not isinstance(item.key, Text) or item.key.value not in _OF_THE_LANGUAGE:
                yield item

    def _module(self, target: BoundModule) -> Node:
        declaration = target.declaration
        around = self._expressions.names.inside(target, None)
        inner = self._files.module(declaration.path)
        fields = self._head(target, around)
        place = (declaration.path.start, declaration.path.end)
        at_index = copy_index(target.symbol) if target.loop is not None else None
        name = self._expressions.names.module_name(Reference(target, at_index))
        fields["type"] = at(DEPLOYMENT_TYPE, *place)
        fields["apiVersion"] = at(_DEPLOYMENT_VERSION, *place)
        fields["name"] = self._values.expression(name, *place)
        properties = {
            "expressionEvaluationOptions": at({"scope": at("inner", *place)}, *place),
            "mode": at("Incremental", *place),
            "parameters": self._arguments(target, inner, around),
            "template": inner,
        }
        fields["properties"] = Node(properties, *place)
        needs = self._needs(target, around)
        if needs:
            fields["dependsOn"] = at([at(each, *place) for each in needs], *place)
        return Node(fields, declaration.start, declaration.end)

    def _arguments(self, target: BoundModule, inner: SourcedNode, around: Locals) -> Node:
        declared = inner.child("parameters")
        names = declared.value if declared is not None and isinstance(declared.value, dict) else {}
        params = target.body.get("params")
        given = params.value.properties if params is not None and isinstance(params.value, Object) else []
        made: dict[str, Node] = {}
        for item in given:
            name = item.key.value if isinstance(item.key, Text) else ""
            if name not in names:
                near = closest(name, list(names))
                hint = f"did you mean `{near}`?" if near else None
                path = target.declaration.path.value
                self.errors.append(
                    BicepError(f"the module {path} has no parameter `{name}`", item.start, item.end, hint, "module")
                )
                continue
            if isinstance(item.value, For):
                raise BicepError(
                    "a loop stands in a variable here", item.value.start, item.value.start + 1, "use `var`", "loop"
                )
            value = self._values.node(item.value, around)
            made[name] = Node({"value": value}, item.value.start, item.value.end)
        for name, node in names.items():
            may_miss = node.child("defaultValue") is not None or node.child("nullable") is not None
            if name not in made and not may_miss and name not in {_key_text(each) for each in given}:
                message = f"the module needs the parameter `{name}`"
                hint = f"add `{name}: ...` to `params`"
                written = target.declaration.path
                self.errors.append(BicepError(message, written.start, written.end, hint, "module"))
        return at(made, target.declaration.start, target.declaration.end)

    def _needs(self, target: BoundResource | BoundModule, around: Locals) -> list[str]:
        """Return the symbols of what has to be deployed before."""
        found: dict[str, None] = {}
        for item in target.body.items:
            key = item.key.value if isinstance(item, Property) and isinstance(item.key, Text) else ""
            if key == "dependsOn":
                self._explicit(item.value, around)
            self._collect(item.value, around, found, set())
        for condition in target.conditions:
            self._collect(condition, around, found, set())
        if target.loop is not None:
            self._collect(target.loop.values, around, found, set())
        if isinstance(target, BoundResource) and target.nested_in is not None:
            self._add(target.nested_in, found)
        found.pop(target.symbol, None)
        return sorted(found)

    def _explicit(self, value: Expression, around: Locals) -> None:
        for each in value.items if isinstance(value, Array) else (value,):
            if isinstance(each, Spread) or self._expressions.resolve(each, around) is None:
                message = "`dependsOn` is an array of resources and modules of this file"
                raise BicepError(message, each.start, each.end, "write their names", "resource")

    def _collect(self, node: Expression, around: Locals, found: dict[str, None], asked: set[str]) -> None:
        reference = self._expressions.resolve(node, around)
        if reference is not None:
            self._add(reference.target, found)
        if isinstance(node, Name) and node.name not in around.names and node.name not in asked:
            symbol = self._symbols.names.get(node.name)
            if isinstance(symbol, Variable):
                asked.add(node.name)
                self._collect(symbol.value, NO_LOCALS, found, asked)
        for child in children(node):
            self._collect(child, around, found, asked)

    def _add(self, target: BoundResource | BoundModule, found: dict[str, None]) -> None:
        if isinstance(target, BoundModule) or not target.declaration.is_existing:
            found[target.symbol] = None

    def _load(self, call: Call) -> template.Expression:
        name = f"$fxv#{len(self._loaded)}"
        self._loaded[name] = _escaped(node_of(self._files.value(call), Node(None, call.start, call.end)))
        return template.Call("variables", (template.Literal(name),))


def _escaped(node: Node) -> Node:
    """Return what a file says, so that no text in it is taken for an expression."""
    if isinstance(node.value, str) and node.value.startswith("[") and node.value.endswith("]"):
        return at("[" + node.value, node.start, node.end)
    if isinstance(node.value, list):
        return at([_escaped(each) for each in node.value], node.start, node.end)
    if isinstance(node.value, dict):
        return at({name: _escaped(each) for name, each in node.value.items()}, node.start, node.end)
    return node


def _key_text(item: Property) -> str:
    return item.key.value if isinstance(item.key, Text) else ""


def _name_place(declaration: Parameter) -> tuple[int, int]:
    return declaration.name_start, declaration.name_start + len(declaration.name)


def _type_nodes(written: Text, target: BoundResource) -> tuple[Node, Node]:
    """Return the type and its api-version, each where it stands."""
    start = written.start + 1
    if target.nested_in is not None or not written.is_plain:
        return at(target.type.name, written.start, written.end), at(target.type.api_version, written.start, written.end)
    middle = start + len(target.type.name)
    return Node(target.type.name, start, middle), Node(target.type.api_version, middle + 1, written.end - 1)
