"""The place in a row of tokens where a parser is: looking, taking, refusing.

Knows where line breaks count and how deep the parser is. Does not know the grammar.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.lexer import Token

__all__ = ["DEPTH_MAX", "Cursor"]

DEPTH_MAX = 48
"""How deep brackets, calls and operators may nest, and how many operators may follow each other."""


class Cursor:
    """Tokens, and which is next. In round brackets line breaks do not count."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._skips_lines = [False]
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next token."""
        if self._skips_lines[-1]:
            self._position = self._without_lines(self._position)
        return self._tokens[self._position]

    def ahead(self, count: int = 1) -> Token:
        """Return the token that comes `count` after the next."""
        position = self._position
        for _ in range(count):
            position = min(position + 1, len(self._tokens) - 1)
            if self._skips_lines[-1]:
                position = self._without_lines(position)
        return self._tokens[position]

    def take(self) -> Token:
        """Return the next token, and go on behind it; the end is taken again and again."""
        token = self.token
        self._position += token.kind != "end"
        return token

    def is_mark(self, *marks: str) -> bool:
        """Tell whether the next token is one of some marks."""
        return self.token.kind == "mark" and self.token.text in marks

    def is_word(self, *words: str) -> bool:
        """Tell whether the next token is one of some words."""
        return self.token.kind == "name" and self.token.text in words

    def accept(self, mark: str) -> bool:
        """Take a mark if it is next."""
        if not self.is_mark(mark):
            return False
        self.take()
        return True

    def expect(self, mark: str, hint: str | None = None) -> Token:
        """Take a mark, which has to be next."""
        if self.is_mark(mark):
            return self.take()
        raise self.refusal(f"`{mark}` is missing before {self.shown()}", hint or f"add `{mark}`")

    def skip_lines(self) -> None:
        """Go on behind line breaks."""
        self._position = self._without_lines(self._position)

    def next_behind_lines(self) -> Token:
        """Return the first token that is no line break."""
        return self._tokens[self._without_lines(self._position)]

    def shown(self) -> str:
        """Return the next token as it is called in a sentence."""
        token = self.token
        if token.kind == "end":
            return "the end of the file"
        return "the end of the line" if token.kind == "newline" else f"`{token.text[:40]}`"

    def refusal(self, message: str, hint: str | None = None) -> BicepError:
        """Return an error about the next token."""
        token = self.token
        if token.kind in ("newline", "end") and self._position:
            # What is missing is missing behind the last thing that was written.
            before = self._tokens[self._position - 1]
            return BicepError(message, before.start if before.kind != "newline" else token.start, before.end, hint)
        return BicepError(message, token.start, token.end, hint)

    @contextmanager
    def lines(self, *, count: bool) -> Iterator[None]:
        """Let line breaks count, or not, for some time."""
        self._skips_lines.append(not count)
        try:
            yield
        finally:
            self._skips_lines.pop()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Go one level deeper, which is bounded."""
        self._depth += 1
        try:
            if self._depth > DEPTH_MAX:
                raise self.refusal(f"this nests deeper than {DEPTH_MAX} levels", "put parts of it into variables")
            yield
        finally:
            self._depth -= 1

    def restart(self, position: int) -> None:
        """Go on at a token, with nothing open."""
        self._position = position
        self._skips_lines = [False]
        self._depth = 0

    @property
    def position(self) -> int:
        """The number of the next token."""
        return self._position

    def token_at(self, position: int) -> Token:
        """Return a token by its number."""
        return self._tokens[min(position, len(self._tokens) - 1)]

    def _without_lines(self, position: int) -> int:
        while self._tokens[position].kind == "newline":
            position += 1
        return position
