"""Topic names, topic filters and how they match (sections 4.7 and 4.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.mqtt.topics import (
    TOPIC_BYTES_MAX,
    filter_error,
    has_wildcard,
    matches,
    overlaps,
    split_share,
    topic_error,
)


@pytest.mark.parametrize("topic", ["a", "/", "//", "a/b", "a//b", "/finance", "$SYS/x", " ", "a b", "ä" * 32_767, "﻿a"])
def test_topic_names(topic: str) -> None:
    assert topic_error(topic) is None


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        ("", "a topic name has at least one character"),
        ("a/+", "a topic name has no wildcard, `+` or `#`"),
        ("#", "a topic name has no wildcard, `+` or `#`"),
        ("a+b", "a topic name has no wildcard, `+` or `#`"),
        ("a\0b", "a topic name has no NUL character"),
        ("a\ud800", "a topic name is UTF-8, which has no lone surrogates"),
        ("a" * 65_536, "a topic name is at most 65535 bytes long, and this one is 65536"),
        ("ä" * 32_768, "a topic name is at most 65535 bytes long, and this one is 65536"),
    ],
)
def test_what_is_no_topic_name(topic: str, error: str) -> None:
    assert topic_error(topic) == error


@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "+",
        "+/+",
        "/+",
        "a/#",
        "a/+/b",
        "a/+/#",
        "/#",
        "$SYS/#",
        "$share/g/#",
        "$share/g/a",
        "$share/g//",
        "$shared",
    ],
)
def test_topic_filters(topic_filter: str) -> None:
    assert filter_error(topic_filter) is None


@pytest.mark.parametrize(
    ("topic_filter", "error"),
    [
        ("", "a topic filter has at least one character"),
        ("a\0", "a topic filter has no NUL character"),
        ("a" * (TOPIC_BYTES_MAX + 1), "a topic filter is at most 65535 bytes long, and this one is 65536"),
        ("a#", "`#` stands alone in the last level of a filter, as in `a/b/#`"),
        ("a/#/b", "`#` stands alone in the last level of a filter, as in `a/b/#`"),
        ("##", "`#` stands alone in the last level of a filter, as in `a/b/#`"),
        ("a+", "`+` stands alone in its level, as in `a/+/b`"),
        ("a/+b/c", "`+` stands alone in its level, as in `a/+/b`"),
        ("$share", "a shared subscription is `$share/<group>/<filter>`, and the group is empty"),
        ("$share/", "a shared subscription is `$share/<group>/<filter>`, and the group is empty"),
        ("$share//a", "a shared subscription is `$share/<group>/<filter>`, and the group is empty"),
        ("$share/g", "a shared subscription is `$share/<group>/<filter>`, and the filter is missing"),
        ("$share/g/", "a shared subscription is `$share/<group>/<filter>`, and the filter is missing"),
        ("$share/+/a", "the group of a shared subscription has no `+` or `#`"),
        ("$share/g#/a", "the group of a shared subscription has no `+` or `#`"),
        ("$share/g/a#", "`#` stands alone in the last level of a filter, as in `a/b/#`"),
    ],
)
def test_what_is_no_topic_filter(topic_filter: str, error: str) -> None:
    assert filter_error(topic_filter) == error


def test_a_share_name_is_split_off() -> None:
    assert split_share("$share/group/a/+/c") == ("group", "a/+/c")
    assert split_share("a/b") == (None, "a/b")
    assert split_share("$shared/a") == (None, "$shared/a")


def test_wildcards_are_looked_for_behind_the_share_name() -> None:
    assert has_wildcard("a/+")
    assert has_wildcard("$share/group/#")
    assert not has_wildcard("$share/group/a")
    assert not has_wildcard("a/b")


@pytest.mark.parametrize(
    ("topic_filter", "topic", "is_match"),
    [
        ("sport/tennis/#", "sport/tennis", True),
        ("sport/tennis/#", "sport/tennis/player/ranking", True),
        ("sport/tennis/#", "sport/tenniscourt", False),
        ("#", "a", True),
        ("#", "/a", True),
        ("+", "finance", True),
        ("+", "/finance", False),
        ("/+", "/finance", True),
        ("+/+", "/finance", True),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("sport/+", "sport/a/b", False),
        ("a/b", "a/b", True),
        ("a/b", "A/b", False),
        ("a/b", "a/b/", False),
        ("a/b/c", "a/b", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("$SYS/+", "$SYS/x", True),
        ("a/+", "a/$x", True),
        ("$share/g/a/+", "a/b", True),
        ("$share/g/#", "$SYS/x", False),
    ],
)
def test_matching(topic_filter: str, topic: str, is_match: bool) -> None:
    assert matches(topic_filter, topic) is is_match


@pytest.mark.parametrize(
    ("first", "second", "is_overlap"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/+", "a/b", True),
        ("a/+", "+/b", True),
        ("a/#", "a", True),
        ("a/#", "b/#", False),
        ("a/+", "a", False),
        ("a/+/c", "a/b/#", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/+", True),
        ("$share/g/a/#", "a/b", True),
        ("$share/g/a", "$share/h/a", True),
    ],
)
def test_overlap_of_filters(first: str, second: str, is_overlap: bool) -> None:
    assert overlaps(first, second) is is_overlap
    assert overlaps(second, first) is is_overlap


LEVELS = st.sampled_from(["", "a", "b", "$x"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = st.builds(
    lambda levels, last: "/".join([*levels, *last]),
    st.lists(LEVELS | st.just("+"), max_size=3),
    st.sampled_from([["#"], ["+"], ["a"], [""]]),
).filter(bool)


@given(FILTERS, FILTERS, TOPICS)
def test_filters_that_match_one_topic_overlap(first: str, second: str, topic: str) -> None:
    assert filter_error(first) is filter_error(second) is topic_error(topic) is None
    if matches(first, topic) and matches(second, topic):
        assert overlaps(first, second)


@given(TOPICS, TOPICS)
def test_a_topic_as_filter_matches_itself_alone(topic: str, other: str) -> None:
    assert matches(topic, other) is (topic == other)
    assert overlaps(topic, other) is (topic == other)
