"""Messages that would come back to where they were read, through one data flow or several.

Knows which topics a destination can be given from which a source reads, hop after hop. Does not know what was declared where.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidegate.mqtt.topics import intersection, split_share
from tidegate.transform.topic_template import TopicTemplate

__all__ = ["Broker", "Hop", "find_loops", "find_two_way", "written_filters"]

ROUNDS = 3
"""How often a message has to be able to go round before it is said to go round for ever."""

STEPS_MAX = 2_000
"""How many ways a search may follow from one data flow; what lies beyond is left to the count of hops."""

Broker = tuple[str, int]
"""Whatever tells two brokers apart."""


@dataclass(frozen=True, slots=True)
class Hop:
    """What a loop is made of: one data flow, and the names of those whose messages it does not take."""

    source_broker: Broker
    destination_broker: Broker
    topic_filters: tuple[str, ...]
    template: TopicTemplate
    name: str = ""
    ignores: frozenset[str] = frozenset()

    @property
    def read(self) -> frozenset[str]:
        """The filters of what is read, without the names of shared subscriptions."""
        return frozenset(split_share(each)[1] for each in self.topic_filters)

    def written(self, read: frozenset[str], *, trusts_map: bool) -> frozenset[str]:
        """Return filters of what is written when what is read matches `read`; see `written_filters`."""
        return frozenset(
            written
            for topic_filter in read
            for written in written_filters(self.template, topic_filter, trusts_map=trusts_map)
        )


def written_filters(template: TopicTemplate, topic_filter: str, *, trusts_map: bool = True) -> tuple[str, ...]:
    """Return filters that match every topic a template makes of the topics that match `topic_filter`.

    What the map writes for `${outputTopic}` is known of each message only: none where the map is trusted to know what it does,
    else any topic.
    """
    if template.uses_output_topic and trusts_map:
        return ()
    pattern = template.remaining(topic_filter)
    if pattern is None:
        return ()
    levels = pattern.strip("/").split("/")
    made = ""
    for part in template.parts:
        if isinstance(part, str):
            made += part
        elif part < 0:
            made += "#"
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
    search = _Search(hops, trusts_map=True)
    loops: dict[frozenset[int], tuple[int, ...]] = {}
    seen: set[int] = set()
    for start in range(len(hops)):
        loop = search.shortest_loop(start) if start not in seen else None
        if loop is not None:
            first = loop.index(min(loop))
            loops.setdefault(frozenset(loop), loop[first:] + loop[:first])
            seen.update(loop)
    return list(loops.values())


def find_two_way(hops: Sequence[Hop]) -> frozenset[int]:
    """Return the data flows that have another which goes the other way between the same two brokers, and with which they can
    give each other what they wrote, for ever.

    What a map writes to `$metadata.topic` may be any topic here.
    """
    search = _Search(hops, trusts_map=False)
    return frozenset(
        index
        for one in range(len(hops))
        for other in search.opposite(one)
        if search.can_turn(one, other)
        for index in (one, other)
    )


class _Search:
    """Follows what is written from data flow to data flow: at each, the filters of what of it is read."""

    def __init__(self, hops: Sequence[Hop], *, trusts_map: bool) -> None:
        self._hops = hops
        self._trusts_map = trusts_map
        self._all: defaultdict[Broker, list[tuple[int, str]]] = defaultdict(list)
        self._by_level: defaultdict[tuple[Broker, str], list[tuple[int, str]]] = defaultdict(list)
        for index, hop in enumerate(hops):
            for topic_filter in sorted(hop.read):
                self._all[hop.source_broker].append((index, topic_filter))
                self._by_level[hop.source_broker, _first_level(topic_filter)].append((index, topic_filter))

    def shortest_loop(self, start: int) -> tuple[int, ...] | None:
        """Return the shortest way from a data flow back to it on which messages can go round for ever."""
        queue: list[tuple[tuple[int, ...], frozenset[str]]] = [((start,), self._hops[start].read)]
        known: set[tuple[int, frozenset[str]]] = set()
        for path, read in queue:
            for index, arrived in self._next(path[-1], read).items():
                if index == start and self._goes_on(path, arrived):
                    return path
                # More than twice through one data flow is a loop that this one is not part of.
                if path.count(index) < 2 and (index, arrived) not in known and len(queue) < STEPS_MAX:
                    known.add((index, arrived))
                    queue.append(((*path, index), arrived))
        return None

    def opposite(self, index: int) -> list[int]:
        """Return which readers of what a data flow writes go the other way between its two brokers."""
        hop = self._hops[index]
        brokers = (hop.destination_broker, hop.source_broker)
        if brokers[0] == brokers[1]:
            return []
        readers = self._next(index, hop.read)
        return [each for each in readers if self._hops[each].destination_broker == brokers[1]]

    def can_turn(self, one: int, other: int) -> bool:
        """Tell whether messages can go round between two data flows for ever."""
        arrived = self._next(one, self._hops[one].read).get(other)
        back = self._next(other, arrived).get(one) if arrived is not None else None
        return back is not None and self._goes_on((one, other), back)

    def _next(self, index: int, read: frozenset[str]) -> dict[int, frozenset[str]]:
        """Return which data flows read what one makes of `read`, and what of it they read."""
        hop = self._hops[index]
        arrived: defaultdict[int, set[str]] = defaultdict(set)
        for written in hop.written(read, trusts_map=self._trusts_map):
            for reader, topic_filter in self._candidates(hop.destination_broker, written):
                both = intersection(written, topic_filter)
                if both is not None and hop.name not in self._hops[reader].ignores:
                    arrived[reader].add(both)
        return {reader: frozenset(arrived[reader]) for reader in sorted(arrived)}

    def _candidates(self, broker: Broker, written: str) -> Iterator[tuple[int, str]]:
        """Yield the readers of a broker whose filters may have something in common with `written`."""
        first = _first_level(written)
        if not first:
            yield from self._all.get(broker, ())
            return
        yield from self._by_level.get((broker, first), ())
        yield from self._by_level.get((broker, ""), ())

    def _goes_on(self, path: tuple[int, ...], arrived: frozenset[str]) -> bool:
        """Tell whether what has come back once can go round again, and again."""
        for _ in range(ROUNDS):
            for index, following in zip(path, (*path[1:], path[0]), strict=True):
                found = self._next(index, arrived).get(following)
                if found is None:
                    return False
                arrived = found
        return True


def _first_level(topic_filter: str) -> str:
    """Return the first level, empty where it is a wildcard, or empty itself."""
    first = topic_filter.partition("/")[0]
    return "" if first in ("+", "#") else first


def _as_filter(text: str) -> str:
    levels = text.split("/")
    for index, level in enumerate(levels):
        if "#" in level:
            return "/".join([*levels[:index], "#"])
        if "+" in level:
            levels[index] = "+"
    return "/".join(levels)
