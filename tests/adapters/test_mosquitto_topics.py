"""The table of mosquitto.conf(5) on patterns and prefixes; what is refused is in tests/cases/mosquitto."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.mosquitto_text import Line
from tidegate.adapters.mosquitto_topics import TopicError, Way, ways
from tidegate.mqtt.topics import matches
from tidegate.transform.topic_template import parse


def of(value: str) -> list[Way]:
    return list(ways(Line(1, 1, "topic", value)))


def moved(way: Way, topic: str) -> object:
    assert matches(way.topic_filter, topic)
    return parse(way.template, way.prefix).compile()(topic, None)


@pytest.mark.parametrize(
    ("words", "local", "remote"),
    [
        ("pattern both 1 L/ R/", "L/pattern", "R/pattern"),
        ('pattern both 1 L/ ""', "L/pattern", "pattern"),
        ('pattern both 1 "" R/', "pattern", "R/pattern"),
        ('pattern both 1 "" ""', "pattern", "pattern"),
        ("pattern both", "pattern", "pattern"),
        ('"" both 1 local remote', "local", "remote"),
        ("pattern both 1 L R", "Lpattern", "Rpattern"),
    ],
)
def test_the_table_of_the_manual(words: str, local: str, remote: str) -> None:
    up, down = of(words)
    assert (up.direction, moved(up, local)) == ("out", remote)
    assert (down.direction, moved(down, remote)) == ("in", local)


def test_what_is_left_out_is_out_with_qos_0() -> None:
    assert of("a/#") == [Way("out", 0, "a/#", "${inputTopic}", "")]
    assert of("a/# in") == [Way("in", 0, "a/#", "${inputTopic}", "")]


@pytest.mark.parametrize("words", ["", "a out 1 b c d", "a up", "a out 3", '"" out 1', "a out 1 +/ b", "a out 1 b #"])
def test_what_no_bridge_can_be(words: str) -> None:
    with pytest.raises(TopicError):
        of(words)


PREFIXES = st.sampled_from(["", "a/", "a/b/", "/", "$x/"])
TOPICS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map("/".join)


@given(PREFIXES, PREFIXES, TOPICS)
def test_what_goes_out_comes_back_to_the_same_topic(local: str, remote: str, topic: str) -> None:
    quoted = [each or '""' for each in (local, remote)]
    up, down = of(f"# both 1 {' '.join(quoted)}")
    there = moved(up, local + topic)
    if isinstance(there, str):
        assert there == remote + topic
        assert moved(down, there) == local + topic
