"""PUBLISH packets without properties are encoded as by the codec, whatever was encoded for their topic before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.exceptions import LocalViolation
from tidegate.message import Message
from tidegate.mqtt.packets import encode_delivery
from tidegate.mqtt.plain_encoder import PlainEncoder
from tidegate.mqtt.plain_publish import TOPIC_KNOWN_BYTES_MAX, TOPICS_KNOWN_MAX

messages = st.builds(
    Message,
    st.sampled_from(["a", "a/ä", "b" * TOPIC_KNOWN_BYTES_MAX, "c" * 200]),
    st.sampled_from([b"", b"x" * 100, b"y" * 130, b"z" * 0x3F00, b"z" * 0x4000]),
    content_type=st.sampled_from([None, None, None, "text/plain"]),
    user_properties=st.sampled_from([(), (), (), (("k", "v"),)]),
    payload_format_indicator=st.sampled_from([0, 0, 0, 1]),
)


@given(st.lists(st.tuples(messages, st.integers(0, 2), st.booleans(), st.booleans(), st.sampled_from([None, None, 5]))))
def test_the_bytes_are_those_of_the_codec(sent: list[tuple[Message, int, bool, bool, int | None]]) -> None:
    encoder = PlainEncoder()
    for number, (message, qos, retain, duplicate, expiry) in enumerate(sent, 1):
        packet_id = number if qos else None
        asked = (message, qos, retain, packet_id, expiry, (), None, None, duplicate and qos > 0)
        assert encoder.encode(*asked) == encode_delivery(*asked)


def test_an_alias_takes_the_place_of_the_topic() -> None:
    message = Message("a/b", b"x" * 200)
    encoder = PlainEncoder()
    encoder.encode(message, 0, False, None)
    assert encoder.encode(message, 0, False, None, None, (), 3, "") == encode_delivery(
        message, 0, False, None, None, (), 3, ""
    )
    assert encoder.encode(message, 1, False, 9, None, (7,)) == encode_delivery(message, 1, False, 9, None, (7,))


def test_a_topic_that_is_no_utf_8_is_refused_as_by_the_codec() -> None:
    with pytest.raises(LocalViolation):
        PlainEncoder().encode(Message("a/\ud800", b"x" * 200), 0, False, None)


def test_no_more_topics_are_remembered_than_there_is_room_for() -> None:
    encoder = PlainEncoder()
    for number in range(3 * TOPICS_KNOWN_MAX):
        encoder.encode(Message(f"topic/{number}", b"x" * 200), 0, False, None)
        encoder.encode(Message("t" * (TOPIC_KNOWN_BYTES_MAX + 1) + str(number), b"x" * 200), 0, False, None)
        assert len(encoder._heads) <= TOPICS_KNOWN_MAX
    assert all(len(topic) <= TOPIC_KNOWN_BYTES_MAX for topic in encoder._heads)
