"""A finding about declared text, as a value that every front end shows alike.

Knows levels, codes and places in text. Does not know who found it or how it is printed (`cli/output.py`).
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Diagnostic", "Level", "Span", "has_errors"]

Level = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text: `line` and `column` count from 1, `length` is the number of characters underlined, at least 1."""

    file: str
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `code` is a stable kebab-case word for machines, `message` says what is wrong and what is allowed, `path` is the
    field path (`spec.mqttSettings.qos`, empty for a whole document), `resource` is `Kind/name` where it is known,
    `span` is where it stands where that is known, `hint` is how to mend it.
    """

    level: Level
    code: str
    message: str
    path: str = ""
    resource: str = ""
    span: Span | None = None
    hint: str | None = None


def has_errors(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> bool:
    """Tell whether any finding is an error, so that nothing may be run."""
    return any(diagnostic.level == "error" for diagnostic in diagnostics)
