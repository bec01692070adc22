"""The subscription tree against the plain definition of a match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.broker import router as router_module
from tidegate.broker.identity import Identity
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.router import MATCHES_CACHED_MAX, Router
from tidegate.broker.session import Session
from tidegate.broker.subscription import Subscription
from tidegate.mqtt.topics import filter_error, matches
from tidegate.mqtt.wire import Wire

FILTERS = st.lists(st.sampled_from(["a", "b", "+", "#", "", "$s"]), min_size=1, max_size=4).map("/".join)
TOPICS = st.lists(st.sampled_from(["a", "b", "", "$s"]), min_size=1, max_size=4).map("/".join)


def session(number: int) -> Session:
    return Session(number, f"client-{number}", Identity("x"), Wire.V5, BrokerLimits())


@given(st.lists(FILTERS.filter(lambda each: filter_error(each) is None), max_size=8), TOPICS, st.data())
def test_it_finds_what_matches_and_nothing_else(filters: list[str], topic: str, data: st.DataObject) -> None:
    router = Router()
    held = []
    for number, topic_filter in enumerate(filters):
        held.append((session(number), Subscription(topic_filter, 1)))
        assert router.add(*held[-1])
    gone = data.draw(st.sets(st.sampled_from(range(len(held))))) if held else set()
    for index in gone:
        router.match(topic)
        router.remove(*held[index])
    expected = {
        each.number
        for index, (each, subscription) in enumerate(held)
        if index not in gone and matches(subscription.topic_filter, topic)
    }
    assert {target.session.number for target in router.match(topic).targets} == expected
    assert len(router) == len(held) - len(gone)


def test_removing_all_leaves_an_empty_tree() -> None:
    router = Router()
    one = session(1)
    for topic_filter in ("a/b/c", "a/+/#", "$share/g/a/b"):
        router.add(one, Subscription(topic_filter, 1))
    for topic_filter in ("a/b/c", "a/+/#", "$share/g/a/b"):
        router.remove(one, Subscription(topic_filter, 1))
    assert not router._root.children
    assert router.group("g", "a/b") is None


def test_the_same_filter_again_replaces() -> None:
    router = Router()
    one = session(1)
    assert router.add(one, Subscription("a", 0))
    assert not router.add(one, Subscription("a", 2))
    assert [target.qos for target in router.match("a").targets] == [2]


def test_what_does_not_match_costs_nothing() -> None:
    router = Router()
    for number in range(2_000):
        router.add(session(number), Subscription(f"plant/{number}/+/x", 1))
    visited = 0
    find = router._find

    def counting(topic: str) -> object:
        nonlocal visited
        visited += 1
        return find(topic)

    router._find = counting  # type: ignore[method-assign,assignment]
    assert len(router.match("plant/7/a/x").targets) == 1
    assert len(router.match("plant/7/a/x").targets) == 1
    assert visited == 1


def test_the_cache_is_bounded() -> None:
    router = Router()
    for number in range(MATCHES_CACHED_MAX + 5):
        router.match(f"t/{number}")
    assert len(router._cache) <= MATCHES_CACHED_MAX


def test_promise_08_the_cache_is_bounded_by_what_its_topics_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a thousand subscribers of everything, twenty thousand topics would be twenty million targets."""
    monkeypatch.setattr(router_module, "TARGETS_CACHED_MAX", 1_000)
    router = Router()
    for number in range(100):
        router.add(session(number), Subscription("#", 0))
    for number in range(1_000):
        assert len(router.match(f"t/{number}").targets) == 100
        assert sum(len(each.targets) for each in router._cache.values()) <= 1_000 + 100
    long = Router()
    for number in range(100):
        long.match(f"{'x' * 4_000}{number}")
        assert len(long._cache) <= 1_000 // 60 + 1


def test_the_levels_of_all_filters_are_counted_once() -> None:
    router = Router()
    one, two = session(1), session(2)
    first, second = Subscription("a/b/c", 0), Subscription("$share/g/a/b/+", 0)
    router.add(one, first)
    router.add(two, second)
    assert router.levels == 4
    router.remove(one, first)
    assert router.levels == 3
    router.remove(two, second)
    assert router.levels == 0
