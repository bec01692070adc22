"""From values of Bicep to expressions of templates.

Knows what operators, strings, spreads, loops' variables, and the properties of resources and modules become. Does not know
JSON (`value_emitter`) or statements (`emitter`).
"""

from collections.abc import Callable, Sequence

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.local_names import NO_LOCALS, Locals
from tidegate.bicep.resource_names import Reference, ResourceNames
from tidegate.bicep.symbols import BoundModule, BoundResource, Symbols
from tidegate.bicep.syntax import (
    Array,
    Binary,
    Boolean,
    Call,
    Expression,
    Index,
    Integer,
    Interpolated,
    Lambda,
    Member,
    Name,
    Nested,
    NonNull,
    Null,
    Object,
    Parameter,
    Property,
    Spread,
    Ternary,
    Text,
    Unary,
    Variable,
)
from tidegate.bicep.walk import children
from tidegate.templates import expression_syntax as template

__all__ = ["ExpressionEmitter"]

Tree = template.Expression

STEPS_MAX = 200_000
"""How many parts all expressions of a file may have together."""

_OPERATORS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "%": "mod",
    "==": "equals",
    "<": "less",
    "<=": "lessOrEquals",
    ">": "greater",
    ">=": "greaterOrEquals",
    "&&": "and",
    "||": "or",
    "??": "coalesce",
}
_OF_THE_HEAD = ("id", "name", "type", "apiVersion")


class ExpressionEmitter:
    """Makes expressions. `load` gives the variable that holds what a file says, for `loadTextContent` and its like."""

    def __init__(self, symbols: Symbols, load: Callable[[Call], Tree]) -> None:
        self.symbols = symbols
        self.names = ResourceNames(self)
        self._load = load
        self._runtime: dict[str, bool] = {}
        self._written_out: list[str] = []
        self._steps = 0

    def tree(self, node: Expression, around: Locals) -> Tree:
        """Return the expression of a value. Raises `BicepError` for what has none, and where there are too many."""
        self._steps += 1
        if self._steps > STEPS_MAX:
            message = "what is written out here grows too large"
            raise BicepError(message, node.start, node.end, "use fewer variables of other variables", "size")
        match node:
            case Text(value=text):
                return template.Literal(text)
            case Integer(value=number):
                return template.Literal(number)
            case Boolean(value=is_true):
                return template.Call("true" if is_true else "false", ())
            case Null():
                return template.Call("null", ())
            case Interpolated():
                return self._format(node, around)
            case Name():
                return self._name(node, around)
            case Array():
                return self._array(node, around)
            case Object():
                return self._object(node, around)
            case Unary():
                return self._unary(node, around)
            case Binary():
                return self._binary(node, around)
            case Ternary(condition=condition, then=then, otherwise=otherwise):
                return template.Call("if", tuple(self.tree(each, around) for each in (condition, then, otherwise)))
            case Call():
                return self._call(node, around)
            case Member() | Index() | Nested():
                return self._access(node, around)
            case NonNull(base=base):
                return self.tree(base, around)
            case Lambda(parameters=parameters, body=body):
                variables = {each: template.Call("lambdaVariables", (template.Literal(each),)) for each in parameters}
                made = self.tree(body, around.with_names(variables))
                return template.Call("lambda", (*map(template.Literal, parameters), made))
            case _:
                message = "a loop stands as the value of a variable, an output, a property, a resource or a module"
                raise BicepError(message, node.start, node.start + 1, "put it into a `var`", "loop")

    def is_runtime(self, node: Expression, asked: tuple[str, ...] = ()) -> bool:
        """Tell whether a value needs more of a resource or module than its id, name and type."""
        match node:
            case Name(name=name):
                symbol = self.symbols.names.get(name)
                if isinstance(symbol, Variable) and name not in asked:
                    if name not in self._runtime:
                        self._runtime[name] = self.is_runtime(symbol.value, (*asked, name))
                    return self._runtime[name]
                return isinstance(symbol, BoundResource | BoundModule)
            case Member(base=base, name=name) if name in _OF_THE_HEAD and self._is_symbol(base):
                return isinstance(base, Index) and self.is_runtime(base.index, asked)
            case Call(name="reference"):
                return True
        return any(self.is_runtime(child, asked) for child in children(node))

    def _is_symbol(self, node: Expression) -> bool:
        while isinstance(node, Index | Nested):
            node = node.base
        return isinstance(node, Name) and isinstance(self.symbols.names.get(node.name), BoundResource | BoundModule)

    def resolve(self, node: Expression, around: Locals) -> Reference | None:
        """Return the resource or module that a value names, with its round where it is a loop's."""
        if isinstance(node, Name) and node.name not in around.names:
            owner = around.owner
            while owner is not None:
                if node.name in owner.children:
                    return Reference(owner.children[node.name])
                owner = owner.nested_in
            symbol = self.symbols.names.get(node.name)
            return Reference(symbol) if isinstance(symbol, BoundResource | BoundModule) else None
        if isinstance(node, Index) and not node.is_safe:
            found = self.resolve(node.base, around)
            if found is not None and found.target.loop is not None and found.at is None:
                return Reference(found.target, self.tree(node.index, around))
        if isinstance(node, Nested):
            found = self.resolve(node.base, around)
            if found is None or not isinstance(found.target, BoundResource) or node.name not in found.target.children:
                there = list(found.target.children) if found and isinstance(found.target, BoundResource) else []
                hint = f"there are {', '.join(there)}" if there else "there is none inside of it"
                raise BicepError(
                    f"there is no resource `{node.name}` inside", node.end - len(node.name), node.end, hint, "name"
                )
            return Reference(found.target.children[node.name])
        return None

    def _format(self, node: Interpolated, around: Locals) -> Tree:
        pattern = ""
        for index, text in enumerate(node.texts):
            pattern += text.replace("{", "{{").replace("}", "}}")
            if index < len(node.values):
                pattern += f"{{{index}}}"
        return template.Call("format", (template.Literal(pattern), *(self.tree(each, around) for each in node.values)))

    def _name(self, node: Name, around: Locals) -> Tree:
        if node.name in around.names:
            return around.names[node.name]
        found = self.resolve(node, around)
        if found is not None:
            return self._whole(found, node)
        symbol = self.symbols.names.get(node.name)
        if isinstance(symbol, Parameter):
            return template.Call("parameters", (template.Literal(node.name),))
        if isinstance(symbol, Variable):
            if self.is_runtime(node):
                return self._in_place(symbol, node)
            return template.Call("variables", (template.Literal(node.name),))
        # The binder has said so already.
        return template.Call("null", ())

    def _in_place(self, variable: Variable, node: Name) -> Tree:
        """Return the value of a variable where it is used, since variables are computed before there are resources."""
        if variable.name in self._written_out:
            circle = " → ".join(f"`{each}`" for each in (*self._written_out, variable.name))
            raise BicepError(f"the variable needs itself: {circle}", node.start, node.end, "cut the circle", "circle")
        self._written_out.append(variable.name)
        try:
            return self.tree(variable.value, NO_LOCALS)
        finally:
            self._written_out.pop()

    def _whole(self, found: Reference, node: Expression) -> Tree:
        if found.target.loop is not None and found.at is None:
            message = f"`{found.target.symbol}` is a loop of several"
            raise BicepError(message, node.start, node.end, f"name one of them: `{found.target.symbol}[0]`", "loop")
        symbol = self.names.symbolic_name(found)
        if isinstance(found.target, BoundModule):
            return template.Call("reference", (symbol,))
        version = template.Literal(found.target.type.api_version)
        return template.Call("reference", (symbol, version, template.Literal("full")))

    def _array(self, node: Array, around: Locals) -> Tree:
        return self._joined(node.items, around, "createArray", "flatten")

    def _object(self, node: Object, around: Locals) -> Tree:
        if node.resources:
            start = node.resources[0].start
            message = "a resource stands inside of a resource, or in a statement of its own"
            raise BicepError(message, start, start + 1, None, "resource")
        return self._joined(node.items, around, "createObject", "shallowMerge")

    def _joined(self, items: Sequence[Expression | Property | Spread], around: Locals, create: str, join: str) -> Tree:
        """Return what `create` makes of the items; where some are spread, what `join` makes of them and the runs between."""
        groups: list[Tree] = []
        run: list[Tree] = []
        for item in items:
            if isinstance(item, Property):
                run += [self.tree(item.key, around), self.tree(item.value, around)]
            elif not isinstance(item, Spread):
                run.append(self.tree(item, around))
            else:
                if run:
                    groups.append(template.Call(create, tuple(run)))
                    run = []
                groups.append(self.tree(item.value, around))
        if not groups:
            return template.Call(create, tuple(run))
        if run:
            groups.append(template.Call(create, tuple(run)))
        return template.Call(join, (template.Call("createArray", tuple(groups)),))

    def _unary(self, node: Unary, around: Locals) -> Tree:
        if node.operator == "!":
            return template.Call("not", (self.tree(node.operand, around),))
        if isinstance(node.operand, Integer):
            return template.Literal(-node.operand.value)
        return template.Call("sub", (template.Literal(0), self.tree(node.operand, around)))

    def _binary(self, node: Binary, around: Locals) -> Tree:
        for side in (node.left, node.right):
            if node.operator == "+" and isinstance(side, Text | Interpolated):
                hint = "texts are joined by places in a string: '${a}${b}'"
                raise BicepError("`+` adds ints, and this is a text", side.start, side.end, hint, "operator")
        left, right = self.tree(node.left, around), self.tree(node.right, around)
        if node.operator in ("=~", "!~"):
            left, right = template.Call("toLower", (left,)), template.Call("toLower", (right,))
        made = template.Call(_OPERATORS.get(node.operator, "equals"), (left, right))
        return template.Call("not", (made,)) if node.operator in ("!=", "!~") else made

    def _call(self, node: Call, around: Locals) -> Tree:
        if node.name == "any" and len(node.arguments) == 1:
            return self.tree(node.arguments[0], around)
        if node.name == "nameof" and len(node.arguments) == 1:
            argument = node.arguments[0]
            if isinstance(argument, Name | Member | Nested):
                return template.Literal(argument.name)
            raise BicepError("`nameof` takes a name", argument.start, argument.end, None, "arguments")
        if node.name in ("loadTextContent", "loadJsonContent") and node.arguments:
            return self._load(node)
        if node.name == "resourceGroup" and node.arguments:
            message = "another resource group is only the `scope` of an existing resource"
            raise BicepError(message, node.start, node.end, "write resourceGroup()", "arguments")
        return template.Call(node.name, tuple(self.tree(each, around) for each in node.arguments))

    def _access(self, node: Member | Index | Nested, around: Locals) -> Tree:
        found = self.resolve(node, around)
        if found is not None:
            return self._whole(found, node)
        assert not isinstance(node, Nested)
        of_symbol = self.resolve(node.base, around)
        if of_symbol is not None and isinstance(node, Member):
            return self._property(of_symbol, node)
        if isinstance(node, Member) and isinstance(node.base, Member) and node.base.name == "outputs":
            module = self.resolve(node.base.base, around)
            if module is not None and isinstance(module.target, BoundModule):
                outputs = template.Access(self._whole(module, node), template.Literal("outputs"))
                return template.Access(template.Access(outputs, template.Literal(node.name)), template.Literal("value"))
        base = self.tree(node.base, around)
        step: Tree = template.Literal(node.name) if isinstance(node, Member) else self.tree(node.index, around)
        if node.is_safe:
            return template.Call("tryGet", (base, step))
        if isinstance(base, template.Call) and base.name == "tryGet" and isinstance(node.base, Member | Index):
            # Behind a property that may be missing, the whole rest of the chain may be.
            return template.Call("tryGet", (*base.arguments, step))
        return template.Access(base, step)

    def _property(self, found: Reference, node: Member) -> Tree:
        if found.target.loop is not None and found.at is None:
            return template.Access(self._whole(found, node.base), template.Literal(node.name))
        if isinstance(found.target, BoundModule):
            if node.name == "name":
                return self.names.module_name(found)
            return template.Access(self._whole(found, node), template.Literal(node.name))
        if node.name == "id":
            return self.names.identifier(found)
        if node.name == "name":
            return self.names.own_name(found)
        if node.name == "type":
            return template.Literal(found.target.type.name)
        if node.name == "apiVersion":
            return template.Literal(found.target.type.api_version)
        if node.name == "properties" and not node.is_safe:
            return template.Call("reference", (self.names.symbolic_name(found),))
        whole = self._whole(found, node)
        step = template.Literal(node.name)
        return template.Call("tryGet", (whole, step)) if node.is_safe else template.Access(whole, step)
