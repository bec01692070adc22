"""What the map has made of a message so far: fields, topic, user properties.

Knows how values are written to and removed from an object, and what metadata may hold. Does not know rules.
"""

import math
from typing import Any

from tidegate.transform.paths import MISSING, Path, Root
from tidegate.transform.values import EvaluationError, Value, text_of

__all__ = ["Output", "copied", "remove", "to_json", "write"]


class Output:
    """The output of the map. `properties` are changes of the user properties in order: a value is added, None removes."""

    __slots__ = ("payload", "properties", "topic")

    def __init__(self, payload: dict[str, Any]) -> None:
        self.payload = payload
        self.topic: str | None = None
        self.properties: list[tuple[str, str | None]] = []

    def put(self, path: Path, value: Any) -> None:
        """Write what a rule made; `MISSING` writes no field, and removes a user property.

        Raises:
            EvaluationError: a field below a value that is no object, or an object or array as metadata.
        """
        if path.root is Root.PAYLOAD:
            if value is not MISSING:
                write(self.payload, path.segments, value)
        elif path.root is Root.TOPIC:
            self.topic = _metadata(path, value)
        else:
            assert path.key is not None
            self.properties.append((path.key, _metadata(path, value)))


def copied(value: Any) -> Any:
    """Return a value of the message as one of the output's own: rules write into objects, and into nothing else."""
    return {name: copied(each) for name, each in value.items()} if type(value) is dict else value


def write(target: dict[str, Any], segments: tuple[str, ...], value: Any) -> None:
    """Write a field; objects on the way are made. Raises `EvaluationError` where a value that is no object is in the way."""
    for depth, segment in enumerate(segments[:-1]):
        below = target.get(segment, MISSING)
        if below is MISSING:
            below = target[segment] = {}
        elif type(below) is not dict:
            way = ".".join(segments[: depth + 1])
            raise EvaluationError(f"`{'.'.join(segments)}` cannot be written: `{way}` holds a value that is no object")
        target = below
    target[segments[-1]] = value


def remove(target: dict[str, Any], segments: tuple[str, ...]) -> None:
    """Remove a field where it is, and the objects that are empty without it."""
    if len(segments) == 1:
        target.pop(segments[0], None)
        return
    way: list[dict[str, Any]] = [target]
    for segment in segments[:-1]:
        below = way[-1].get(segment)
        if type(below) is not dict:
            return
        way.append(below)
    if way[-1].pop(segments[-1], MISSING) is MISSING:
        return
    for parent, segment in zip(reversed(way[:-1]), reversed(segments[:-1]), strict=True):
        if parent[segment]:
            return
        del parent[segment]


def to_json(value: Value) -> Any:
    """Return a value as JSON has it, `MISSING` for `()`. Raises `EvaluationError` for NaN and infinities."""
    if type(value) is float and not math.isfinite(value):
        raise EvaluationError(f"the result is {text_of(value)}, which JSON cannot hold")
    if value is None:
        return MISSING
    return [_item(each) for each in value] if isinstance(value, tuple) else value


def _item(value: Value) -> Any:
    made = to_json(value)
    return None if made is MISSING else made


def _metadata(path: Path, value: Any) -> str | None:
    if value is MISSING or value is None:
        return None
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "an array"
        raise EvaluationError(f"`{path.text}` is a text, and the value is {kind}")
    return text_of(value)
