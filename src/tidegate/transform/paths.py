"""Field references: what a rule reads and where it writes (facts 3.2, 3.4 and 3.5).

Knows the syntax of paths, their roots and suffixes. Does not know messages (`view`) or what a rule does with a value.
"""

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tidegate.transform.declaration_error import DeclarationError

__all__ = [
    "MISSING",
    "PATH_CHARACTERS_MAX",
    "SEGMENTS_MAX",
    "Missing",
    "Path",
    "Reference",
    "Root",
    "parse_output",
    "parse_reference",
]

PATH_CHARACTERS_MAX = 4_096
SEGMENTS_MAX = 64
"""How deep a path may lead."""


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""What a path leads to where nothing is; null is something."""


class Root(Enum):
    """Where a path begins."""

    PAYLOAD = "payload"
    CONTEXT = "context"
    TOPIC = "topic"
    USER_PROPERTY = "user property"
    CONTENT_TYPE = "content type"


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path.

    `segments` are field names; the one at index `wildcard` stands for one or more of them. `key` names the data set of
    `$context(key)` (None for `$context` alone) or the user property.
    """

    text: str
    root: Root
    segments: tuple[str, ...] = ()
    wildcard: int | None = None
    key: str | None = None

    @property
    def is_metadata(self) -> bool:
        """Tell whether the path leads to a property of the message and not into its payload or a record."""
        return self.root not in (Root.PAYLOAD, Root.CONTEXT)


@dataclass(frozen=True, slots=True)
class Reference:
    """An input of a rule: a path, and what stands in where it leads to nothing: the last value seen, then `default`."""

    path: Path
    uses_last: bool = False
    default: bool | int | float | str | Missing | None = MISSING


_LAST = re.compile(r"[ \t]*\?[ \t]*\$last[ \t]*\Z", re.IGNORECASE)
_DEFAULT = re.compile(
    r"""[ \t]*\?\?[ \t]*(?:(?P<word>null|true|false)|(?P<number>-?\d+(?P<float>\.\d+)?(?P<power>[eE][+-]?\d+)?)
    |"(?P<double>[^"]*)"|'(?P<single>[^']*)')[ \t]*\Z""",
    re.VERBOSE,
)
_WORDS = {"null": None, "true": True, "false": False}
_CONTEXT_KEY = re.compile(r"\$context\(([^)]*)\)")
_ROOTS = (
    "`$source`, `$context(<key>)`, `$metadata.topic`, `$metadata.user_property.<key>` and "
    "`$metadata.system_property.content_type`"
)


def parse_reference(text: str) -> Reference:
    """Parse an input: a path with its suffixes `? $last` and `?? <literal>`; a leading `@` is passed over.

    Raises:
        DeclarationError: it does not parse.
    """
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "@":
        start += 1
    end = len(text)
    default: bool | int | float | str | Missing | None = MISSING
    found = _DEFAULT.search(text, start)
    if found is not None:
        default, end = _literal(found), found.start()
    last = _LAST.search(text, start, end)
    if last is not None:
        end = last.start()
    path = _Parser(text, start, len(text[:end].rstrip()), is_output=False).parse()
    return Reference(path, last is not None, default)


def parse_output(text: str) -> Path | None:
    """Parse an output: a path without suffixes; None for the empty text, which removes.

    Raises:
        DeclarationError: it does not parse, or leads to what cannot be written.
    """
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    return _Parser(text, start, end, is_output=True).parse() if end > start else None


def _literal(found: re.Match[str]) -> bool | int | float | str | None:
    if found["word"] is not None:
        return _WORDS[found["word"]]
    if found["number"] is not None:
        is_float = found["float"] is not None or found["power"] is not None
        number = float(found["number"]) if is_float else int(found["number"][:21])
        # As a negative number -2**63 has its place in 64 bits too.
        if (number + (number < 0)).bit_length() > 63 if isinstance(number, int) else math.isinf(number):
            what = "beyond that of a float" if is_float else "outside of 64 bits"
            offset, end = found.span("number")
            hint = "write a smaller one, or a text in quotes"
            raise DeclarationError(f"the number {found['number'][:40]} is {what}", offset, end - offset, hint)
        return number
    return found["double"] if found["double"] is not None else found["single"]


class _Parser:
    """One path between two offsets of a text."""

    def __init__(self, text: str, start: int, end: int, *, is_output: bool) -> None:
        self._text = text
        self._start = start
        self._end = end
        self._is_output = is_output

    def parse(self) -> Path:
        text, start, end = self._text, self._start, self._end
        if end <= start:
            raise DeclarationError("the path is empty", 0, max(1, len(text)), "name a field, as in `oven.temperature`")
        if end - start > PATH_CHARACTERS_MAX:
            raise DeclarationError(
                f"the path has {end - start} characters; allowed are {PATH_CHARACTERS_MAX}", start, end - start
            )
        if text.startswith("$metadata", start):
            return self._metadata()
        if text.startswith("$context", start):
            return self._context()
        if text.startswith("$source", start):
            return self._fields(Root.PAYLOAD, self._after_root("$source"))
        if text[start] == "$":
            word = re.split(r"[.(\s]", text[start:end], maxsplit=1)[0]
            hint = f'there are {_ROOTS}; a field whose name begins with `$` is written in quotes: `"{word}"`'
            raise DeclarationError(f"`{word}` is no place to begin", start, len(word), hint)
        return self._fields(Root.PAYLOAD, start)

    def _after_root(self, root: str) -> int:
        """Return where the fields begin behind a root such as `$source`."""
        position = self._start + len(root)
        if position >= self._end or self._text[position] != ".":
            raise DeclarationError(
                f"`{root}` is followed by a point and a field",
                self._start,
                self._end - self._start,
                f"write `{root}.<field>`",
            )
        return position + 1

    def _context(self) -> Path:
        text, start, end = self._text, self._start, self._end
        if self._is_output:
            raise DeclarationError(
                "a record of a data set cannot be written", start, end - start, "write to a field of the message"
            )
        found = _CONTEXT_KEY.match(text, start, end)
        if found is None and text.startswith("$context(", start):
            message, hint = "the bracket of `$context(` is not closed", "write `$context(<key>).<field>`"
            raise DeclarationError(message, start, end - start, hint)
        if found is None:
            return self._fields(Root.CONTEXT, self._after_root("$context"))
        key = found[1].strip()
        if not key:
            raise DeclarationError(
                "`$context()` names no data set",
                start,
                found.end() - start,
                "write its key or alias between the brackets",
            )
        return self._fields(Root.CONTEXT, self._after_root(found[0]), key)

    def _metadata(self) -> Path:
        text, start, end = self._text, self._start, self._end
        written = text[start:end]
        if written == "$metadata.topic":
            return Path(written, Root.TOPIC)
        if written == "$metadata.system_property.content_type":
            if self._is_output:
                message = "the content type cannot be written; it follows from the output"
                raise DeclarationError(message, start, end - start, "remove the rule")
            return Path(written, Root.CONTENT_TYPE)
        for root in ("$metadata.user_property.", "$metadata.user_properties."):
            if written.startswith(root) and written != root:
                return self._user_property(root)
            if written in (root, root[:-1]):
                hint = f"write the property's key: `{root}<key>`"
                raise DeclarationError(f"`{written}` names no user property", start, end - start, hint)
        hint = (
            "there are `$metadata.topic`, `$metadata.user_property.<key>` and `$metadata.system_property.content_type`"
        )
        raise DeclarationError(f"`{written}` is no property of an MQTT message", start, end - start, hint)

    def _user_property(self, root: str) -> Path:
        start = self._start + len(root)
        fields = self._fields(Root.USER_PROPERTY, start)
        if fields.wildcard is not None:
            message, hint = "a `*` stands for fields, and not for user properties", "write the key of one"
        elif len(fields.segments) > 1:
            key = self._text[start : self._end]
            message, hint = "the key of a user property is one name", f'write it in quotes: `{root}"{key}"`'
        else:
            return Path(fields.text, Root.USER_PROPERTY, key=fields.segments[0])
        raise DeclarationError(message, start, self._end - start, hint)

    def _fields(self, root: Root, position: int, key: str | None = None) -> Path:
        segments: list[str] = []
        wildcard: int | None = None
        while True:
            begin = position
            segment, is_quoted, position = self._segment(position)
            if segment == "*" and not is_quoted:
                if wildcard is not None:
                    raise DeclarationError("a path has at most one `*`", begin, 1, "write one rule for each level")
                wildcard = len(segments)
            elif "*" in segment and not is_quoted:
                hint = f'a `*` is a whole segment; if it belongs to the name, write it in quotes: `"{segment}"`'
                raise DeclarationError(f"`{segment}` holds a `*`", begin, position - begin, hint)
            segments.append(segment)
            if position >= self._end:
                break
            position += 1
        if len(segments) > SEGMENTS_MAX:
            raise DeclarationError(
                f"the path has {len(segments)} segments; allowed are {SEGMENTS_MAX}",
                self._start,
                self._end - self._start,
            )
        return Path(self._text[self._start : self._end], root, tuple(segments), wildcard, key)

    def _segment(self, position: int) -> tuple[str, bool, int]:
        """Return a segment, whether it was quoted, and the offset of the point behind it or of the end."""
        text, end = self._text, self._end
        quote = text[position : position + 1] if position < end else ""
        if quote in ('"', "'") and quote:
            closing = text.find(quote, position + 1, end)
            if closing < 0:
                raise DeclarationError(f"the quote {quote} is not closed", position, end - position, f"add {quote}")
            if closing + 1 < end and text[closing + 1] != ".":
                hint = "write a point between segments, or leave out the quotes"
                raise DeclarationError("a quoted segment ends with its quote", closing + 1, end - closing - 1, hint)
            return self._named(text[position + 1 : closing], position), True, closing + 1
        point = text.find(".", position, end)
        stop = end if point < 0 else point
        segment = text[position:stop]
        self._refuse_suffix(segment, position)
        return self._named(segment, position), False, stop

    def _named(self, segment: str, position: int) -> str:
        if segment:
            return segment
        hint = "remove a point, or name a field between them"
        raise DeclarationError("the path has an empty segment", min(position, self._end - 1), 1, hint)

    def _refuse_suffix(self, segment: str, position: int) -> None:
        """Refuse what was meant as a suffix and is none; it would be read as part of a name that no message has."""
        for mark, hint in (
            ("??", "a default is a number, a text in quotes, `true`, `false` or `null`: `?? 0`"),
            ("?$", "write `? $last`"),
            ("? $", "write `? $last`"),
        ):
            at = segment.find(mark)
            if at >= 0:
                what = f"what follows `{mark[0]}` is not understood"
                if self._is_output:
                    what = "an output has neither a default nor a last value"
                    hint = "write what follows `?` behind the input"
                raise DeclarationError(what, position + at, len(segment) - at, hint)
