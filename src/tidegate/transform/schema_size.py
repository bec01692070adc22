"""How large a JSON Schema becomes when each `$ref` in it is replaced by what it leads to.

Knows pointers and where subschemas may stand. Does not know what keywords mean.

A validator goes that way: twenty definitions, each of two references to the next, are a million subschemas. What refers to
itself counts once, for the validator remembers where it has been.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

__all__ = ["SUBSCHEMAS_MAX", "SchemaError", "Size", "size_of"]

SUBSCHEMAS_MAX = 10_000

_VALUES = ("enum", "const", "default", "examples")
"""Keywords below which there are values, not schemas."""

_ELSEWHERE = "put it under `definitions`, and refer to it as `#/definitions/<name>`"

# Any: what JSON holds.
_Part = dict[str, Any] | list[Any]
_Path = tuple[str | int, ...]


class SchemaError(Exception):
    """A text is no schema that payloads can be held to. `path` leads to what is wrong in it; `detail` and `hint` are words."""

    def __init__(self, detail: str, path: Sequence[str | int] = (), hint: str | None = None) -> None:
        self.detail = detail
        self.path = tuple(path)
        self.hint = hint
        super().__init__(detail)


class Size(NamedTuple):
    """How many parts there are, references replaced; and whether the schema refers to itself."""

    parts: int
    is_recursive: bool


def size_of(schema: dict[str, Any]) -> Size:
    """Measure a schema.

    Raises:
        SchemaError: a `$ref` is no pointer within the schema or leads nowhere, or the schema is too large or nests too deeply.
    """
    measure = _Measure(schema)
    try:
        parts = measure.size(schema, ())
    except RecursionError:
        raise SchemaError("it nests too deeply") from None
    return Size(parts, measure.is_recursive)


class _Measure:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        # By the part's identity; None while it is being measured.
        self._sizes: dict[int, int | None] = {}
        self.is_recursive = False

    def size(self, part: _Part, path: _Path) -> int:
        """Return the size of a part and all that it refers to; `path` leads to where it was first met."""
        if id(part) in self._sizes:
            known = self._sizes[id(part)]
            if known is None:
                self.is_recursive = True
            return known or 1
        self._sizes[id(part)] = None
        size = 1 + sum(self.size(child, place) for child, place in _children(part, path))
        if isinstance(part, dict):
            size += self._referred(part, path)
        if size > SUBSCHEMAS_MAX:
            detail = f"with its references replaced it has more than {SUBSCHEMAS_MAX} parts"
            raise SchemaError(detail, path, "let fewer definitions refer to others more than once")
        self._sizes[id(part)] = size
        return size

    def _referred(self, part: dict[str, Any], path: _Path) -> int:
        if path and isinstance(part.get("$id"), str):
            detail = "a part of it has an $id, and here $ref leads by pointers alone"
            raise SchemaError(detail, (*path, "$id"), f"remove it; {_ELSEWHERE}")
        reference = part.get("$ref")
        if not isinstance(reference, str):
            return 0
        place, shown = (*path, "$ref"), f"its $ref `{reference[:80]}`"
        if reference != "#" and not reference.startswith("#/"):
            raise SchemaError(f"{shown} leads out of it, and nothing is fetched", place, _ELSEWHERE)
        target: Any = self._root
        for step in reference.split("/")[1:]:
            target = _below(target, unquote(step).replace("~1", "/").replace("~0", "~"))
        if isinstance(target, dict):
            return self.size(target, path)
        if not isinstance(target, bool):
            raise SchemaError(f"{shown} leads nowhere", place, "look at the names under `definitions`")
        return 1


def _children(part: _Part, path: _Path) -> Iterator[tuple[_Part, _Path]]:
    items: Iterator[tuple[str | int, Any]] = iter(part.items()) if isinstance(part, dict) else enumerate(part)
    for step, child in items:
        if isinstance(child, dict | list) and step not in _VALUES:
            yield child, (*path, step)


def _below(part: Any, step: str) -> Any:  # Any: what JSON holds
    """Return what is below a part under a step of a JSON pointer (RFC 6901); None where there is nothing."""
    if isinstance(part, dict):
        return part.get(step)
    if isinstance(part, list) and step.isdecimal() and int(step) < len(part):
        return part[int(step)]
    return None
