"""The names and ids of resources, as expressions: their own, and those of all that they are inside of.

Knows `parent`, resources inside of resources, loops, and scopes of existing ones. Does not know other properties.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.local_names import Locals
from tidegate.bicep.symbols import BoundModule, BoundResource
from tidegate.bicep.syntax import Call, Expression, For, Property
from tidegate.templates import expression_syntax as template

if TYPE_CHECKING:
    from tidegate.bicep.expression_emitter import ExpressionEmitter

__all__ = ["Reference", "ResourceNames", "copy_index"]

Tree = template.Expression

PARENTS_MAX = 16


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource or module, of a loop the round `at`."""

    target: BoundResource | BoundModule
    at: Tree | None = None


def copy_index(name: str) -> Tree:
    """Return the round of a loop that is being made."""
    return template.Call("copyIndex", (template.Literal(name),))


class ResourceNames:
    """Makes names and ids."""

    def __init__(self, emitter: "ExpressionEmitter") -> None:
        self._emitter = emitter
        self._named: list[BoundResource] = []

    def inside(self, target: BoundResource | BoundModule, at: Tree | None) -> Locals:
        """Return what names mean in the body of a resource or module, of a loop in the round `at`."""
        owner = target if isinstance(target, BoundResource) else None
        if target.loop is None:
            return Locals({}, owner)
        return Locals({}, owner).with_names(self.round_names(target.loop, at or copy_index(target.symbol), Locals({})))

    def round_names(self, loop: For, at: Tree, around: Locals) -> dict[str, Tree]:
        """Return what the names of a loop stand for in a round."""
        names = {loop.item: template.Access(self._emitter.tree(loop.values, around), at)}
        return {**names, loop.index: at} if loop.index is not None else dict(names)

    def symbolic_name(self, found: Reference) -> Tree:
        """Return by what `reference` finds it."""
        if found.at is None:
            return template.Literal(found.target.symbol)
        return template.Call("format", (template.Literal(f"{found.target.symbol}[{{0}}]"), found.at))

    def own_name(self, found: Reference) -> Tree:
        """Return the name that the resource itself says."""
        target = found.target
        assert isinstance(target, BoundResource)
        written = _property(target, "name")
        if target in self._named:
            raise BicepError("the name of the resource needs itself", written.start, written.end, None, "circle")
        self._named.append(target)
        try:
            return self._emitter.tree(written, self.inside(target, found.at))
        finally:
            self._named.pop()

    def parent(self, found: Reference) -> Reference | None:
        """Return what it is inside of, by its place or by `parent`."""
        target = found.target
        assert isinstance(target, BoundResource)
        if target.nested_in is not None:
            return Reference(target.nested_in)
        written = target.body.get("parent")
        if written is None:
            return None
        parent = self._emitter.resolve(written.value, self.inside(target, found.at))
        if parent is None or not isinstance(parent.target, BoundResource):
            value = written.value
            raise BicepError(
                "`parent` is a resource of this file", value.start, value.end, "write its name", "resource"
            )
        expected = target.type.name.rpartition("/")[0]
        if parent.target.type.name and expected.lower() != parent.target.type.name.lower():
            message = f"the parent of {target.type.name} is of type {expected}, and this is {parent.target.type.name}"
            raise BicepError(message, written.value.start, written.value.end, None, "resource")
        return parent

    def segments(self, found: Reference, depth: int = 0) -> list[Tree]:
        """Return a name for each part of the type, as far as they can be told apart."""
        target = found.target
        assert isinstance(target, BoundResource)
        if depth > PARENTS_MAX:
            start = target.declaration.name_start
            raise BicepError("the resource is its own parent", start, start + 1, "cut the circle", "resource")
        parent = self.parent(found)
        own = self.own_name(found)
        if parent is not None:
            if isinstance(own, template.Literal) and "/" in str(own.value):
                written = _property(target, "name")
                message = "the name of a resource with a parent has no `/`"
                raise BicepError(message, written.start, written.end, "write the last part alone", "resource")
            return [*self.segments(parent, depth + 1), own]
        count = target.type.name.count("/")
        if count <= 1:
            return [own]
        if isinstance(own, template.Literal):
            return [template.Literal(part) for part in str(own.value).split("/")]
        parts = template.Call("split", (own, template.Literal("/")))
        return [template.Access(parts, template.Literal(index)) for index in range(count)]

    def full_name(self, found: Reference) -> Tree:
        """Return the whole name, with a slash between parts."""
        if self.parent(found) is None:
            return self.own_name(found)
        parts = self.segments(found)
        if all(isinstance(part, template.Literal) for part in parts):
            return template.Literal("/".join(str(part.value) for part in parts if isinstance(part, template.Literal)))
        pattern = "/".join(f"{{{index}}}" for index in range(len(parts)))
        return template.Call("format", (template.Literal(pattern), *parts))

    def identifier(self, found: Reference) -> Tree:
        """Return its id."""
        assert isinstance(found.target, BoundResource)
        first = self.scope(found)
        return template.Call("resourceId", (*first, template.Literal(found.target.type.name), *self.segments(found)))

    def scope(self, found: Reference) -> tuple[Tree, ...]:
        """Return the resource group, with its subscription where that is said, of an existing resource elsewhere."""
        outermost = found
        for _ in range(PARENTS_MAX):
            parent = self.parent(outermost)
            if parent is None:
                break
            outermost = parent
        assert isinstance(outermost.target, BoundResource)
        written = outermost.target.body.get("scope")
        if written is None:
            return ()
        value = written.value
        if not outermost.target.declaration.is_existing:
            message = "a resource in another scope is not supported: Tidegate has one resource group"
            raise BicepError(message, written.start, written.end, "remove `scope`", "resource")
        if not isinstance(value, Call) or value.name != "resourceGroup" or not 1 <= len(value.arguments) <= 2:
            hint = "write resourceGroup('name'), or resourceGroup('subscription', 'name')"
            raise BicepError("this scope is not supported", value.start, value.end, hint, "resource")
        around = self.inside(outermost.target, outermost.at)
        return tuple(self._emitter.tree(each, around) for each in value.arguments)

    def module_name(self, found: Reference) -> Tree:
        """Return the name of a module's deployment."""
        target = found.target
        assert isinstance(target, BoundModule)
        written = target.body.get("name")
        if written is not None:
            return self._emitter.tree(written.value, self.inside(target, found.at))
        deployment = template.Access(template.Call("deployment", ()), template.Literal("name"))
        unique = template.Call("uniqueString", (template.Literal(target.symbol), deployment))
        if target.loop is None:
            return template.Call("format", (template.Literal("{0}-{1}"), template.Literal(target.symbol), unique))
        at = found.at or copy_index(target.symbol)
        return template.Call("format", (template.Literal("{0}-{1}-{2}"), template.Literal(target.symbol), at, unique))


def _property(target: BoundResource, name: str) -> Expression:
    written: Property | None = target.body.get(name)
    if written is None:
        start = target.declaration.name_start
        raise BicepError(f"the resource has no {name}", start, start + 1, None, "resource")
    return written.value
