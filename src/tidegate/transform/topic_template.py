"""The destination topic made from the source topic: `${inputTopic}`, `${inputTopic.N}` and `${outputTopic}` (facts 2.5).

Knows the template's syntax and how it resolves. Does not know where the template was declared.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tidegate.mqtt.text import text_error
from tidegate.mqtt.topics import split_share, topic_error
from tidegate.transform.declaration_error import DeclarationError

__all__ = ["TopicTemplate", "Unresolvable", "parse"]

_VARIABLE = re.compile(r"inputTopic(?:\.([0-9]+))?")
_VARIABLES = "there are `${inputTopic}`, `${inputTopic.N}` with N from 1, and `${outputTopic}`"

_OUTPUT_TOPIC = -1


@dataclass(frozen=True, slots=True)
class Unresolvable:
    """No topic can be made for a message; `detail` says why."""

    detail: str


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """A parsed template: literals and variables in turn. A variable is the segment's number from 1, 0 for the whole topic, or
    -1 for the topic that the map writes. `prefix` is what the variables leave out at the beginning of the source topic.
    """

    text: str
    parts: tuple[str | int, ...]
    prefix: str = ""

    @property
    def is_static(self) -> bool:
        """Tell whether the topic is the same for every message."""
        return all(isinstance(part, str) for part in self.parts)

    @property
    def _begins_with_literal_level(self) -> bool:
        """Tell whether the first level is the author's own, as in `$aws/rules/${inputTopic.2}`."""
        return isinstance(self.parts[0], str) and "/" in self.parts[0]

    @property
    def uses_output_topic(self) -> bool:
        """Tell whether the topic takes in what the map writes to `$metadata.topic`."""
        return _OUTPUT_TOPIC in self.parts

    def remaining(self, topic_filter: str) -> str | None:
        """Return the filter of what variables see of topics that match a valid filter; None where no topic has the prefix."""
        pattern = split_share(topic_filter)[1]
        if not self.prefix:
            return pattern
        if self.prefix.startswith("$") and pattern[0] in "+#":
            return None
        *whole, begun = self.prefix.split("/")
        levels = pattern.split("/")
        for level, wanted in zip(whole, levels, strict=False):
            if wanted == "#":
                return "#"
            if wanted not in ("+", level):
                return None
        rest = levels[len(whole) :]
        if not rest or not (rest[0] in ("+", "#") or rest[0].startswith(begun)):
            return None
        if rest[0] not in ("+", "#"):
            rest[0] = rest[0].removeprefix(begun)
        return "/".join(rest)

    def compile(self) -> Callable[[str, str | None], str | Unresolvable]:
        """Return the function from a source topic, and the topic that the map wrote, to a destination topic."""
        if self.is_static and not self.prefix:
            static = "".join(part for part in self.parts if isinstance(part, str))
            return lambda topic, output_topic: static
        return self._resolve

    def _resolve(self, topic: str, output_topic: str | None) -> str | Unresolvable:
        if not topic.startswith(self.prefix):
            return Unresolvable(
                f"the source topic `{topic}` does not begin with `{self.prefix}`, which is to be left out"
            )
        topic = topic[len(self.prefix) :]
        segments = topic.strip("/").split("/")
        made: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                made.append(part)
            elif part == 0:
                made.append(topic)
            elif part == _OUTPUT_TOPIC:
                if output_topic is None:
                    return Unresolvable("`${outputTopic}` is asked for, and no rule wrote `$metadata.topic`")
                made.append(output_topic)
            elif part <= len(segments):
                made.append(segments[part - 1])
            else:
                return Unresolvable(
                    f"`${{inputTopic.{part}}}` asks for segment {part}, and the source topic `{topic}` has {len(segments)}"
                )
        result = "".join(made)
        error = topic_error(result) or text_error(result)
        if error is None and result.startswith("$") and not self._begins_with_literal_level:
            error = "a topic made from a message does not begin with `$`, which is the server's own"
        return result if error is None else Unresolvable(f"the topic {result!r} cannot be used: {error}")


def parse(template: str, prefix: str = "") -> TopicTemplate:
    """Parse a `dataDestination`, whose variables leave out `prefix` at the beginning of the source topic.

    Raises:
        DeclarationError: an unclosed or unknown variable, segment 0, or literal text that no topic name may hold.
    """
    parts: list[str | int] = []
    position = 0
    while (start := template.find("${", position)) >= 0:
        if start > position:
            parts.append(template[position:start])
        end = template.find("}", start)
        if end < 0:
            hint = f"add `}}`; {_VARIABLES}"
            raise DeclarationError("`${` is not closed by `}`", start, len(template) - start, hint)
        parts.append(_variable(template[start + 2 : end], start, end + 1 - start))
        position = end + 1
    if position < len(template):
        parts.append(template[position:])
    for wrong in "+#\0":
        if wrong in template:
            name = "NUL" if wrong == "\0" else f"`{wrong}`"
            hint = "remove it" if wrong == "\0" else "it is one topic; `${inputTopic}` is that of each message"
            raise DeclarationError(f"a destination topic has no {name}", template.index(wrong), 1, hint)
    if not template:
        hint = "name a topic, or write `${inputTopic}` for that of each message"
        raise DeclarationError("a destination topic has at least one character", 0, 1, hint)
    if (error := text_error(template)) is not None:
        raise DeclarationError(f"a destination topic cannot be sent: {error}", 0, len(template))
    if all(isinstance(part, str) for part in parts) and (error := topic_error(template)) is not None:
        raise DeclarationError(error, 0, len(template))
    return TopicTemplate(template, tuple(parts), prefix)


def _variable(name: str, offset: int, length: int) -> int:
    if name == "outputTopic":
        return _OUTPUT_TOPIC
    match = _VARIABLE.fullmatch(name)
    if match is None:
        raise DeclarationError(f"`${{{name}}}` is no variable", offset, length, _VARIABLES)
    number = match[1]
    if number is None:
        return 0
    if len(number) > 5 or int(number) == 0:
        hint = "segments are counted from 1 to 65535: `${inputTopic.1}` is the first"
        raise DeclarationError(f"segment {number} does not exist", offset, length, hint)
    return int(number)
