"""From tokens to the trees of objects, arrays and loops, and of the bodies of resources.

Knows what stands between items, and what is missing where one is faulty. Does not know operators (`expression_parser`).
"""

from abc import abstractmethod
from collections.abc import Callable

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.cursor import Cursor
from tidegate.bicep.lexer import Token
from tidegate.bicep.syntax import Array, Expression, For, If, Interpolated, Object, Property, Resource, Spread, Text

__all__ = ["CollectionParser"]

_DECLARATIONS = ("param", "var", "resource", "module", "output")


class CollectionParser(Cursor):
    """Parses what has items. What a resource inside of an object is, is left to the parser of statements."""

    parse_resource: Callable[[], Resource]
    is_body_next = False
    """Whether the object that comes next is the body of a resource."""

    @abstractmethod
    def expression(self) -> Expression:
        """Parse a value."""

    @abstractmethod
    def interpolated(self) -> Interpolated:
        """Parse a string with places."""

    def unclosed(self, opening: Token, mark: str) -> BicepError:
        """Return an error about a bracket that is not closed, or about what stands before its end."""
        if self.token.kind == "end":
            return BicepError(f"`{opening.text}` is not closed", opening.start, opening.end, f"add `{mark}`")
        hint = f"add a comma or an operator before it, or `{mark}`"
        return self.refusal(f"{self.shown()} has no place here", hint)

    def array(self) -> Array | For:
        """Parse an array or a loop."""
        opening = self.take()
        with self.lines(count=True):
            self.skip_lines()
            if self.is_word("for") and self.ahead().text not in (",", "]", ".", "["):
                return self._for(opening)
            items: list[Expression | Spread] = []
            while not self.is_mark("]"):
                items.append(self._spread() if self.is_mark("...") else self.expression())
                self._separator("]", opening, "array")
        return Array(tuple(items), start=opening.start, end=self.take().end)

    def _spread(self) -> Spread:
        mark = self.take()
        value = self.expression()
        return Spread(value, start=mark.start, end=value.end)

    def _separator(self, closing: str, opening: Token, what: str) -> None:
        """Take what stands between items: a comma, line breaks, or both."""
        if self.is_mark(closing):
            return
        if self.token.kind == "end":
            raise BicepError(f"the {what} is not closed", opening.start, opening.end, f"add `{closing}`")
        if not self.is_mark(",") and self.token.kind != "newline":
            hint = f"write each in its own line, or with a comma between, or add `{closing}`"
            raise self.refusal(f"{self.shown()} has no place here", hint)
        self.skip_lines()
        self.accept(",")
        self.skip_lines()
        if self.next_behind_lines().kind == "end":
            raise BicepError(f"the {what} is not closed", opening.start, opening.end, f"add `{closing}`")

    def _for(self, opening: Token) -> For:
        self.take()
        index: str | None = None
        if self.accept("("):
            item = self._variable_name()
            self.expect(",", "it is `for (item, index) in values`")
            index = self._variable_name()
            self.expect(")")
        else:
            item = self._variable_name()
        if not self.is_word("in"):
            raise self.refusal(f"`in` is missing before {self.shown()}", "a loop is `[for item in values: body]`")
        self.take()
        values = self.expression()
        self.expect(":", "a loop is `[for item in values: body]`")
        self.skip_lines()
        body = self.body()
        self.skip_lines()
        if not self.is_mark("]"):
            raise BicepError("the loop is not closed", opening.start, opening.end, "add `]`")
        return For(item, index, values, body, start=opening.start, end=self.take().end)

    def _variable_name(self) -> str:
        if self.token.kind != "name":
            raise self.refusal(
                f"{self.shown()} stands where a name is wanted", "a loop is `[for item in values: body]`"
            )
        return self.take().text

    def body(self, *, of_resource: bool = True) -> Expression:
        """Parse what a resource or a loop consists of: a value, or one behind `if (condition)`."""
        if self.is_word("if") and self.ahead().text == "(":
            word = self.take()
            opening = self.take()
            with self.lines(count=False):
                condition = self.expression()
                if not self.is_mark(")"):
                    raise self.unclosed(opening, ")")
            self.take()
            self.skip_lines()
            if not self.is_mark("{"):
                raise self.refusal(f"{self.shown()} stands where `{{` is wanted", "it is `if (condition) { ... }`")
            inner = self.object(of_resource=of_resource)
            return If(condition, inner, start=word.start, end=inner.end)
        self.is_body_next = of_resource and self.is_mark("{")
        return self.expression()

    def object(self, *, of_resource: bool = False) -> Object:
        """Parse an object; one of a resource may declare others."""
        opening = self.take()
        items: list[Property | Spread] = []
        resources: list[Resource] = []
        with self.lines(count=True), self.deeper():
            self.skip_lines()
            while not self.is_mark("}"):
                if of_resource and self._begins_resource():
                    resources.append(self.parse_resource())
                elif self.is_mark("..."):
                    items.append(self._spread())
                elif self.is_word(*_DECLARATIONS) and self.ahead().kind == "name":
                    hint = f"add `}}` before `{self.token.text} {self.ahead().text}`"
                    raise BicepError("the object is not closed", opening.start, opening.end, hint)
                else:
                    items.append(self.property())
                self._separator("}", opening, "object")
        _refuse_twice(items)
        return Object(tuple(items), tuple(resources), start=opening.start, end=self.take().end)

    def _begins_resource(self) -> bool:
        return self.is_mark("@") or (self.is_word("resource") and self.ahead().kind == "name")

    def property(self) -> Property:
        """Parse a property of an object."""
        token = self.token
        key: Text | Interpolated
        if token.kind in ("name", "string"):
            self.take()
            key = Text(
                token.value or token.text if token.kind == "name" else token.value, start=token.start, end=token.end
            )
        elif token.kind == "left":
            key = self.interpolated()
        elif token.kind == "end":
            raise self.refusal("the object is not closed", "add `}`")
        else:
            raise self.refusal(f"{self.shown()} stands where a property is wanted", "a property is `name: value`")
        shown = self.token_text(key)
        if not self.is_mark(":"):
            raise self._no_colon(shown)
        self.take()
        if self.token.kind in ("newline", "end"):
            raise self._no_value(key, shown)
        if self.is_mark("}", ","):
            raise self.refusal(f"`{shown}` has no value", f"write it after the colon: `{shown}: ...`")
        value = self.expression()
        return Property(key, value, start=key.start, end=key.end)

    @staticmethod
    def token_text(key: "Text | Interpolated") -> str:
        """Return a key as it is called in a sentence."""
        return key.value if isinstance(key, Text) else "…".join(key.texts)

    def _no_colon(self, shown: str) -> BicepError:
        hint = f"a property is `name: value`; write `{shown}: ...`"
        if self.is_mark("="):
            hint = f"in an object stands a colon: `{shown}: ...`"
        return self.refusal(f"`:` is missing after `{shown}`", hint)

    def _no_value(self, key: "Text | Interpolated", shown: str) -> BicepError:
        following = self.next_behind_lines()
        position = self.position
        self.skip_lines()
        is_property = following.kind in ("name", "string") and self.ahead().text == ":"
        self._position = position
        hint = f"write the value into the same line: `{shown}: ...`"
        if is_property:
            hint = f"an object stands in braces: write `{shown}: {{`, and `}}` behind its last property"
        elif following.text in ("{", "["):
            hint = f"write `{following.text}` into the same line: `{shown}: {following.text}`"
        return BicepError(f"`{shown}` has no value: its line ends after the colon", key.start, key.end, hint)


def _refuse_twice(items: list[Property | Spread]) -> None:
    seen: set[str] = set()
    for item in items:
        if isinstance(item, Property) and isinstance(item.key, Text):
            if item.key.value in seen:
                message = f"the property `{item.key.value}` stands here twice"
                raise BicepError(message, item.start, item.end, "remove one of them")
            seen.add(item.key.value)
