"""From the text of an expression to its tree: `[concat(parameters('a'), '-b')]`.

Knows the grammar and its bounds. Does not know any function.
"""

import re
from typing import NamedTuple

from tidegate.templates.expression_syntax import Access, Call, Expression, Literal
from tidegate.templates.limits import DEPTH_MAX, EXPRESSION_CHARACTERS_MAX
from tidegate.templates.template_error import TemplateError

__all__ = ["is_expression", "parse_expression", "unescaped"]

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<string>'(?:[^']|'')*')
    | (?P<int>[+-]?[0-9]+)
    | (?P<name>[A-Za-z_$][\w$]*)
    | (?P<mark>[()\[\],.?])
    """,
    re.VERBOSE,
)
_MEANT = {
    '"': "a string stands in single quotes",
    "+": "use `add`, or `concat` to join strings",
    "-": "use `sub`",
    "*": "use `mul`",
    "/": "use `div`",
    "=": "use `equals`",
    "!": "use `not`",
    "&": "use `and`",
    "|": "use `or`",
    "<": "use `less` or `lessOrEquals`",
    ">": "use `greater` or `greaterOrEquals`",
    "{": "use `createObject`",
    "'": "the string is not closed: add `'`, and write a quote inside of it twice",
}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def is_expression(text: str) -> bool:
    """Tell whether a string is an expression: in brackets, of which the first is not doubled."""
    return len(text) > 2 and text[0] == "[" and text[1] != "[" and text[-1] == "]"


def unescaped(text: str) -> str:
    """Return a string that is no expression without the bracket that says so."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


def parse_expression(text: str) -> Expression:
    """Parse an expression with its brackets. Offsets count from the opening one.

    Raises:
        TemplateError: it does not parse, is longer than `EXPRESSION_CHARACTERS_MAX` or deeper than `DEPTH_MAX`.
    """
    if len(text) > EXPRESSION_CHARACTERS_MAX:
        message = f"the expression has {len(text)} characters; allowed are {EXPRESSION_CHARACTERS_MAX}"
        raise TemplateError(message, "put parts of it into variables")
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text[:-1], 1))
        self._tokens.append(_Token("end", "]", len(text) - 1))
        self._position = 0
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._expression()
        token = self._token
        if token.kind != "end":
            hint = "an operator is a function here: `add`, `equals`, `if` …" if token.kind == "int" else None
            raise TemplateError(f"`{token.text}` has no place here", hint, token.start, len(token.text))
        return expression

    @property
    def _token(self) -> _Token:
        return self._tokens[self._position]

    def _take(self) -> _Token:
        token = self._tokens[self._position]
        self._position += token.kind != "end"
        return token

    def _is(self, mark: str) -> bool:
        return self._token.kind == "mark" and self._token.text == mark

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            message = f"the expression nests deeper than {DEPTH_MAX} levels"
            raise TemplateError(message, "put parts of it into variables", self._token.start)
        expression = self._accessed(self._operand())
        self._depth -= 1
        return expression

    def _operand(self) -> Expression:
        token = self._take()
        if token.kind == "string":
            return Literal(token.text[1:-1].replace("''", "'"), token.start, token.end)
        if token.kind == "int":
            if len(token.text) > 20 or not -(2**63) <= int(token.text) < 2**63:
                raise TemplateError(
                    f"the int {token.text[:24]} is outside of 64 bits", None, token.start, len(token.text)
                )
            return Literal(int(token.text), token.start, token.end)
        if token.kind == "name":
            return self._call(token)
        if token.kind == "end":
            raise TemplateError("the expression ends too early", "a value is missing here", token.start)
        raise TemplateError(f"`{token.text}` has no place here", "a value is missing before it", token.start)

    def _call(self, first: _Token) -> Expression:
        name = first.text
        while self._is(".") and self._tokens[self._position + 1].kind == "name":
            self._take()
            name += "." + self._take().text
        if not self._is("("):
            length = self._tokens[self._position - 1].end - first.start
            hint = f"a function is called with brackets, as `parameters('{name}')`; a text stands in single quotes"
            if name in ("true", "false", "null"):
                hint = f"write `{name}()`"
            raise TemplateError(f"`{name}` is no value", hint, first.start, length)
        opening = self._take()
        arguments: list[Expression] = []
        if self._is(")"):
            return Call(name, (), first.start, self._take().end)
        while True:
            arguments.append(self._expression())
            token = self._take()
            if token.kind == "mark" and token.text == ")":
                return Call(name, tuple(arguments), first.start, token.end)
            if token.kind == "end":
                raise TemplateError("the bracket is not closed", "add `)`", opening.start)
            if token.kind != "mark" or token.text != ",":
                hint = "write a comma between arguments, or `)`"
                raise TemplateError(f"`{token.text}` has no place here", hint, token.start, len(token.text))

    def _accessed(self, base: Expression) -> Expression:
        start = base.start
        steps = 0
        while self._is(".") or self._is("["):
            steps += 1
            if steps > DEPTH_MAX:
                message = f"more than {DEPTH_MAX} properties follow each other"
                raise TemplateError(message, "put parts of it into variables", self._token.start)
            if self._take().text == ".":
                token = self._take()
                if token.kind != "name":
                    raise TemplateError("a property's name is missing after `.`", None, token.start)
                base = Access(base, Literal(token.text, token.start, token.end), start, token.end)
                continue
            index = self._expression()
            token = self._take()
            if token.kind != "mark" or token.text != "]":
                raise TemplateError("the bracket is not closed", "add `]`", index.end)
            base = Access(base, index, start, token.end)
        return base


def _tokens(text: str, position: int) -> list[_Token]:
    found: list[_Token] = []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            character = text[position]
            message = f"`{character}` has no meaning here"
            raise TemplateError(message, _MEANT.get(character), position)
        if match.lastgroup != "blank":
            found.append(_Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    return found
