"""Failure mode 22: messages that come back to where they were read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.engine.loops import Hop, find_loops, written_filters
from tidegate.mqtt.topics import matches
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.topic_template import parse

HERE, THERE, ELSEWHERE = ("here", 1883), ("there", 1883), ("elsewhere", 1883)


def hop(source: tuple[str, int], topic_filter: str, destination: tuple[str, int], template: str) -> Hop:
    return Hop(source, destination, (topic_filter,), parse(template))


@pytest.mark.parametrize(
    ("template", "topic_filter", "written"),
    [
        ("fixed", "a/#", ("fixed",)),
        ("${inputTopic}", "a/+/#", ("a/+/#",)),
        ("${inputTopic}", "$share/g/a/#", ("a/#",)),
        ("north/${inputTopic}", "a/#", ("north/a/#",)),
        ("${inputTopic}/copy", "a/+", ("a/+/copy",)),
        ("${inputTopic}/copy", "a/#", ("a/#",)),
        ("x${inputTopic}", "+/a", ("+/a",)),
        ("x/${inputTopic.2}", "a/b/c", ("x/b",)),
        ("x/${inputTopic.2}", "a/+/c", ("x/+",)),
        ("x/${inputTopic.5}", "a/#", ("x/+",)),
        ("x/${inputTopic.2}", "/a/b/", ("x/b",)),
        ("x/${inputTopic.1}", "#", ("x/+",)),
        ("x/${inputTopic.3}", "a/b", ()),
        ("x/y${inputTopic.1}z", "+/b", ("x/+",)),
    ],
)
def test_what_a_template_makes_of_a_filter(template: str, topic_filter: str, written: tuple[str, ...]) -> None:
    assert written_filters(parse(template), topic_filter) == written


def test_a_data_flow_that_reads_what_it_writes() -> None:
    assert find_loops([hop(HERE, "a/#", HERE, "${inputTopic}")]) == [(0,)]
    assert find_loops([hop(HERE, "a/#", HERE, "b/${inputTopic}")]) == []
    assert find_loops([hop(HERE, "a/#", THERE, "${inputTopic}")]) == []


def test_a_loop_through_several_data_flows_is_told_once() -> None:
    up, down = hop(HERE, "#", THERE, "${inputTopic}"), hop(THERE, "a/#", HERE, "${inputTopic}")
    assert find_loops([up, down]) == [(0, 1)]
    third = hop(ELSEWHERE, "b/#", HERE, "${inputTopic}")
    assert find_loops([third, up, down]) == [(1, 2)]


def test_a_loop_of_three() -> None:
    hops = [
        hop(HERE, "a/#", THERE, "${inputTopic}"),
        hop(THERE, "a/#", ELSEWHERE, "${inputTopic}"),
        hop(ELSEWHERE, "a/#", HERE, "${inputTopic}"),
    ]
    assert find_loops(hops) == [(0, 1, 2)]


def test_two_way_traffic_on_different_topics_is_no_loop() -> None:
    up, down = hop(HERE, "telemetry/#", THERE, "${inputTopic}"), hop(THERE, "commands/#", HERE, "${inputTopic}")
    assert find_loops([up, down]) == []


PARTS = st.lists(
    st.sampled_from(["a", "b-", "/", "${inputTopic}", "${inputTopic.1}", "${inputTopic.2}", "$", "$x/"]), min_size=1
)
TOPICS = st.lists(st.sampled_from(["", "a", "$x", "c d"]), min_size=1, max_size=4).map("/".join).filter(bool)


@given(PARTS, TOPICS)
def test_every_topic_that_is_made_is_matched_by_what_may_be_written(parts: list[str], topic: str) -> None:
    try:
        template = parse("".join(parts))
    except DeclarationError:
        return
    made = template.compile()(topic, None)
    if isinstance(made, str):
        assert any(matches(written, made) for written in written_filters(template, "#"))
