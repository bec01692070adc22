"""Topic names, topic filters and how they match (sections 4.7 and 4.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.mqtt.topics import (
    TOPIC_BYTES_MAX,
    filter_error,
    has_wildcard,
    intersection,
    matches,
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
    ("first", "second", "both"),
    [
        ("a/b", "a/b", "a/b"),
        ("a/b", "a/c", None),
        ("a/+", "a/b", "a/b"),
        ("a/+", "+/b", "a/b"),
        ("a/#", "a", "a"),
        ("a/#", "b/#", None),
        ("a/+", "a", None),
        ("a/+/c", "a/b/#", "a/b/c"),
        ("+/#", "#", "+/#"),
        ("+/b/#", "a/#", "a/b/#"),
        ("#", "$SYS/x", None),
        ("+/x", "$SYS/x", None),
        ("$SYS/#", "$SYS/+", "$SYS/+"),
        ("$share/g/a/#", "a/b", "a/b"),
        ("$share/g/a", "$share/h/a", "a"),
    ],
)
def test_what_two_filters_have_in_common(first: str, second: str, both: str | None) -> None:
    assert intersection(first, second) == intersection(second, first) == both


LEVELS = st.sampled_from(["", "a", "b", "$x"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = st.builds(
    lambda levels, last: "/".join([*levels, *last]),
    st.lists(LEVELS | st.just("+"), max_size=3),
    st.sampled_from([["#"], ["+"], ["a"], [""]]),
).filter(bool)


@given(FILTERS, FILTERS, TOPICS)
def test_an_intersection_matches_what_both_filters_match_and_nothing_else(first: str, second: str, topic: str) -> None:
    assert filter_error(first) is filter_error(second) is topic_error(topic) is None
    both = intersection(first, second)
    assert both is None or filter_error(both) is None
    assert (both is not None and matches(both, topic)) is (matches(first, topic) and matches(second, topic))


@given(TOPICS, TOPICS)
def test_a_topic_as_filter_matches_itself_alone(topic: str, other: str) -> None:
    assert matches(topic, other) is (topic == other)
    assert intersection(topic, other) == (topic if topic == other else None)
