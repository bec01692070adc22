"""From tokens to the tree of a value: operators by precedence, objects, arrays, loops, lambdas.

Knows the grammar of values. Does not know statements (`parser`), names or functions (`binder`).
"""

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.collection_parser import CollectionParser
from tidegate.bicep.cursor import DEPTH_MAX
from tidegate.bicep.lexer import Token
from tidegate.bicep.syntax import (
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
    Ternary,
    Text,
    Unary,
)

__all__ = ["PRECEDENCE", "ExpressionParser"]

PRECEDENCE = {
    "??": 1,
    "||": 2,
    "&&": 3,
    "==": 4,
    "!=": 4,
    "=~": 4,
    "!~": 4,
    "<": 5,
    "<=": 5,
    ">": 5,
    ">=": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "%": 7,
}
"""How strongly operators bind; those of one strength from left to right."""

_NAMESPACES = ("az", "sys")


class ExpressionParser(CollectionParser):
    """Parses values."""

    def expression(self) -> Expression:
        """Parse a value."""
        with self.deeper():
            condition = self._binary(0)
            if not self._comes("?"):
                return condition
            self.skip_lines()
            self.take()
            self.skip_lines()
            then = self.expression()
            self.skip_lines()
            self.expect(":", "a condition is `condition ? then : otherwise`")
            self.skip_lines()
            otherwise = self.expression()
            return Ternary(condition, then, otherwise, start=condition.start, end=otherwise.end)

    def _comes(self, mark: str) -> bool:
        token = self.next_behind_lines()
        return token.kind == "mark" and token.text == mark

    def _binary(self, weakest: int) -> Expression:
        left = self._unary()
        count = 0
        while self.token.kind == "mark" and PRECEDENCE.get(self.token.text, 0) > weakest:
            count += 1
            if count > DEPTH_MAX:
                raise self.refusal(f"more than {DEPTH_MAX} operators follow each other", "put parts into variables")
            operator = self.take().text
            following = self.token
            if following.kind == "newline":
                raise self.refusal(f"a value is missing after `{operator}`", "go on in the same line, or use brackets")
            with self.deeper():
                right = self._binary(PRECEDENCE[operator])
            left = Binary(operator, left, right, start=left.start, end=right.end)
        if self.is_mark("=") and self.ahead().text == "=":
            raise self.refusal("`= =` is no operator", "write `==`")
        return left

    def _unary(self) -> Expression:
        if self.is_mark("!", "-"):
            token = self.take()
            with self.deeper():
                operand = self._unary()
            return Unary(token.text, operand, start=token.start, end=operand.end)
        return self._accessed(self._operand())

    def _operand(self) -> Expression:
        token = self.token
        if token.kind in ("string", "multiline"):
            self.take()
            return Text(token.value, token.is_plain and token.kind == "string", start=token.start, end=token.end)
        if token.kind == "left":
            return self.interpolated()
        if token.kind == "int":
            self.take()
            return Integer(int(token.text), start=token.start, end=token.end)
        if token.kind == "name":
            return self._named()
        if self.is_mark("{"):
            is_body, self.is_body_next = self.is_body_next, False
            return self.object(of_resource=is_body)
        if self.is_mark("["):
            return self.array()
        if self.is_mark("("):
            return self._parenthesised()
        raise self.refusal(f"{self.shown()} stands where a value is wanted", "write a value here")

    def interpolated(self) -> Interpolated:
        """Parse a string with places."""
        first = self.take()
        texts, values = [first.value], []
        while True:
            with self.lines(count=False):
                values.append(self.expression())
                token = self.token
            if token.kind not in ("middle", "right"):
                raise self.refusal(f"{self.shown()} stands where the place in the string ends", "add `}`")
            self.take()
            texts.append(token.value)
            if token.kind == "right":
                return Interpolated(tuple(texts), tuple(values), start=first.start, end=token.end)

    def _named(self) -> Expression:
        token = self.take()
        if token.text in ("true", "false"):
            return Boolean(token.text == "true", start=token.start, end=token.end)
        if token.text == "null":
            return Null(start=token.start, end=token.end)
        if self.is_mark("=>"):
            self.take()
            self.skip_lines()
            body = self.expression()
            return Lambda((token.text,), body, start=token.start, end=body.end)
        if self.is_mark("("):
            return self._call(token, None, token.start)
        return Name(token.text, start=token.start, end=token.end)

    def _call(self, name: Token, namespace: str | None, start: int) -> Call:
        opening = self.take()
        arguments: list[Expression] = []
        with self.lines(count=False):
            while not self.is_mark(")"):
                arguments.append(self.expression())
                if not self.accept(","):
                    break
            if not self.is_mark(")"):
                raise self.unclosed(opening, ")")
        end = self.take().end
        return Call(name.text, tuple(arguments), namespace, name.start, start=start, end=end)

    def _parenthesised(self) -> Expression:
        parameters = self._lambda_parameters()
        opening = self.take()
        if parameters is not None:
            with self.lines(count=False):
                while not self.accept(")"):
                    self.take()
            self.expect("=>")
            self.skip_lines()
            body = self.expression()
            return Lambda(parameters, body, start=opening.start, end=body.end)
        with self.lines(count=False):
            inner = self.expression()
            if not self.is_mark(")"):
                raise self.unclosed(opening, ")")
        self.take()
        return inner

    def _lambda_parameters(self) -> tuple[str, ...] | None:
        """Return the names between brackets that `=>` follows; None where none does."""
        names: list[str] = []
        position = self.position + 1
        while self.token_at(position).kind == "name":
            names.append(self.token_at(position).text)
            position += 1
            if self.token_at(position).text == ",":
                position += 1
        if self.token_at(position).text == ")" and self.token_at(position + 1).text == "=>":
            return tuple(names)
        return None

    def _accessed(self, base: Expression) -> Expression:
        count = 0
        while self.is_mark(".", "[", "::", "!"):
            count += 1
            if count > DEPTH_MAX:
                raise self.refusal(f"more than {DEPTH_MAX} properties follow each other", "put parts into variables")
            mark = self.take()
            if mark.text == "!":
                base = NonNull(base, start=base.start, end=mark.end)
            elif mark.text == "[":
                base = self._indexed(base, mark)
            else:
                base = self._member(base, mark)
        return base

    def _indexed(self, base: Expression, opening: Token) -> Index:
        with self.lines(count=False):
            is_safe = self.accept("?")
            index = self.expression()
            if not self.is_mark("]"):
                raise self.unclosed(opening, "]")
        return Index(base, index, is_safe, start=base.start, end=self.take().end)

    def _member(self, base: Expression, mark: Token) -> Expression:
        is_safe = mark.text == "." and self.accept("?")
        token = self.token
        if token.kind != "name":
            raise self.refusal(f"a name is missing after `{mark.text}`", "a property with another name is ['name']")
        self.take()
        if mark.text == "::":
            return Nested(base, token.text, start=base.start, end=token.end)
        if self.is_mark("("):
            if isinstance(base, Name) and base.name in _NAMESPACES:
                return self._call(token, base.name, base.start)
            hint = f"a function takes the value as an argument: `{token.text}(...)`"
            raise BicepError(f"values have no method `{token.text}`", token.start, token.end, hint)
        return Member(base, token.text, is_safe, token.start, start=base.start, end=token.end)
