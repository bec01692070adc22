"""The story: what people do with MQTT, told in chapters by clients of one library to the embedded broker.

A chapter never waits for silence. That nothing more came is seen by a last message, which has to be the next to arrive.
"""

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tests.integration.clients.adapter import SECONDS, Arrival, Client, Library, Will
from tests.integration.harness.waiting import until

__all__ = ["CHAPTERS", "Chapter", "Story"]


class Story:
    """One telling: clients of `library`, a `reference` client of another one to cross messages with, and a place for topics."""

    def __init__(self, library: Library, reference: Library, place: str) -> None:
        self.library = library
        self.reference = reference
        self.place = place
        self.last = itertools.count()
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stack.close()

    def connect(self, name: str, *, keep: bool = False, will: Will | None = None) -> Client:
        """Connect a client that has a name in this story, and leave with it at the end."""
        client = self.library.connect(f"{self.place}-{name}", keep=keep, will=will)
        self.stack.callback(client.leave)
        return client

    def connect_reference(self, name: str) -> Client:
        """Connect a client of the other library."""
        client = self.reference.connect(f"{self.place}-{name}")
        self.stack.callback(client.leave)
        return client

    def topic(self, name: str) -> str:
        """Return a topic, or filter, that no other telling uses."""
        return f"{self.place}/{name}"

    def expect(self, client: Client, *arrivals: Arrival) -> None:
        """Wait for these messages, which have to be the next, in this order; forget them."""
        until(
            lambda: len(client.arrivals) >= len(arrivals), str(arrivals), seconds=SECONDS, found=lambda: client.arrivals
        )
        assert tuple(client.arrivals[: len(arrivals)]) == arrivals
        del client.arrivals[: len(arrivals)]

    def expect_nothing(self, client: Client, publisher: Client, topic: str) -> None:
        """See that nothing is left to come: the next message on `topic` is the next to arrive."""
        payload = f"nothing before {next(self.last)}"
        publisher.publish(topic, payload, qos=1)
        self.expect(client, Arrival(topic, payload, 1))


Chapter = Callable[[Story], None]


def publish_and_subscribe(story: Story) -> None:
    """Every QoS, a wildcard, a topic and a payload beyond ASCII, a payload of many reads; the QoS is the lower of the two."""
    publisher, subscriber, modest = (story.connect(name) for name in ("p", "s", "m"))
    subscriber.subscribe(story.topic("+/température/#"), 2)
    modest.subscribe(story.topic("#"), 0)
    topic = story.topic("four/température/°C")
    for payload in ("21 °C", "", "x" * 100_000):
        for qos in (0, 1, 2):
            publisher.publish(topic, payload, qos=qos)
            story.expect(subscriber, Arrival(topic, payload, qos))
            story.expect(modest, Arrival(topic, payload, 0))
    publisher.publish(story.topic("elsewhere"), "not for all", qos=1)
    story.expect(modest, Arrival(story.topic("elsewhere"), "not for all", 0))
    story.expect_nothing(subscriber, publisher, topic)


def versions_cross(story: Story) -> None:
    """Messages go both ways between this client and one of another library and version."""
    here, there = story.connect("h"), story.connect_reference("t")
    here.subscribe(story.topic("to/here"), 2)
    there.subscribe(story.topic("to/there"), 2)
    for qos in (0, 1, 2):
        here.publish(story.topic("to/there"), "hello", qos=qos)
        there.publish(story.topic("to/here"), "hello yourself", qos=qos)
        story.expect(there, Arrival(story.topic("to/there"), "hello", qos))
        story.expect(here, Arrival(story.topic("to/here"), "hello yourself", qos))


def retained(story: Story) -> None:
    """A retained message greets who subscribes later, is replaced, and is removed by an empty one."""
    publisher, early = story.connect("p"), story.connect("e")
    topic = story.topic("door")
    early.subscribe(topic, 1)
    for payload in ("open", "closed"):
        publisher.publish(topic, payload, qos=1, retain=True)
        story.expect(early, Arrival(topic, payload, 1))
    late = story.connect("l")
    late.subscribe(topic, 1)
    story.expect(late, Arrival(topic, "closed", 1, retain=True))
    publisher.publish(topic, "", qos=1, retain=True)
    story.expect(late, Arrival(topic, "", 1))
    latest = story.connect("n")
    latest.subscribe(topic, 1)
    story.expect_nothing(latest, publisher, topic)


def will(story: Story) -> None:
    """A Will Message is published for a client that is cut off, and not for one that leaves unless it asks for it."""
    watcher, publisher = story.connect("w"), story.connect("p")
    watcher.subscribe(story.topic("#"), 1)
    topic = story.topic("gone")
    story.connect("c", will=Will(topic, "cut off", retain=True)).cut()
    story.expect(watcher, Arrival(topic, "cut off", 1))
    later = story.connect("l")
    later.subscribe(topic, 1)
    story.expect(later, Arrival(topic, "cut off", 1, retain=True))
    leaving = story.connect("d", will=Will(topic, "left"))
    leaving.leave()
    if leaving.leaves_with_will:
        story.expect(watcher, Arrival(topic, "left", 1))
    story.expect_nothing(watcher, publisher, topic)


def session_resumed(story: Story) -> None:
    """What comes while a client is away waits for it, in order; a clean start ends the session."""
    publisher, away = story.connect("p"), story.connect("a", keep=True)
    topic = story.topic("news")
    assert away.session_present in (False, None)
    away.subscribe(story.topic("#"), 2)
    publisher.publish(topic, "before", qos=1)
    story.expect(away, Arrival(topic, "before", 1))
    for end in (type(away).leave, type(away).cut):
        end(away)
        publisher.publish(topic, "one", "two", qos=1)
        publisher.publish(topic, "three", "four", qos=2)
        away = story.connect("a", keep=True)
        assert away.session_present in (True, None)
        kept = [Arrival(topic, payload, qos) for payload, qos in (("one", 1), ("two", 1), ("three", 2), ("four", 2))]
        story.expect(away, *kept)
        story.expect_nothing(away, publisher, topic)
    away.leave()
    publisher.publish(topic, "missed", qos=1)
    fresh = story.connect("a")
    assert fresh.session_present in (False, None)
    fresh.subscribe(story.topic("#"), 2)
    story.expect_nothing(fresh, publisher, topic)


def exactly_once(story: Story) -> None:
    """Many QoS 2 messages under way at a time: each arrives once, in order."""
    publisher, subscriber = story.connect("p"), story.connect("s")
    topic = story.topic("parts")
    subscriber.subscribe(topic, 2)
    payloads = [f"part {number}" for number in range(200)]
    publisher.publish(topic, *payloads, qos=2)
    story.expect(subscriber, *(Arrival(topic, payload, 2) for payload in payloads))
    story.expect_nothing(subscriber, publisher, topic)


def shared_subscription(story: Story) -> None:
    """Members of a share get each message between them, in turn; one that leaves gets no more."""
    publisher, *members = (story.connect(name) for name in ("p", "m1", "m2"))
    topic = story.topic("jobs")
    for member in members:
        member.subscribe(f"$share/workers/{topic}", 1)
    publisher.publish(topic, *map(str, range(10)), qos=1)
    until(lambda: sum(len(member.arrivals) for member in members) == 10, "all jobs", seconds=SECONDS)
    assert [len(member.arrivals) for member in members] == [5, 5]
    assert {job.payload for member in members for job in member.arrivals} == set(map(str, range(10)))
    first, second = members
    first.leave()
    second.arrivals.clear()
    publisher.publish(topic, "a", "b", "c", qos=1)
    story.expect(second, *(Arrival(topic, payload, 1) for payload in "abc"))


def own_topics(story: Story) -> None:
    """The broker's own topics come to who asks for `$SYS`, and to no wildcard in its place [MQTT-4.7.2-1]."""
    asking, sweeping, publisher = (story.connect(name) for name in ("a", "s", "p"))
    sweeping.subscribe("+/broker/uptime", 1)
    asking.subscribe("$SYS/broker/#", 0)

    def shown() -> dict[str, str]:
        return {arrival.topic: arrival.payload for arrival in asking.arrivals}

    def is_shown() -> bool:
        return {"$SYS/broker/uptime", "$SYS/broker/clients/connected"} <= shown().keys()

    # The first come ten seconds after the broker's first client; who is later gets them at once, as retained messages.
    until(is_shown, "uptime and clients", seconds=SECONDS, found=shown)
    assert shown()["$SYS/broker/uptime"].endswith(" seconds")
    assert shown()["$SYS/broker/clients/connected"].isdecimal()
    story.expect_nothing(sweeping, publisher, f"{story.place}/broker/uptime")


CHAPTERS: tuple[Chapter, ...] = (
    publish_and_subscribe,
    versions_cross,
    retained,
    will,
    session_resumed,
    exactly_once,
    shared_subscription,
    own_topics,
)
