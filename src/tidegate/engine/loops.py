"""Messages that would come back to where they were read: the same broker, overlapping topics.

Knows which topics a destination can be given from which a source reads. Does not know what was declared where.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tidegate.mqtt.topics import overlaps, split_share
from tidegate.transform.topic_template import TopicTemplate

__all__ = ["Hop", "find_loops", "written_filters"]


@dataclass(frozen=True, slots=True)
class Hop:
    """What a loop is made of: one data flow. A broker is whatever tells two of them apart."""

    source_broker: tuple[str, int]
    destination_broker: tuple[str, int]
    topic_filters: tuple[str, ...]
    template: TopicTemplate

    def feeds(self, other: "Hop") -> bool:
        """Tell whether something this data flow writes may be read by `other`."""
        return self.destination_broker == other.source_broker and any(
            overlaps(written, read)
            for topic_filter in self.topic_filters
            for written in written_filters(self.template, topic_filter)
            for read in other.topic_filters
        )


def written_filters(template: TopicTemplate, topic_filter: str) -> tuple[str, ...]:
    """Return filters that match every topic a template makes of the topics that match `topic_filter`.

    None for a template that uses `${outputTopic}`: what the map writes is known of each message only.
    """
    if template.uses_output_topic:
        return ()
    pattern = split_share(topic_filter)[1]
    levels = pattern.strip("/").split("/")
    made = ""
    for part in template.parts:
        if isinstance(part, str):
            made += part
        elif part == 0:
            made += pattern
        else:
            level = levels[part - 1] if part <= len(levels) else "#" if levels[-1] == "#" else None
            if level is None:
                return ()
            # Segment N of what `#` stands for is one level, whatever it is.
            made += "+" if level in ("+", "#") else level
    return (_as_filter(made),)


def find_loops(hops: Sequence[Hop]) -> list[tuple[int, ...]]:
    """Return the loops among data flows, each as indexes in the order of the messages, beginning with the smallest.

    Of several loops through the same data flow only the shortest is told.
    """
    next_hops = [[j for j, other in enumerate(hops) if hop.feeds(other)] for hop in hops]
    loops: dict[frozenset[int], tuple[int, ...]] = {}
    seen: set[int] = set()
    for start in range(len(hops)):
        loop = _shortest_loop(start, next_hops) if start not in seen else None
        if loop is not None:
            loops.setdefault(frozenset(loop), loop)
            seen.update(loop)
    return list(loops.values())


def _shortest_loop(start: int, next_hops: Sequence[Sequence[int]]) -> tuple[int, ...] | None:
    paths: list[tuple[int, ...]] = [(start,)]
    reached: set[int] = set()
    for path in paths:
        for index in next_hops[path[-1]]:
            if index == start:
                return path
            if index not in reached:
                reached.add(index)
                paths.append((*path, index))
    return None


def _as_filter(text: str) -> str:
    levels = text.split("/")
    for index, level in enumerate(levels):
        if "#" in level:
            return "/".join([*levels[:index], "#"])
        if "+" in level:
            levels[index] = "+"
    return "/".join(levels)
