"""Where each field of each resource was written, so that a finding points at the right character.

Knows texts, offsets in them and field paths. Does not know YAML: whoever reads a notation builds the nodes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tidegate.diagnostics import Span
from tidegate.resources.resource_key import ResourceKey

__all__ = ["FieldPath", "Json", "Node", "Place", "SourceMap", "SourceText", "path_text"]

FieldPath = tuple[str | int, ...]
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]

_ESCAPES = {"x": 4, "u": 6, "U": 10}


@dataclass(frozen=True, slots=True)
class SourceText:
    """One declared text. `file` is its name for people."""

    file: str
    text: str = field(repr=False)

    def span(self, start: int, end: int) -> Span:
        """Return the place of the characters from `start` to before `end`, cut at the end of the line."""
        start = min(start, len(self.text))
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", start)
        line_end = len(self.text) if line_end < 0 else line_end
        length = max(1, min(end, line_end) - start)
        return Span(self.file, self.text.count("\n", 0, start) + 1, start - line_start + 1, length)

    def offset(self, span: Span) -> int:
        """Return the offset at which a place of this text begins."""
        start = 0
        for _ in range(span.line - 1):
            start = self.text.index("\n", start) + 1
        return start + span.column - 1


@dataclass(slots=True, eq=False)
class Node:
    """A value as it was written: from `start` to before `end`; a child in a mapping knows where its key stands.

    `is_faulty` says that a finding about this very value was made already. `size` counts the nodes of the subtree.
    """

    value: "str | int | float | bool | list[Node] | dict[str, Node] | None"
    start: int
    end: int
    style: Literal["plain", "single", "double", "literal", "folded"] = "plain"
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    is_faulty: bool = False
    size: int = 1

    def plain(self) -> Json:
        """Return the value without marks; lists become tuples."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return tuple(child.plain() for child in self.value)
        return self.value

    def child(self, step: str | int) -> "Node | None":
        """Return the value below a field name or index, None when there is none."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """A resource in a text. `root` has the shape of a manifest, whatever the text's notation is.

    `names` says how the beginnings of field paths are called in that notation, where that differs.
    """

    source: SourceText
    root: Node
    names: Mapping[FieldPath, FieldPath] = field(default_factory=dict)

    def named(self, path: FieldPath) -> FieldPath:
        """Return a field path as the text's own notation has it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.names:
                return (*self.names[path[:length]], *path[length:])
        return path

    def path_text(self, path: FieldPath) -> str:
        """Write a field path as the text's own notation has it."""
        return path_text(self.named(path))

    def find(self, path: FieldPath) -> Node | None:
        """Return the node at a path."""
        node: Node | None = self.root
        for step in path:
            node = node.child(step) if node is not None else None
        return node

    def span(self, path: FieldPath) -> Span:
        """Return where the value at `path` stands, or the nearest thing above it that was written."""
        while True:
            node = self.find(path)
            if node is not None and not isinstance(node.value, dict | list):
                if node.end > node.start:
                    return self.source.span(node.start, node.end)
                return self.key_span(path)
            if node is not None:
                return self.key_span(path)
            path = path[:-1]

    def key_span(self, path: FieldPath) -> Span:
        """Return where the field's own name stands; for a list's item and a whole resource, where it begins."""
        while path:
            parent = self.find(path[:-1])
            step = path[-1]
            if parent is not None and isinstance(step, str) and step in parent.keys:
                return self.source.span(*parent.keys[step])
            node = self.find(path)
            if node is not None:
                return self._beginning(node)
            path = path[:-1]
        return self._beginning(self.root)

    def span_within(self, path: FieldPath, offset: int, length: int) -> Span:
        """Return the place of some characters of a text value; the whole value where they cannot be told apart."""
        node = self.find(path)
        if node is None or not isinstance(node.value, str):
            return self.span(path)
        starts = _character_starts(self.source.text, node)
        if starts is None or offset >= len(starts) - 1:
            return self.span(path)
        return self.source.span(starts[offset], starts[min(offset + length, len(starts) - 1)])

    def field_at(self, span: Span) -> tuple[FieldPath, Literal["name", "value"] | int] | None:
        """Return which field stands at a place of the text: its name, its value, or the value from one of its characters on.

        It undoes `key_span`, `span` and `span_within`; None where no field of this resource begins there.
        """
        start = self.source.offset(span)
        path: FieldPath = ()
        node: Node | None = self.root
        while node is not None and isinstance(node.value, dict | list):
            for name, (begin, end) in node.keys.items():
                if begin <= start < end:
                    return (*path, name), "name"
            steps = enumerate(node.value) if isinstance(node.value, list) else node.value.items()
            found = ((step, child) for step, child in steps if child.start <= start < child.end)
            step, node = next(found, (0, None))
            path = (*path, step)
        if node is None:
            return None
        starts = (_character_starts(self.source.text, node) or ()) if isinstance(node.value, str) else ()
        if start in starts and (start, span.length) != (node.start, node.end - node.start):
            return path, starts.index(start)
        return path, "value"

    def _beginning(self, node: Node) -> Span:
        if node.keys:
            return self.source.span(*next(iter(node.keys.values())))
        return self.source.span(node.start, node.end if not isinstance(node.value, list) else node.start + 1)


class SourceMap:
    """The place of each resource. A resource that nobody wrote has none.

    `places` may make each place when it is asked for; of several, the first that has a resource counts.
    """

    def __init__(self, *places: Mapping[ResourceKey, Place]) -> None:
        self._places = places

    @property
    def keys(self) -> frozenset[ResourceKey]:
        """Return the resources that have a place."""
        return frozenset(key for places in self._places for key in places)

    def over(self, other: "SourceMap") -> "SourceMap":
        """Return the places of both; where both have one, this one's."""
        return SourceMap(*self._places, *other._places)

    def span(self, key: ResourceKey, path: FieldPath) -> Span | None:
        """Return where a value stands, see `Place.span`."""
        place = self._place(key)
        return place.span(path) if place else None

    def key_span(self, key: ResourceKey, path: FieldPath) -> Span | None:
        """Return where a field's name stands, see `Place.key_span`."""
        place = self._place(key)
        return place.key_span(path) if place else None

    def span_within(self, key: ResourceKey, path: FieldPath, offset: int, length: int) -> Span | None:
        """Return where some characters of a text value stand, see `Place.span_within`."""
        place = self._place(key)
        return place.span_within(path, offset, length) if place else None

    def path_text(self, key: ResourceKey, path: FieldPath) -> str:
        """Write a field path as the notation of the resource has it, see `Place.path_text`."""
        place = self._place(key)
        return place.path_text(path) if place else path_text(path)

    def _place(self, key: ResourceKey) -> Place | None:
        return next((places[key] for places in self._places if key in places), None)


def path_text(path: FieldPath) -> str:
    """Write a field path: `spec.operations[0].name`, with keys that are no identifiers in brackets and quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w$-]+", step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def _character_starts(text: str, node: Node) -> list[int] | None:
    """Return the offset in the text of each character of a scalar's value and of its end; None where lines are folded."""
    if node.style == "literal":
        return _literal_starts(text, node)
    if "\n" in text[node.start : node.end]:
        return None
    if node.style == "plain":
        return list(range(node.start, node.end + 1))
    starts: list[int] = []
    position = node.start + 1
    while position < node.end - 1:
        starts.append(position)
        if node.style == "single" and text.startswith("''", position):
            position += 2
        elif node.style == "double" and text[position] == "\\":
            position += _ESCAPES.get(text[position + 1], 2)
        else:
            position += 1
    return [*starts, position] if node.style in ("single", "double") else None


def _literal_starts(text: str, node: Node) -> list[int]:
    position = text.index("\n", node.start) + 1
    lines = text[position : node.end].split("\n")
    # A line of the value is a line of the text without its indentation, so the first that is not blank tells it.
    said = next((line for line in str(node.value).split("\n") if line.strip()), "")
    written = next((line for line in lines if line.strip()), "")
    indentation = len(written) - len(said)
    starts: list[int] = []
    for line in lines:
        starts += range(position + min(indentation, len(line)), position + len(line) + 1)
        position += len(line) + 1
    return starts[: len(str(node.value)) + 1]
