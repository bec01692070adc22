"""The conversation itself: what it shows when something else was said."""

import pytest

from tests.play import describe, flow_plan, play, puback, publish, relay_of
from tidegate.flow.events import Drained


def test_a_difference_is_shown_with_the_conversation() -> None:
    scene = play(relay_of(flow_plan())).start().source(publish(1))
    with pytest.raises(AssertionError) as caught:
        scene.expect_destination(publish(2))
    sentence = str(caught.value)
    assert "the destination, - expected, + seen:" in sentence
    assert "- PUBLISH packet_id=2 payload=b'2'" in sentence
    assert "+ PUBLISH packet_id=1 payload=b'1'" in sentence
    assert "source > PUBLISH packet_id=1" in sentence
    assert "destination < PUBLISH packet_id=1" in sentence


def test_other_events_and_counts_are_shown() -> None:
    scene = play(relay_of(flow_plan())).start()
    with pytest.raises(AssertionError, match=r"- Drained\(unsettled=0\)"):
        scene.expect_events(Drained(0))
    with pytest.raises(AssertionError):
        scene.expect_counts(received=1)


def test_packets_are_described_without_what_is_usual() -> None:
    assert describe(puback(7)) == "PUBACK packet_id=7"
    assert describe(publish(1, None, topic="a")) == "PUBLISH payload=b'1' topic='a'"
