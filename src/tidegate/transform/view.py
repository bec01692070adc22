"""One message as rules see it, and how their inputs are read.

Knows paths and what they lead to. Does not know rules or expressions. The payload is decoded when the first input asks for
it, and never where none does.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tidegate.message import Message
from tidegate.transform.paths import MISSING, Missing, Path, Reference, Root
from tidegate.transform.values import EvaluationError, Value

__all__ = ["TOPICS_REMEMBERED_MAX", "Record", "View", "compile_input", "compile_read", "find", "payload_of"]

TOPICS_REMEMBERED_MAX = 10_000
"""How many source topics `? $last` remembers values for; one more and it begins anew."""

Record = Mapping[str, Any]  # Any: what JSON holds
"""One record of a data set."""

Read = Callable[["View"], Any]  # Any: what JSON holds, or MISSING

_decode = msgspec.json.Decoder().decode


class View:
    """One message in the middle of its transformation. `records` holds what each data set has for it."""

    __slots__ = ("message", "payload", "records")

    payload: dict[str, Any]
    """The payload's object. The first look at it raises `EvaluationError` where it is none."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.records: dict[str, Record | None] = {}

    def __getattr__(self, name: str) -> Any:
        # What has not been looked at yet is not there yet; every later look finds it without a call.
        if name != "payload":
            raise AttributeError(name)
        payload = self.payload = payload_of(self.message.payload)
        return payload


def payload_of(payload: bytes, what: str = "the payload") -> dict[str, Any]:
    """Decode an object of JSON. `what` is how errors call it.

    Integers of any size are exact, of duplicate keys the last wins, and NaN is none of JSON's values.

    Raises:
        EvaluationError: it is no JSON, no UTF-8, no object, too deep, or holds a number that no double has.
    """
    try:
        found = _decode(payload)
    except UnicodeDecodeError as error:
        raise EvaluationError(
            f"{what} is no UTF-8: byte {error.start} of a text is 0x{error.object[error.start]:02X}"
        ) from None
    except msgspec.MsgspecError as error:
        raise EvaluationError(f"{what} is no JSON: {error}") from None
    except RecursionError:
        raise EvaluationError(f"{what} nests too deeply") from None
    if type(found) is not dict:
        raise EvaluationError(f"{what} is no object of JSON, and rules read fields")
    return found


def compile_read(path: Path) -> Read:
    """Return the function from a view to what a path without wildcard leads to, `MISSING` where nothing is."""
    if path.root is Root.TOPIC:
        return lambda view: view.message.topic
    if path.root is Root.CONTENT_TYPE:
        return lambda view: view.message.content_type or MISSING
    if path.root is Root.USER_PROPERTY:
        return _property(path.key or "")
    assert path.wildcard is None, "wildcards are resolved before they are read"
    segments = path.segments
    if path.root is Root.CONTEXT:
        name = path.key or ""
        return lambda view: find(view.records.get(name), segments)
    if len(segments) == 1:
        field = segments[0]
        return lambda view: view.payload.get(field, MISSING)
    return lambda view: find(view.payload, segments)


def compile_input(reference: Reference, *, last_per_topic: bool) -> Read:
    """Return the function that reads an input with its suffixes; what is null counts as missing where it has one."""
    read = compile_read(reference.path)
    default = reference.default
    if reference.uses_last:
        return _with_last(read, default, last_per_topic=last_per_topic)
    if default is MISSING:
        return read

    def with_default(view: View) -> Any:
        found = read(view)
        return default if found is None or found is MISSING else found

    return with_default


def _with_last(read: Read, default: Value | Missing, *, last_per_topic: bool) -> Read:
    remembered: dict[str, Any] = {}

    def with_last(view: View) -> Any:
        found = read(view)
        topic = view.message.topic if last_per_topic else ""
        if found is None or found is MISSING:
            last = remembered.get(topic, MISSING)
            if last is not MISSING:
                return last
            return found if default is MISSING else default
        if topic not in remembered and len(remembered) >= TOPICS_REMEMBERED_MAX:
            remembered.clear()
        remembered[topic] = found
        return found

    return with_last


def _property(key: str) -> Read:
    def read(view: View) -> Any:
        for name, value in view.message.user_properties:
            if name == key:
                return value
        return MISSING

    return read


def find(record: Record | None, segments: tuple[str, ...]) -> Any:  # Any: what JSON holds
    """Return what a way leads to, `MISSING` where nothing is or there is no record."""
    found: Any = MISSING if record is None else record
    for segment in segments:
        if type(found) is not dict:
            return MISSING
        found = found.get(segment, MISSING)
    return found
