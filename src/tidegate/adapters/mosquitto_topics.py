"""The `topic` lines of a mosquitto bridge as ways: what is read on one side, and what topics it has on the other.

Knows patterns, directions, QoS and prefixes (mosquitto.conf(5), "topic"). Does not know endpoints or data flows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.adapters.mosquitto_text import Line
from tidegate.mqtt.topics import filter_error, topic_error
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.topic_template import parse

__all__ = ["Direction", "TopicError", "Way", "ways"]

Direction = Literal["out", "in"]

_DIRECTIONS: dict[str, tuple[Direction, ...]] = {"out": ("out",), "in": ("in",), "both": ("out", "in")}
_WORDS_MAX = 5


class TopicError(Exception):
    """A topic line that mosquitto would refuse, or that no data flow can do; the text says why."""


@dataclass(frozen=True, slots=True)
class Way:
    """What one line says of one direction. `prefix` is what is left out of the topics that are read before `template` adds to
    them; `qos` is as written.
    """

    direction: Direction
    qos: int
    topic_filter: str
    template: str
    prefix: str


def ways(line: Line) -> Iterator[Way]:
    """Yield what a `topic` line says, one way for each direction. Raises `TopicError`."""
    words = line.words
    if not words or len(words) > _WORDS_MAX:
        raise TopicError("a topic line is `topic PATTERN [out|in|both [QOS [LOCAL-PREFIX REMOTE-PREFIX]]]`")
    pattern, direction, qos, local, remote = _completed(words)
    if direction not in _DIRECTIONS:
        raise TopicError(f"the direction is `{direction}`; there are out, in and both")
    if qos not in ("0", "1", "2"):
        raise TopicError(f"the QoS is `{qos}`; there are 0, 1 and 2")
    if not pattern and not (local and remote):
        raise TopicError("an empty pattern maps one topic to another, and needs both prefixes")
    for prefix in (local, remote):
        error = topic_error(prefix) if prefix else None
        if error is not None:
            raise TopicError(f"the prefix `{prefix}` is no beginning of a topic: {error}")
    for each in _DIRECTIONS[direction]:
        source, destination = (local, remote) if each == "out" else (remote, local)
        yield _way(each, int(qos), pattern, source, destination)


def _completed(words: Sequence[str]) -> Sequence[str]:
    defaults = ("#", "out", "0", "", "")
    return (*words, *defaults[len(words) :])


def _way(direction: Direction, qos: int, pattern: str, source: str, destination: str) -> Way:
    topic_filter = source + pattern
    error = filter_error(topic_filter)
    if error is not None:
        raise TopicError(f"`{topic_filter}` is no topic filter: {error}")
    if not pattern:
        template, prefix = destination, ""
    elif source == destination:
        template, prefix = "${inputTopic}", ""
    else:
        template, prefix = destination + "${inputTopic}", source
    try:
        parse(template)
    except DeclarationError as problem:
        said = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
        raise TopicError(f"the destination `{template}` cannot be written: {said}") from None
    return Way(direction, qos, topic_filter, template, prefix)
