"""From the text of a Bicep file to its tree; from one that is none, to what is wrong.

Knows the grammar of statements and types. Does not know names, functions or resource types (`binder`).
"""

from dataclasses import dataclass

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.expression_parser import ExpressionParser
from tidegate.bicep.lexer import Token, tokenize
from tidegate.bicep.syntax import (
    Boolean,
    Call,
    Decorator,
    File,
    Integer,
    Metadata,
    Module,
    Null,
    Output,
    Parameter,
    ParameterValue,
    Property,
    Resource,
    Statement,
    TargetScope,
    Text,
    Using,
    Variable,
)
from tidegate.bicep.type_syntax import (
    ArrayType,
    LiteralType,
    NamedType,
    NullableType,
    ObjectType,
    Type,
    TypeProperty,
    UnionType,
)
from tidegate.resources.findings import closest, enumerate_words

__all__ = ["Parsed", "parse"]

ERRORS_MAX = 50
"""How many statements that do not parse are told; what follows is not read."""

_STATEMENT_TOKENS_MAX = 20_000
_KEYWORDS = ("param", "var", "resource", "module", "output", "targetScope", "metadata", "using")
_REFUSED = {
    "type": "types of your own are not supported: write out the type of each parameter",
    "func": "functions of your own are not supported: write out what they compute",
    "import": "imports are not supported: use a module",
    "extension": "extensions are not supported",
    "provider": "extensions are not supported",
    "extends": "parameter files that build on each other are not supported: write all values into one",
    "assert": "assertions are not supported",
}
_PLACE_OF_FRAGMENT = (
    "it belongs into a resource: `resource endpoint "
    "'Microsoft.IoTOperations/instances/dataflowEndpoints@2024-11-01' = { ... properties: { ... } }`"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as far as it could be read. `fragments` are properties that stand outside of every resource; `broken_names`
    are those of declarations that do not parse.
    """

    file: File
    errors: tuple[BicepError, ...]
    fragments: tuple[Property, ...] = ()
    broken_names: frozenset[str] = frozenset()


def parse(text: str) -> Parsed:
    """Parse a file. What is wrong with one statement spoils no other."""
    try:
        tokens = tokenize(text)
    except BicepError as error:
        return Parsed(File(()), (error,))
    return _Parser(tokens).parse()


class _Parser(ExpressionParser):
    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.parse_resource = self._inner_resource
        self._errors: list[BicepError] = []
        self._fragments: list[Property] = []
        self._broken: set[str] = set()

    def parse(self) -> Parsed:
        statements: list[Statement] = []
        self.skip_lines()
        while self.token.kind != "end":
            begin = self.position
            try:
                statement = self._statement()
                if statement is not None:
                    statements.append(statement)
                if self.token.kind not in ("newline", "end"):
                    raise self.refusal(f"{self.shown()} has no place here", "a statement ends with its line")
            except BicepError as error:
                self._errors.append(error)
                if len(self._errors) >= ERRORS_MAX:
                    break
                self.restart(self._next_statement(begin))
                self._broken |= self._names_between(begin, self.position)
            self.skip_lines()
        return Parsed(File(tuple(statements)), tuple(self._errors), tuple(self._fragments), frozenset(self._broken))

    def _names_between(self, begin: int, end: int) -> set[str]:
        """Return what was declared between two tokens."""
        return {
            self.token_at(position + 1).text
            for position in range(begin, end)
            if self.token_at(position).text in _KEYWORDS and self.token_at(position + 1).kind == "name"
        }

    def _next_statement(self, begin: int) -> int:
        """Return where the next statement begins; indentation says nothing about that.

        It is the first outside of the braces that opened meanwhile; where one of those is not closed, the first that has not
        been read.
        """
        open_braces = 0
        position = begin + 1
        while (token := self.token_at(position)).kind != "end" and position < begin + _STATEMENT_TOKENS_MAX:
            if token.kind == "mark":
                open_braces = max(0, open_braces + (token.text in "{[") - (token.text in "}]"))
            elif not open_braces and self._begins_statement(position):
                return position
            position += 1
        position = max(begin, self.position - 1)
        while self.token_at(position).kind != "end" and not self._begins_statement(position):
            position += 1
        return position

    def _begins_statement(self, position: int) -> bool:
        """Tell whether a line ends at a token, and a statement begins in the next."""
        if self.token_at(position).kind != "newline":
            return False
        word, following = self.token_at(position + 1), self.token_at(position + 2)
        if word.text in (*_KEYWORDS, *_REFUSED):
            return following.kind in ("name", "string") or following.text in ("*", "=")
        return word.text == "@"

    def _statement(self) -> Statement | None:
        decorators = self._decorators()
        token = self.token
        if token.kind != "name":
            hint = f"a statement begins with {enumerate_words(_KEYWORDS)}"
            raise self.refusal(f"{self.shown()} begins no statement", hint)
        if self.ahead().text == ":":
            self._fragment()
            return None
        if token.text in _REFUSED and (self.ahead().kind in ("name", "string") or self.ahead().text in ("*", "{")):
            raise self.refusal(f"`{token.text}`: {_REFUSED[token.text]}")
        if token.text not in _KEYWORDS:
            near = closest(token.text, _KEYWORDS)
            hint = f"did you mean `{near}`?" if near else f"a statement begins with {enumerate_words(_KEYWORDS)}"
            raise self.refusal(f"`{token.text}` begins no statement", hint)
        if token.text == "targetScope":
            return self._target_scope()
        if token.text == "using":
            self.take()
            path = self._text("a path in quotes, such as './main.bicep'")
            return Using(path, start=token.start, end=path.end)
        return self._declaration(decorators)

    def _fragment(self) -> None:
        """Read a property that stands outside, so that what is wrong inside of it is told too."""
        token = self.token
        message = f"`{token.text}:` is a property, and stands outside of every resource"
        self._errors.append(BicepError(message, token.start, token.end, _PLACE_OF_FRAGMENT, "fragment"))
        self._fragments.append(self.property())

    def _decorators(self) -> tuple[Decorator, ...]:
        made: list[Decorator] = []
        while self.is_mark("@"):
            mark = self.take()
            value = self.expression()
            if not isinstance(value, Call):
                hint = "a decorator is called with brackets: `@secure()`, `@description('...')`"
                raise BicepError("this is no decorator", value.start, value.end, hint)
            made.append(Decorator(value, start=mark.start, end=value.end))
            if self.token.kind == "newline":
                self.skip_lines()
            if self.token.kind == "end":
                raise BicepError("the decorator stands before nothing", mark.start, value.end, "write what it is about")
        return tuple(made)

    def _target_scope(self) -> TargetScope:
        word = self.take()
        self.expect("=", "it is `targetScope = 'resourceGroup'`")
        value = self.expression()
        return TargetScope(value, start=word.start, end=value.end)

    def _declaration(self, decorators: tuple[Decorator, ...]) -> Statement:
        word = self.take()
        if self.token.kind != "name":
            raise self.refusal(f"a name is missing after `{word.text}`", f"it is `{word.text} name ...`")
        name = self.take()
        start = decorators[0].start if decorators else word.start
        return self._named_declaration(word.text, name, decorators, start)

    def _named_declaration(self, word: str, name: Token, decorators: tuple[Decorator, ...], start: int) -> Statement:
        common = {"name": name.text, "decorators": decorators, "name_start": name.start, "start": start}
        if word == "param":
            return self._parameter(name, decorators, start)
        if word == "output":
            declared = self._declared_type(f"output {name.text}")
            self._equals(f"output {name.text} ...")
            value = self.body()
            return Output(type=declared, value=value, end=value.end, **common)  # type: ignore[arg-type]
        if word == "resource":
            return self._resource(name, decorators, start)
        if word == "module":
            path = self._text("the path of a file in quotes, such as './part.bicep'")
            self._equals(f"module {name.text} '...'")
            body = self.body(of_resource=False)
            return Module(path=path, body=body, end=body.end, **common)  # type: ignore[arg-type]
        if word == "var" and not self.is_mark("="):
            self._type()
        self._equals(f"{word} {name.text}")
        value = self.body()
        kind = Metadata if word == "metadata" else Variable
        return kind(value=value, end=value.end, **common)  # type: ignore[arg-type]

    def _parameter(self, name: Token, decorators: tuple[Decorator, ...], start: int) -> Parameter | ParameterValue:
        if self.accept("="):
            value = self.expression()
            return ParameterValue(
                name=name.text, decorators=decorators, value=value, name_start=name.start, start=start, end=value.end
            )
        declared = self._declared_type(f"param {name.text}")
        default = self.expression() if self.accept("=") else None
        end = (default or declared).end
        return Parameter(
            name=name.text,
            decorators=decorators,
            type=declared,
            default=default,
            name_start=name.start,
            start=start,
            end=end,
        )

    def _inner_resource(self) -> Resource:
        decorators = self._decorators()
        token = self.token
        if not self.is_word("resource"):
            raise self.refusal(f"{self.shown()} has no place here", "a decorator stands before `resource`")
        self.take()
        if self.token.kind != "name":
            raise self.refusal("a name is missing after `resource`", "it is `resource name 'type@version' = { ... }`")
        name = self.take()
        return self._resource(name, decorators, decorators[0].start if decorators else token.start)

    def _resource(self, name: Token, decorators: tuple[Decorator, ...], start: int) -> Resource:
        declared = self._text("a type in quotes, such as 'Microsoft.IoTOperations/instances@2024-11-01'")
        is_existing = self.is_word("existing")
        if is_existing:
            self.take()
        self._equals(f"resource {name.text} '...'" + (" existing" if is_existing else ""))
        if self.token.kind == "newline" and self.next_behind_lines().text in ("{", "["):
            raise self.refusal("the line ends after `=`", f"write `{self.next_behind_lines().text}` into the same line")
        body = self.body()
        return Resource(
            name=name.text,
            decorators=decorators,
            type=declared,
            body=body,
            is_existing=is_existing,
            name_start=name.start,
            start=start,
            end=body.end,
        )

    def _equals(self, before: str) -> None:
        hint = f"it is `{before} = ...`"
        if self.is_mark(":"):
            hint = f"a declaration has `=`: `{before} = ...`"
        self.expect("=", hint)

    def _text(self, wanted: str) -> Text:
        token = self.token
        if token.kind != "string":
            what = "a string with places" if token.kind == "left" else self.shown()
            raise self.refusal(f"{what} stands where {wanted.partition(',')[0]} is wanted", f"write {wanted}")
        self.take()
        return Text(token.value, token.is_plain, start=token.start, end=token.end)

    def _declared_type(self, before: str) -> Type:
        if self.is_mark("=") or self.token.kind in ("newline", "end"):
            hint = f"write `{before} string`, or int, bool, object or array"
            raise self.refusal(f"the type is missing after `{before}`", hint)
        return self._type()

    def _type(self) -> Type:
        with self.deeper():
            self.accept("|")
            members = [self._type_member()]
            while self._comes("|"):
                self.skip_lines()
                self.take()
                self.skip_lines()
                members.append(self._type_member())
        if len(members) == 1:
            return members[0]
        return UnionType(tuple(members), start=members[0].start, end=members[-1].end)

    def _type_member(self) -> Type:
        made = self._simple_type()
        while self.is_mark("[", "?"):
            mark = self.take()
            if mark.text == "?":
                made = NullableType(made, start=made.start, end=mark.end)
            else:
                end = self.expect("]", "an array's type is `string[]`").end
                made = ArrayType(made, start=made.start, end=end)
        return made

    def _simple_type(self) -> Type:
        token = self.token
        if self.is_mark("("):
            self.take()
            with self.lines(count=False):
                inner = self._type()
                self.expect(")")
            return inner
        if self.is_mark("{"):
            return self._object_type()
        if token.kind == "name" and token.text not in ("true", "false", "null"):
            self.take()
            return NamedType(token.text, start=token.start, end=token.end)
        if token.kind in ("name", "string", "int"):
            self.take()
            value: Text | Integer | Boolean | Null = Text(token.value, token.is_plain, start=token.start, end=token.end)
            if token.kind == "int":
                value = Integer(int(token.text), start=token.start, end=token.end)
            elif token.text == "null":
                value = Null(start=token.start, end=token.end)
            elif token.kind == "name":
                value = Boolean(token.text == "true", start=token.start, end=token.end)
            return LiteralType(value, start=token.start, end=token.end)
        raise self.refusal(
            f"{self.shown()} stands where a type is wanted", "types are string, int, bool, object and array"
        )

    def _object_type(self) -> ObjectType:
        opening = self.take()
        properties: list[TypeProperty] = []
        with self.lines(count=True), self.deeper():
            self.skip_lines()
            while not self.is_mark("}"):
                self._decorators()
                token = self.token
                if token.kind not in ("name", "string"):
                    raise self.refusal(f"{self.shown()} stands where a property is wanted", "it is `name: type`")
                self.take()
                self.expect(":", "it is `name: type`")
                key = token.value if token.kind == "string" else token.text
                properties.append(TypeProperty(key, self._type(), start=token.start, end=token.end))
                self._separator("}", opening, "type")
        return ObjectType(tuple(properties), start=opening.start, end=self.take().end)
