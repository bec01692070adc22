"""From the text of an expression to its tokens (facts 3.7 and 3.8).

Knows which characters make a token. Does not know what may follow what (`parser`).
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

from tidegate.transform.declaration_error import DeclarationError

__all__ = ["EXPRESSION_CHARACTERS_MAX", "Token", "TokenKind", "tokenize"]

EXPRESSION_CHARACTERS_MAX = 8_192

TokenKind = Literal["int", "float", "string", "variable", "name", "operator", "open", "close", "comma", "end"]

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+ | //[^\n]* | /\*.*?\*/)
    | (?P<float>(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)? | \d+[eE][+-]?\d+)
    | (?P<int>0[xX][0-9a-fA-F]+ | \d+)
    | (?P<string>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')
    | (?P<variable>\$\d+)
    | (?P<name>[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)
    | (?P<foreign>===|!==|=>|=<|<>|\*\*)
    | (?P<operator>&&|\|\||==|!=|<=|>=|/(?!\*)|[-+*%^<>!])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<comma>,)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_MEANT = {
    "=": "to compare, write `==`",
    "&": "write `&&`",
    "|": "write `||`",
    "?": "a condition is `if(condition, then, else)`; `? $last` belongs to an input",
    "{": "an expression computes with numbers, texts, booleans and tuples",
    "[": "there is no index; a tuple is written `(1, 2, 3)`, and `len`, `min`, `max` and `contains` take one",
    ";": "remove it: an expression is one value",
    "≥": "write `>=`",
    "≤": "write `<=`",
    "≠": "write `!=`",
    "×": "write `*`",
    "·": "write `*`",
    "÷": "write `/`",
    "−": "write `-`",
    "–": "write `-`",
    "“": 'write straight quotes: `"`',
    "”": 'write straight quotes: `"`',
    "„": 'write straight quotes: `"`',
    "‘": "write straight quotes: `'`",
    "’": "write straight quotes: `'`",
    "@": "list the field in `inputs` and write `$1` for the first",
    ".": "list the whole path, such as `oven.temperature`, in `inputs`, and write `$1` for the first",
}
_FOREIGN = {"===": "==", "!==": "!=", "=>": ">=", "=<": "<=", "<>": "!=", "**": "^"}
_WORDS_OF_IT = "there are inputs such as `$1`, numbers, texts in quotes, functions, brackets and operators"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text, where it begins, and for literals their value."""

    kind: TokenKind
    text: str
    offset: int
    value: int | float | str | None = None

    @property
    def length(self) -> int:
        """How many characters it has, at least 1."""
        return max(1, len(self.text))

    @property
    def place(self) -> tuple[int, int]:
        """Where it is: its offset and its length."""
        return self.offset, self.length


def tokenize(text: str) -> list[Token]:
    """Return the tokens of an expression, the last of the kind `end`.

    Raises:
        DeclarationError: a character, a number or a text that is none; or more than `EXPRESSION_CHARACTERS_MAX`.
    """
    if len(text) > EXPRESSION_CHARACTERS_MAX:
        message = f"the expression has {len(text)} characters; allowed are {EXPRESSION_CHARACTERS_MAX}"
        raise DeclarationError(message, 0, len(text), "split it over several rules")
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _unknown(text, position)
        kind = found.lastgroup
        if kind == "foreign":
            hint = f"write `{_FOREIGN[found[0]]}`"
            raise DeclarationError(f"`{found[0]}` is no operator", position, len(found[0]), hint)
        assert kind is not None, "every alternative has a name"
        if kind != "blank":
            tokens.append(_token(kind, found[0], position))  # type: ignore[arg-type]  # the groups are the kinds
        position = found.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def _token(kind: TokenKind, written: str, offset: int) -> Token:
    if kind == "int":
        return Token(kind, written, offset, _integer(written, offset))
    if kind == "float":
        if math.isinf(number := float(written)):
            hint = "the greatest is about `1.79e308`"
            raise DeclarationError(f"the number {written[:40]} is beyond that of a float", offset, len(written), hint)
        return Token(kind, written, offset, number)
    if kind == "string":
        return Token(kind, written, offset, _unescaped(written, offset))
    if kind == "variable":
        return Token(kind, written, offset, int(written[1:7]))
    return Token(kind, written, offset)


def _integer(written: str, offset: int) -> int:
    is_hexadecimal = written[1:2] in ("x", "X")
    # 2**63 itself is let pass: `-9223372036854775808` is the least integer, and its minus is an operator.
    if len(written) <= 66:
        number = int(written, 16) if is_hexadecimal else int(written)
        if number <= 2**63:
            return number
    hint = "write it with a point to have a float"
    raise DeclarationError(f"the integer {written[:40]} is outside of 64 bits", offset, len(written), hint)


def _unescaped(written: str, offset: int) -> str:
    body = written[1:-1]
    if "\\" not in body:
        return body
    made: list[str] = []
    position = 0
    while position < len(body):
        if body[position] != "\\":
            made.append(body[position])
            position += 1
            continue
        meant = _ESCAPES.get(body[position + 1])
        if meant is None:
            hint = "there are \\\", \\', \\\\, \\n, \\r and \\t; a backslash of its own is \\\\"
            raise DeclarationError(f"\\{body[position + 1]} is no escape", offset + 1 + position, 2, hint)
        made.append(meant)
        position += 2
    return "".join(made)


def _unknown(text: str, position: int) -> DeclarationError:
    character = text[position]
    if character in "\"'":
        return DeclarationError(
            f"the text is not closed by {character}", position, len(text) - position, f"add {character}"
        )
    if text.startswith("/*", position):
        return DeclarationError("the comment is not closed by `*/`", position, len(text) - position, "add `*/`")
    if character == "$":
        hint = "inputs are `$1`, `$2` and so on; list a field in `inputs` to have a number for it"
        word = re.match(r"\$[\w.]*", text[position:])
        return DeclarationError(
            f"`{word[0] if word else '$'}` is no input", position, len(word[0]) if word else 1, hint
        )
    return DeclarationError(f"`{character}` has no meaning here", position, 1, _MEANT.get(character, _WORDS_OF_IT))
