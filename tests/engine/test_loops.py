"""Failure mode 22: messages that come back to where they were read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.engine.loops import Hop, find_loops, find_two_way, written_filters
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


@pytest.mark.parametrize(
    ("prefix", "topic_filter", "written"),
    [
        ("local/", "local/#", ("remote/#",)),
        ("local/", "#", ("remote/#",)),
        ("local/", "+/a", ("remote/a",)),
        ("local/", "other/#", ()),
        ("local/", "local", ()),
        ("a/b", "a/bc/d", ("remote/c/d",)),
        ("a/b", "a/+/d", ("remote/+/d",)),
        ("$x/", "#", ()),
        ("$x/", "$share/g/$x/a", ("remote/a",)),
    ],
)
def test_what_a_template_that_leaves_out_a_prefix_makes_of_a_filter(
    prefix: str, topic_filter: str, written: tuple[str, ...]
) -> None:
    assert written_filters(parse("remote/${inputTopic}", prefix), topic_filter) == written


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


def test_what_comes_back_changed_and_is_read_no_more_is_no_loop() -> None:
    up, down = hop(HERE, "#", THERE, "${inputTopic}"), hop(THERE, "commands/#", HERE, "received/${inputTopic.2}")
    assert find_loops([up, down]) == []
    assert find_loops([hop(HERE, "a/+", HERE, "${inputTopic.2}/z")]) == []


def test_a_topic_that_grows_at_each_turn_is_a_loop() -> None:
    up, down = hop(HERE, "#", THERE, "site/${inputTopic}"), hop(THERE, "#", HERE, "${inputTopic}")
    assert find_loops([up, down]) == [(0, 1)]


def test_a_loop_that_needs_two_ways_in_turn() -> None:
    """What returns by the first way is read by the second alone, and the other way round."""
    hops = [
        Hop(HERE, THERE, ("a/#", "b/#"), parse("${inputTopic}")),
        hop(THERE, "a/+", HERE, "b/${inputTopic.2}"),
        hop(THERE, "b/+", HERE, "a/${inputTopic.2}"),
    ]
    assert find_loops(hops) == [(0, 2, 0, 1)]


def test_a_loop_of_many_and_many_data_flows_in_no_loop() -> None:
    brokers = [(f"broker-{number}", 1883) for number in range(40)]
    ring = [
        hop(broker, "a/#", following, "${inputTopic}")
        for broker, following in zip(brokers, (*brokers[1:], brokers[0]), strict=True)
    ]
    assert find_loops(ring) == [tuple(range(40))]
    fan = [hop(HERE, f"line-{number}/#", HERE, f"copy/{number}/${{inputTopic}}") for number in range(300)]
    assert find_loops(fan) == []


def test_a_search_ends_however_topics_grow() -> None:
    growing = [hop(HERE, "b/#", HERE, f"b/{number}/${{inputTopic}}") for number in range(30)]
    assert find_loops([hop(HERE, "a/#", HERE, "b/${inputTopic}"), *growing])[0] == (1,)


def test_two_ways_between_two_brokers() -> None:
    up, down = hop(HERE, "#", THERE, "${inputTopic}"), hop(THERE, "a/#", HERE, "${inputTopic}")
    assert find_two_way([up, down]) == find_two_way([down, up]) == {0, 1}
    assert find_two_way([up, hop(THERE, "a/#", ELSEWHERE, "${inputTopic}")]) == frozenset()
    assert find_two_way([hop(HERE, "b/#", THERE, "${inputTopic}"), down]) == frozenset()
    assert find_two_way([hop(HERE, "a/#", HERE, "${inputTopic}")] * 2) == frozenset()
    assert find_two_way([up, hop(THERE, "b/#", HERE, "received")] * 2) == frozenset()


def test_what_a_map_writes_may_be_any_topic_where_two_go_both_ways_and_is_trusted_elsewhere() -> None:
    up, down = hop(HERE, "a/#", THERE, "site/${outputTopic}"), hop(THERE, "site/#", HERE, "${outputTopic}")
    assert find_two_way([up, down]) == {0, 1}
    assert find_loops([up, down]) == []
    assert find_two_way([up, hop(THERE, "commands/#", HERE, "${outputTopic}")]) == frozenset()


PARTS = st.lists(
    st.sampled_from(["a", "b-", "/", "${inputTopic}", "${inputTopic.1}", "${inputTopic.2}", "$", "$x/"]), min_size=1
)
TOPICS = st.lists(st.sampled_from(["", "a", "$x", "c d"]), min_size=1, max_size=4).map("/".join).filter(bool)


PREFIXES = st.sampled_from(["", "a", "a/", "/", "$x/"])


@given(PARTS, PREFIXES, TOPICS)
def test_every_topic_that_is_made_is_matched_by_what_may_be_written(parts: list[str], prefix: str, topic: str) -> None:
    try:
        template = parse("".join(parts), prefix)
    except DeclarationError:
        return
    made = template.compile()(topic, None)
    if isinstance(made, str):
        assert any(matches(written, made) for written in written_filters(template, "$x/#" if topic[0] == "$" else "#"))
