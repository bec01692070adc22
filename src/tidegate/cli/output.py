"""What people and programs are shown: findings with their source lines, error sentences, `hint:` lines.

Knows the form. Does not know what was found, and never shows more of a text than it was given.
"""

import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from tidegate.diagnostics import Diagnostic, Span

__all__ = [
    "Json",
    "NotUnderstood",
    "Outcome",
    "diagnostic_data",
    "print_error",
    "printable",
    "render_diagnostics",
    "summary",
    "table",
]

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

_SHOWN_CHARACTERS_MAX = 160


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb has to show: `data` for `-o json` and `--query`, `text` for people, and the exit code.

    `forms` are the texts of formats that a verb writes itself, by the name of the format.
    """

    data: Json
    text: str
    exit_code: int = 0
    forms: Mapping[str, str] = field(default_factory=dict)


class NotUnderstood(Exception):
    """What was typed does not make sense, though each option by itself does; the exit code is 2."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(message)


def print_error(message: str, hint: str | None = None) -> None:
    """Say on standard error what went wrong and how to mend it."""
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"  hint: {hint}", file=sys.stderr)


def diagnostic_data(diagnostic: Diagnostic) -> dict[str, Json]:
    """Return a finding as JSON values; what is not known is null."""
    span = diagnostic.span
    return {
        "level": diagnostic.level,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": span.file if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "length": span.length if span else None,
        "resource": diagnostic.resource or None,
        "path": diagnostic.path or None,
        "hint": diagnostic.hint,
    }


def render_diagnostics(
    diagnostics: Iterable[Diagnostic], lines: Mapping[str, str], *, stream: TextIO | None = None
) -> str:
    """Write findings for people, each with its source line and a caret under the characters meant.

    Args:
        lines: the texts by file, as far as they may be shown.
        stream: where it will be written; a terminal gets colour on the level, which stands there as a word too.
    """
    has_colour = stream is not None and stream.isatty() and "NO_COLOR" not in os.environ
    split: dict[str, list[str]] = {}
    rendered: list[str] = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        if span is not None and span.file in lines and span.file not in split:
            split[span.file] = lines[span.file].split("\n")
        rendered.append(_render(diagnostic, split.get(span.file) if span else None, has_colour))
    return "\n".join(rendered)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Count findings by level: `2 errors, 1 warning`; `no findings` when there are none."""
    levels = [diagnostic.level for diagnostic in diagnostics]
    words = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "information": ("note", "notes")}
    parts = [
        f"{count} {words[level][count > 1]}"
        for level in ("error", "warning", "information")
        if (count := levels.count(level))
    ]
    return ", ".join(parts) or "no findings"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows, the first of them the heads, as lines whose columns stand below each other."""
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in ([printable(cell) for cell in row] for row in rows)
    ]


_COLOURS = {"error": "31", "warning": "33", "information": "36"}


def _render(diagnostic: Diagnostic, lines: Sequence[str] | None, has_colour: bool) -> str:
    level = "note" if diagnostic.level == "information" else diagnostic.level
    shown = f"\x1b[1;{_COLOURS[diagnostic.level]}m{level}\x1b[0m" if has_colour else level
    made = [f"{shown}[{diagnostic.code}]: {printable(diagnostic.message)}"]
    span = diagnostic.span
    where = [f"{span.file}:{span.line}:{span.column}"] if span else []
    where += [part for part in (diagnostic.resource, diagnostic.path) if part]
    if where:
        made.append(f"  --> {printable('  '.join(where))}")
    if span is not None and lines is not None and span.line <= len(lines):
        made += _excerpt(span, lines[span.line - 1])
    if diagnostic.hint:
        made.append(f"  hint: {printable(diagnostic.hint)}")
    return "\n".join(made) + "\n"


def _excerpt(span: Span, line: str) -> list[str]:
    """Return the source line and the carets under it; of a long line, the part around the caret."""
    first = span.column - 1
    begin = max(0, first - _SHOWN_CHARACTERS_MAX // 2) if len(line) > _SHOWN_CHARACTERS_MAX else 0
    part = printable(line[begin : begin + _SHOWN_CHARACTERS_MAX])
    lead = "…" if begin else ""
    before = "".join(" " * _width(character) for character in lead + printable(line[begin:first]))
    meant = line[first : min(first + span.length, begin + _SHOWN_CHARACTERS_MAX)]
    carets = "^" * max(1, sum(map(_width, printable(meant))))
    number = str(span.line)
    return [f"  {number} | {lead}{part}", f"  {' ' * len(number)} | {before}{carets}"]


def printable(text: str) -> str:
    """Return `text` with tabs as one space and everything a terminal would act on as a replacement character."""
    return "".join(" " if each == "\t" else each if each.isprintable() else "\ufffd" for each in text)


def _columns(text: str) -> int:
    return sum(map(_width, printable(text)))


def _width(character: str) -> int:
    """Return how many columns a terminal uses."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
