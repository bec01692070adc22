"""From tokens to the tree of an expression, by operator precedence (facts 3.7).

Knows the grammar, which functions exist and how many arguments they take. Does not know what anything evaluates to.
"""

from difflib import get_close_matches

from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.functions import FUNCTIONS, WINDOW_FUNCTIONS
from tidegate.transform.lexer import Token, tokenize
from tidegate.transform.syntax import Binary, Call, Literal, Node, TupleOf, Unary, Variable
from tidegate.transform.values import INTEGER_MAX

__all__ = ["DEPTH_MAX", "parse_expression"]

DEPTH_MAX = 64
"""How deep brackets, calls and operators may nest; a chain of operators from left to right is no nest."""

PRECEDENCE = {
    "||": 1,
    "&&": 2,
    "==": 3,
    "!=": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
    "^": 8,
}
"""How strongly operators bind; those of one strength from left to right (the order of 2026)."""

MINUS_PRECEDENCE = 7
NOT_PRECEDENCE = 9

_WORDS: dict[str, bool] = {"true": True, "false": False}
_NULL = "what is missing or null is `()`"
_MEANT = {"and": "write `&&`", "or": "write `||`", "not": "write `!`", "null": _NULL, "none": _NULL, "nil": _NULL}
"""What words of other languages are written as; they are known in capitals too."""


def parse_expression(text: str, inputs: int) -> Node:
    """Parse an expression that may use `$1` to `$inputs`.

    Raises:
        DeclarationError: it does not parse; names a function or an input that is not there; nests deeper than `DEPTH_MAX`.
    """
    return _Parser(text, inputs).parse()


class _Parser:
    def __init__(self, text: str, inputs: int) -> None:
        self._tokens = tokenize(text)
        self._position = 0
        self._inputs = inputs
        self._depth = 0

    def parse(self) -> Node:
        if self._token.kind == "end":
            raise DeclarationError("the expression is empty", 0, 1, "write a value, such as `$1`")
        node = self._expression(0)
        token = self._token
        if token.kind != "end":
            hint = "an operator is missing before it"
            if token.kind == "close":
                hint = "remove it, or add the bracket that it closes"
            elif token.kind == "comma":
                hint = "a tuple stands in brackets: `(1, 2)`"
            elif token.text.lower() in _MEANT:
                hint = _MEANT[token.text.lower()]
            raise DeclarationError(f"`{token.text}` has no place here", token.offset, token.length, hint)
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        return token

    def _expression(self, weakest: int) -> Node:
        """Parse operands and the operators that bind more strongly than `weakest`."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            token = self._token
            message = f"the expression nests deeper than {DEPTH_MAX} levels"
            raise DeclarationError(message, token.offset, token.length, "split it over several rules")
        node = self._operand()
        while self._token.kind == "operator":
            strength = PRECEDENCE.get(self._token.text)
            if strength is None:
                raise self._refusal(self._token)
            if strength <= weakest:
                break
            operator = self._take()
            node = Binary(operator.text, node, self._expression(strength), operator.place)
        self._depth -= 1
        return node

    def _operand(self) -> Node:
        token = self._take()
        if token.kind in ("int", "float", "string"):
            if token.kind == "int" and isinstance(token.value, int) and token.value > INTEGER_MAX:
                message = f"the integer {token.text} is outside of 64 bits"
                raise DeclarationError(message, token.offset, token.length, "write it with a point to have a float")
            return Literal(token.value)
        if token.kind == "variable":
            return self._variable(token)
        if token.kind == "name":
            return self._name(token)
        if token.kind == "open":
            items = self._until_closed(token)
            if not items:
                return Literal(None)
            return items[0] if len(items) == 1 else TupleOf(items)
        if token.kind == "operator" and token.text == "-":
            return self._minus(token)
        if token.kind == "operator" and token.text == "!":
            return Unary("!", self._expression(NOT_PRECEDENCE - 1), token.place)
        raise self._refusal(token)

    def _minus(self, minus: Token) -> Node:
        token = self._token
        if token.kind == "int" and token.value == INTEGER_MAX + 1:
            self._take()
            return Literal(-INTEGER_MAX - 1)
        operand = self._expression(MINUS_PRECEDENCE)
        # The least integer has no counterpart, so that its minus is left to be an error.
        if isinstance(operand, Literal) and type(operand.value) in (int, float) and operand.value != -INTEGER_MAX - 1:
            return Literal(-operand.value)  # type: ignore[operator]  # a number
        return Unary("-", operand, minus.place)

    def _variable(self, token: Token) -> Node:
        number = token.value
        assert isinstance(number, int)
        if 1 <= number <= self._inputs:
            return Variable(number)
        have = f"there are {self._inputs}" if self._inputs > 1 else "there is one" if self._inputs else "there is none"
        hint = "`$1` is the first of `inputs`" if self._inputs else "add the field to `inputs`"
        raise DeclarationError(f"the input {token.text} does not exist; {have}", token.offset, token.length, hint)

    def _name(self, token: Token) -> Node:
        name = token.text
        if name in _WORDS:
            return Literal(_WORDS[name])
        if self._token.kind != "open" or name.lower() in _MEANT:
            raise DeclarationError(f"`{name}` is no value", token.offset, token.length, _value_meant(name))
        function = FUNCTIONS.get(name)
        if function is None:
            raise self._no_function(token)
        opening = self._take()
        arguments = self._until_closed(opening)
        if not function.least <= len(arguments) <= function.most:
            end = self._tokens[self._position - 1]
            message = f"{name} takes {function.arity}, and has {len(arguments)}"
            length = end.offset + end.length - token.offset
            raise DeclarationError(message, token.offset, length, f"it is `{function.signature}`")
        return Call(function.name, arguments, token.place)

    def _no_function(self, token: Token) -> DeclarationError:
        name = token.text
        if name in WINDOW_FUNCTIONS:
            hint = "it works on windows of a data flow graph; a data flow sees one message at a time"
        else:
            bare = name.rsplit("::", 1)[-1].lower()
            same = [each for each in FUNCTIONS if each.rsplit("::", 1)[-1].lower() == bare]
            near = same or get_close_matches(name, list(FUNCTIONS), n=1)
            hint = f"did you mean `{near[0]}`?" if near else "the reference of expressions lists all functions"
        return DeclarationError(f"there is no function `{name}`", token.offset, token.length, hint)

    def _until_closed(self, opening: Token) -> tuple[Node, ...]:
        """Parse values with commas between them until the bracket closes."""
        items: list[Node] = []
        if self._token.kind == "close":
            self._take()
            return ()
        while True:
            items.append(self._expression(0))
            token = self._take()
            if token.kind == "close":
                return tuple(items)
            if token.kind == "end":
                raise DeclarationError("the bracket is not closed", opening.offset, 1, "add `)`")
            if token.kind != "comma":
                hint = "write a comma between values, an operator, or `)`"
                raise DeclarationError(f"`{token.text}` has no place here", token.offset, token.length, hint)

    def _refusal(self, token: Token) -> DeclarationError:
        if token.kind == "end":
            before = self._tokens[-2]
            hint = f"write a value after `{before.text}`"
            return DeclarationError("the expression ends too early", before.offset, before.length, hint)
        missing = "an operator" if token.text == "!" else "a value"
        hint = f"{missing} is missing before it"
        return DeclarationError(f"`{token.text}` has no place here", token.offset, token.length, hint)


def _value_meant(name: str) -> str:
    """Say how to write what somebody may have meant by a word."""
    lower = name.lower()
    if lower in _MEANT:
        return _MEANT[lower]
    if lower in _WORDS:
        return f"write `{lower}`"
    if name in FUNCTIONS:
        return f"a function is called with brackets: `{name}(...)`"
    return f'a text stands in quotes: `"{name}"`; a field is listed in `inputs` and written `$1`'
