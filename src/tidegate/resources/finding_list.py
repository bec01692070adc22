"""Findings about resources, gathered with the place of each.

Knows how a resource and a field path become a span. Does not know any rule.
"""

from collections.abc import Iterable
from typing import Literal

from tidegate.diagnostics import Diagnostic, Level
from tidegate.resources.base import ResourceKey
from tidegate.resources.source_map import FieldPath, SourceMap

__all__ = ["FindingList", "in_order"]


class FindingList:
    """A list that rules add to, and that becomes a tuple of diagnostics."""

    def __init__(self, source_map: SourceMap) -> None:
        self._source_map = source_map
        self.diagnostics: list[Diagnostic] = []

    def add(
        self,
        level: Level,
        code: str,
        message: str,
        key: ResourceKey,
        path: FieldPath,
        hint: str | None = None,
        at: Literal["value", "name"] | tuple[int, int] = "value",
    ) -> None:
        """Add a finding. It points at the value, at the field's name, or at characters (offset, length) of a text."""
        if isinstance(at, tuple):
            span = self._source_map.span_within(key, path, *at)
        elif at == "name":
            span = self._source_map.key_span(key, path)
        else:
            span = self._source_map.span(key, path)
        self.diagnostics.append(
            Diagnostic(level, code, message, self._source_map.path_text(key, path), str(key), span, hint)
        )


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return findings as they stand in the texts, file by file as they come first; those without a place at the end."""
    found = list(diagnostics)
    files = {name: index for index, name in enumerate(dict.fromkeys(each.span.file for each in found if each.span))}

    def place(diagnostic: Diagnostic) -> tuple[int, int, int]:
        span = diagnostic.span
        return (files[span.file], span.line, span.column) if span else (len(files), 0, 0)

    return tuple(sorted(found, key=place))
