"""From the text of a Bicep file to its tokens.

Knows which characters make a token, strings with places for values, and comments. Does not know what may follow what
(`parser`). A string with places is several tokens: `left`, then `middle` for each text between, and `right`.
"""

import re
from dataclasses import dataclass
from typing import Literal

from tidegate.bicep.bicep_error import BicepError

__all__ = ["TEXT_CHARACTERS_MAX", "Token", "TokenKind", "tokenize"]

TEXT_CHARACTERS_MAX = 1_048_576
INTERPOLATION_DEPTH_MAX = 32
"""How deep strings may stand inside of the places of strings."""

TokenKind = Literal["name", "int", "string", "multiline", "left", "middle", "right", "mark", "newline", "end"]

_BLANK = re.compile(r"[ \t\r]+|//[^\n]*|/\*.*?\*/|#(?:disable|restore)-[^\n]*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INT = re.compile(r"[0-9]+")
_MARK = re.compile(r"\.\.\.|=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|::|[{}\[\]().,:;@=+\-*/%<>!?|]")
_PLAIN = re.compile(r"[^'\\$\n]+")
_UNICODE = re.compile(r"u\{([0-9a-fA-F]{1,6})\}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "$": "$"}
_MEANT = {
    '"': "a string stands in single quotes: 'text'",
    "&": "write `&&`",
    "`": "a string stands in single quotes: 'text'",
    "#": "a comment begins with `//`",
    "\\": "a line goes on by itself inside of brackets",
    "$": "a value in a string is '${value}'; by itself it is its name",
    "^": "there is no such operator",
    "~": "to compare without upper and lower case, write `=~`",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One token. Of strings, `value` is the text; `is_plain` says that it was written without escapes."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: str = ""
    is_plain: bool = True


def tokenize(text: str) -> list[Token]:
    """Return all tokens, the last of kind `end`.

    Raises:
        BicepError: a character has no meaning; a string or comment is not closed; the text is too long.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise BicepError(f"the text is longer than {TEXT_CHARACTERS_MAX} characters", 0, 1, "split it into modules")
    return _Lexer(text).tokens()


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._made: list[Token] = []
        self._braces: list[int] = []
        """For each string whose place is being read, how many braces are open in it."""

    def tokens(self) -> list[Token]:
        while self._position < len(self._text):
            self._next()
        if self._braces:
            start = self._made[-1].start
            raise BicepError("the place of a value in a string is not closed", start, start + 1, "add `}'`")
        self._add("end", self._position, "")
        return self._made

    def _add(self, kind: TokenKind, end: int, value: str = "", *, is_plain: bool = True) -> None:
        start = self._position
        self._made.append(Token(kind, self._text[start:end], start, end, value, is_plain))
        self._position = end

    def _next(self) -> None:
        text, position = self._text, self._position
        blank = _BLANK.match(text, position)
        if blank is not None:
            self._position = blank.end()
            return
        character = text[position]
        if character == "\n":
            self._add("newline", position + 1)
        elif text.startswith("'''", position):
            self._multiline()
        elif character == "'":
            self._string("string", "left")
        elif character == "}" and self._braces and self._braces[-1] == 0:
            self._braces.pop()
            self._string("right", "middle")
        elif (found := _NAME.match(text, position)) is not None:
            self._add("name", found.end())
        elif (found := _INT.match(text, position)) is not None:
            self._int(found)
        elif text.startswith("/*", position):
            raise BicepError("the comment is not closed by `*/`", position, position + 2, "add `*/`")
        elif (found := _MARK.match(text, position)) is not None:
            if self._braces:
                self._braces[-1] += (found.group() == "{") - (found.group() == "}")
            self._add("mark", found.end())
        else:
            raise BicepError(f"`{character}` has no meaning here", position, position + 1, _MEANT.get(character))

    def _int(self, found: re.Match[str]) -> None:
        following = self._text[found.end() : found.end() + 2]
        if re.match(r"\.[0-9]", following):
            message = "Bicep has no numbers with a point"
            raise BicepError(message, found.start(), found.end() + 2, f"write json('{found.group()}{following}')")
        if _NAME.match(following):
            message = f"`{found.group()}{following[0]}` is no number and no name"
            raise BicepError(
                message, found.start(), found.end() + 1, "a name begins with a letter; a text stands in quotes"
            )
        if len(found.group()) > 19 or int(found.group()) >= 2**63:
            raise BicepError("the int is outside of 64 bits", found.start(), found.end())
        self._add("int", found.end())

    def _multiline(self) -> None:
        start = self._position + 3
        end = self._text.find("'''", start)
        if end < 0:
            raise BicepError("the string is not closed by `'''`", self._position, start, "add `'''`")
        while self._text.startswith("'", end + 3):
            end += 1
        content = self._text[start:end]
        self._add("multiline", end + 3, content.removeprefix("\n"))

    def _string(self, whole: TokenKind, opened: TokenKind) -> None:
        """Read a string's text up to its end, or to a place in it."""
        text, position = self._text, self._position + 1
        parts: list[str] = []
        is_plain = True
        while True:
            plain = _PLAIN.match(text, position)
            if plain is not None:
                parts.append(plain.group())
                position = plain.end()
            character = text[position : position + 1]
            if character == "'":
                self._add(whole, position + 1, "".join(parts), is_plain=is_plain)
                return
            if text.startswith("${", position):
                if len(self._braces) >= INTERPOLATION_DEPTH_MAX:
                    message = f"strings stand deeper than {INTERPOLATION_DEPTH_MAX} levels in each other"
                    raise BicepError(message, position, position + 2, "put parts of it into variables")
                self._add(opened, position + 2, "".join(parts), is_plain=is_plain)
                self._braces.append(0)
                return
            if character == "$":
                parts.append("$")
                position += 1
            elif character == "\\":
                is_plain = False
                position = self._escape(position, parts)
            else:
                hint = "add `'`; a string of several lines stands between `'''`"
                raise BicepError("the string is not closed by `'`", self._position, position, hint)

    def _escape(self, position: int, parts: list[str]) -> int:
        following = self._text[position + 1 : position + 2]
        if following and following in _ESCAPES:
            parts.append(_ESCAPES[following])
            return position + 2
        code = _UNICODE.match(self._text, position + 1)
        if code is not None and (number := int(code[1], 16)) < 0x110000 and not 0xD800 <= number < 0xE000:
            parts.append(chr(number))
            return code.end()
        hint = "there are \\\\, \\', \\n, \\r, \\t, \\$ and \\u{...}; a backslash of its own is \\\\"
        raise BicepError(f"`\\{following}` is no escape".replace("\n", ""), position, position + 2, hint)
