"""What each name in a file stands for, and whether it stands for anything: names, functions, types, decorators.

Knows scopes. Does not know values, or what is emitted.
"""

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.decorators import check_decorators
from tidegate.bicep.functions import check_call
from tidegate.bicep.parser import Parsed
from tidegate.bicep.resource_types import ResourceType, read_resource_type
from tidegate.bicep.symbols import BoundModule, BoundResource, Symbols
from tidegate.bicep.syntax import (
    Call,
    Declaration,
    Expression,
    For,
    If,
    Lambda,
    Module,
    Name,
    Object,
    Output,
    Parameter,
    ParameterValue,
    Resource,
    TargetScope,
    Text,
    Using,
    Variable,
)
from tidegate.bicep.walk import children, unwrapped
from tidegate.resources.findings import closest, enumerate_words
from tidegate.templates.limits import FINDINGS_MAX

__all__ = ["bind"]

_SCOPES = ("subscription", "managementGroup", "tenant")
_SHOWN_MAX = 8
_COMPARED_MAX = 500


def bind(parsed: Parsed, *, is_parameter_file: bool = False) -> tuple[Symbols, list[BicepError]]:
    """Return what a file's names stand for, and everything that is wrong with them."""
    binder = _Binder(is_parameter_file)
    binder.declare(parsed)
    binder.check(parsed)
    return binder.symbols, binder.errors


class _Binder:
    def __init__(self, is_parameter_file: bool) -> None:
        self.symbols = Symbols()
        self.errors: list[BicepError] = []
        self._is_parameter_file = is_parameter_file
        self._outputs: set[str] = set()
        self._broken: frozenset[str] = frozenset()

    def _error(self, message: str, start: int, end: int, hint: str | None = None, code: str = "name") -> None:
        self.errors.append(BicepError(message, start, end, hint, code))

    def declare(self, parsed: Parsed) -> None:
        """Take the names of all declarations; those of declarations that do not parse count as declared."""
        self._broken = parsed.broken_names
        for statement in parsed.file.statements:
            match statement:
                case Parameter() | Variable():
                    self._take(statement.name, statement, statement)
                case Resource():
                    self._declare_resource(statement, None)
                case Module():
                    self._declare_module(statement)
                case Output():
                    if statement.name in self._outputs:
                        self._twice(statement, "output")
                    self._outputs.add(statement.name)
                case TargetScope():
                    self._check_scope(statement)
                case Using() | ParameterValue():
                    self._check_file(statement)
            if isinstance(statement, Declaration):
                self.errors += check_decorators(statement)

    def _take(
        self, name: str, declaration: Declaration, symbol: Parameter | Variable | BoundResource | BoundModule
    ) -> None:
        if name in self.symbols.names:
            self._twice(declaration, "name")
        else:
            self.symbols.names[name] = symbol

    def _twice(self, declaration: Declaration, what: str) -> None:
        start = declaration.name_start
        message = f"the {what} `{declaration.name}` is declared twice"
        self._error(message, start, start + len(declaration.name), "rename one of them")

    def _check_scope(self, statement: TargetScope) -> None:
        value = statement.value
        if isinstance(value, Text) and value.value == "resourceGroup":
            return
        shown = value.value if isinstance(value, Text) else "this"
        if shown in _SCOPES:
            message = f"deployments to a {shown} are not supported: Tidegate has one resource group"
            self._error(message, value.start, value.end, "remove the line, or write 'resourceGroup'", "target-scope")
        else:
            self._error(f"`{shown}` is no scope", value.start, value.end, "write 'resourceGroup'", "target-scope")

    def _check_file(self, statement: Using | ParameterValue) -> None:
        if self._is_parameter_file:
            return
        if isinstance(statement, Using):
            self._error(
                "`using` belongs into a parameter file", statement.start, statement.end, "its name ends in .bicepparam"
            )
        else:
            start = statement.name_start
            hint = f"write `param {statement.name} string = ...`; a value alone belongs into a .bicepparam file"
            self._error("the parameter has no type", start, start + len(statement.name), hint, "syntax")

    def _declare_resource(self, declaration: Resource, parent: BoundResource | None) -> None:
        loop, condition, body = unwrapped(declaration)
        if body is None:
            value = declaration.body
            hint = "it is `{ ... }`, `if (condition) { ... }` or `[for item in values: { ... }]`"
            self._error("the body of a resource is an object", value.start, value.end, hint, "resource")
            body = Object(())
        if parent is not None and loop is not None:
            self._error(
                "a resource inside of another is no loop", loop.start, loop.start + 1, "use `parent`", "resource"
            )
        if parent is not None and parent.loop is not None:
            start = declaration.name_start
            message = "a resource inside of a loop has no resources inside of it"
            self._error(message, start, start + len(declaration.name), "declare it outside, with `parent`", "resource")
        try:
            resource_type = read_resource_type(declaration.type, parent.type if parent is not None else None)
        except BicepError as error:
            self.errors.append(error)
            resource_type = ResourceType("", "")
        if parent is not None:
            self.errors += check_decorators(declaration)
        symbol = f"{parent.symbol}::{declaration.name}" if parent is not None else declaration.name
        conditions = (
            *(parent.conditions if parent is not None else ()),
            *([condition] if condition is not None else []),
        )
        bound = BoundResource(declaration, symbol, resource_type, body, loop, conditions, parent)
        self.symbols.resources.append(bound)
        if parent is None:
            self._take(declaration.name, declaration, bound)
        elif declaration.name in parent.children:
            self._twice(declaration, "name")
        else:
            parent.children[declaration.name] = bound
        if body.get("name") is None:
            start = declaration.name_start
            hint = "add `name: '...'`"
            self._error(
                f"the resource `{declaration.name}` has no name", start, start + len(declaration.name), hint, "resource"
            )
        for inner in body.resources:
            self._declare_resource(inner, bound)

    def _declare_module(self, declaration: Module) -> None:
        body: Expression = declaration.body
        loop = body if isinstance(body, For) else None
        if loop is not None:
            body = loop.body
        conditions = (body.condition,) if isinstance(body, If) else ()
        if isinstance(body, If):
            body = body.body
        if not isinstance(body, Object):
            self._error(
                "the body of a module is an object", body.start, body.end, "it is `{ params: { ... } }`", "module"
            )
            body = Object(())
        allowed = ("name", "params", "dependsOn", "scope")
        for item in body.properties:
            if isinstance(item.key, Text) and item.key.value not in allowed:
                near = closest(item.key.value, allowed)
                hint = f"did you mean `{near}`?" if near else "values for its parameters stand in `params`"
                message = f"`{item.key.value}` is no property of a module; allowed are {enumerate_words(allowed)}"
                self._error(message, item.start, item.end, hint, "module")
        scope = body.get("scope")
        if scope is not None:
            message = "a module in another scope is not supported: Tidegate has one resource group"
            self._error(message, scope.start, scope.end, "remove `scope`", "module")
        self._take(declaration.name, declaration, BoundModule(declaration, body, loop, conditions))

    def check(self, parsed: Parsed) -> None:
        """Check the names and functions of every value."""
        for statement in parsed.file.statements:
            match statement:
                case Parameter(default=value) if value is not None:
                    self._check(value, frozenset())
                case Variable(value=value) | Output(value=value) | ParameterValue(value=value):
                    self._check(value, frozenset())
                case Resource(body=value) | Module(body=value):
                    self._check(value, frozenset())
        for fragment in parsed.fragments:
            self._check(fragment.value, frozenset())

    def _check(self, node: Expression, names: frozenset[str]) -> None:
        match node:
            case Name():
                self._check_name(node, names)
                return
            case For():
                self._check(node.values, names)
                self._check(node.body, names | {node.item, *([node.index] if node.index else [])})
                return
            case Lambda():
                names |= set(node.parameters)
            case Call():
                error = check_call(node) if not _is_scope(node) else None
                if error is not None:
                    self.errors.append(error)
            case Object():
                names |= {each.name for each in node.resources}
                for resource in node.resources:
                    self._check(resource.body, names)
        for child in children(node):
            self._check(child, names)

    def _check_name(self, node: Name, names: frozenset[str]) -> None:
        if node.name in names:
            return
        if node.name in self.symbols.names:
            self.symbols.used.add(node.name)
            return
        if node.name in self._broken:
            return
        known = [*self.symbols.names, *names]
        near = closest(node.name, known[:_COMPARED_MAX]) if len(self.errors) < FINDINGS_MAX else None
        hint = f"did you mean `{near}`?" if near else None
        if near is None and node.name[0].isupper():
            hint = f"a text stands in quotes: write '{node.name}'"
        elif near is None:
            shown = enumerate_words(known[:_SHOWN_MAX]) if known else "nothing"
            hint = (
                f"declare it with `param` or `var`, or write '{node.name}' where a text is meant; declared is {shown}"
            )
        self._error(f"there is no `{node.name}`", node.start, node.end, hint)


def _is_scope(call: Call) -> bool:
    """Tell whether a call names a resource group, which only the `scope` of an existing resource may."""
    return call.name == "resourceGroup" and 1 <= len(call.arguments) <= 2
