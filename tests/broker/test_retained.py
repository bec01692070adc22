"""Retained messages by topic and filter."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.broker.identity import Identity
from tidegate.broker.retained import LEVEL_BYTES, Retained, RetainedMessages
from tidegate.message import Message
from tidegate.mqtt.topics import filter_error, matches

FILTERS = st.lists(st.sampled_from(["a", "b", "+", "#", "", "$s"]), min_size=1, max_size=4).map("/".join)
TOPICS = st.lists(st.sampled_from(["a", "b", "", "$s"]), min_size=1, max_size=4).map("/".join)


def retained(topic: str, payload: bytes = b"x", expires_at: float | None = None) -> Retained:
    return Retained(Message(topic, payload, retain=True), Identity("p"), expires_at)


@given(st.lists(st.tuples(TOPICS, st.booleans()), max_size=10), FILTERS)
def test_it_finds_what_matches(changes: list[tuple[str, bool]], topic_filter: str) -> None:
    messages = RetainedMessages()
    kept: set[str] = set()
    for topic, is_set in changes:
        if is_set:
            messages.set(retained(topic))
            kept.add(topic)
        else:
            assert messages.remove(topic) is (topic in kept)
            kept.discard(topic)
    assert len(messages) == len(kept)
    levels = {topic[:end] for topic in kept for end in range(len(topic) + 1) if (topic + "/")[end] == "/"}
    assert messages.size == sum(len(topic) + 1 for topic in kept) + LEVEL_BYTES * len(levels)
    assert {each.message.topic for each in messages.everything()} == kept
    if filter_error(topic_filter) is None:
        found = [each.message.topic for each in messages.match(topic_filter)]
        assert sorted(found) == sorted(topic for topic in kept if matches(topic_filter, topic))


def test_replacing_counts_bytes_once_and_depth_costs_no_recursion() -> None:
    messages = RetainedMessages()
    deep = "/".join("x" * 5_000)
    messages.set(retained(deep, b"12345"))
    messages.set(retained(deep, b"12"))
    assert (len(messages), messages.size) == (1, 2 + len(deep) + 5_000 * LEVEL_BYTES)
    assert messages.size_with(Message("a/b", b"12345")) == messages.size + 8 + 2 * LEVEL_BYTES
    assert len(messages.match("#")) == 1
    assert messages.get(deep) is not None and messages.get("x") is None
    messages.remove(deep)
    assert (messages._root.children, messages.size) == ({}, 0)


def test_what_has_ended() -> None:
    messages = RetainedMessages()
    messages.set(retained("a", expires_at=5.0))
    messages.set(retained("b"))
    assert messages.expired(4.0) == []
    assert messages.expired(5.0) == ["a"]
