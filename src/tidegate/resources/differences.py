"""What is different between two documents, field by field.

Knows JSON values. Does not know resources, and shows whatever it is given: contents of secrets are masked before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tidegate.resources.source_map import FieldPath, Json

__all__ = ["ABSENT", "Absent", "Difference", "differences"]


class Absent:
    """Stands for a field that is not there, which is not the same as null."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; items of lists are fields by their index."""

    path: FieldPath
    before: Json | Absent
    after: Json | Absent


def differences(before: Json | Absent, after: Json | Absent) -> tuple[Difference, ...]:
    """Return the smallest fields that differ, in the order of the later document, removed ones last."""
    return tuple(_differences(before, after, ()))


def _differences(before: Json | Absent, after: Json | Absent, path: FieldPath) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in (*after, *(each for each in before if each not in after)):
            yield from _differences(before.get(name, ABSENT), after.get(name, ABSENT), (*path, name))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for index in range(max(len(before), len(after))):
            yield from _differences(_item(before, index), _item(after, index), (*path, index))
    elif type(before) is not type(after) or before != after:
        yield Difference(path, before, after)


def _item(values: Sequence[Json], index: int) -> Json | Absent:
    return values[index] if index < len(values) else ABSENT
