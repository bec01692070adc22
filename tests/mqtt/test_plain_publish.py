"""Plain PUBLISH packets mean the same with and without the codec, and everything else is left to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mqtt.wire import publish

from tidegate.exceptions import MqttError
from tidegate.message import Message
from tidegate.mqtt import plain_publish
from tidegate.mqtt.packets import Packet, PublishPacket, QoS, ReceivedPacket, decode, encode_publish
from tidegate.mqtt.plain_publish import (
    FORMS_KNOWN_MAX,
    TOPIC_KNOWN_BYTES_MAX,
    TOPICS_KNOWN_MAX,
    PlainPublishes,
)
from tidegate.mqtt.received import MessageReceived

LARGE = 1_000_000


def taken(data: bytes, packet_bytes_max: int = LARGE) -> tuple[list[ReceivedPacket], int]:
    """Return what is taken of `data`, and how many bytes that had."""
    found: list[ReceivedPacket] = []
    return found, PlainPublishes().take(data, found, packet_bytes_max)


def by_codec(data: bytes) -> list[MessageReceived]:
    """Return what the codec makes of whole packets, all of them PUBLISH."""
    found: list[Packet] = []
    assert decode(memoryview(data), found) == len(data)
    received = []
    for packet in found:
        assert isinstance(packet, PublishPacket)
        qos = 2 if packet.qos == QoS.EXACTLY_ONCE else 1 if packet.qos == QoS.AT_LEAST_ONCE else 0
        message = Message(packet.topic, packet.payload, qos, packet.retain)
        received.append(MessageReceived(message, packet.packet_id or 0, packet.duplicate))
    return received


messages = st.builds(
    Message,
    st.sampled_from(["a", "bench/line-1", "\u00e9/\U0001f600", "t" * (TOPIC_KNOWN_BYTES_MAX + 1)]),
    st.one_of(st.binary(max_size=40), st.integers(100, 20_000).map(bytes)),
    st.integers(0, 2),
    st.booleans(),
)


@given(st.lists(st.tuples(messages, st.integers(1, 3)), max_size=6), st.integers(1, 65_535))
def test_the_messages_are_those_of_the_codec(runs: list[tuple[Message, int]], packet_id: int) -> None:
    data = b""
    for message, count in runs:
        for _ in range(count):
            packet_id = packet_id % 65_535 + 1
            identifier = packet_id if message.qos else None
            data += encode_publish(message, identifier, message.qos > 0 and packet_id % 2 == 0, message.topic, None)
    found, consumed = taken(data)
    assert found == by_codec(data[:consumed])
    # Only a Remaining Length of three bytes is left to the codec.
    assert consumed == len(data) or data[consumed + 2] >= 0x80


@given(st.binary(max_size=60), st.integers(0, 70), st.integers(0, 255))
def test_what_is_taken_of_any_bytes_is_what_the_codec_takes(tail: bytes, position: int, byte: int) -> None:
    data = bytearray(publish(0x32, packet_id=7, payload=bytes(20)) * 2 + tail)
    data[position % len(data)] = byte
    found, consumed = taken(bytes(data))
    assert found == by_codec(bytes(data[:consumed]))


@pytest.mark.parametrize(
    "wrong",
    [
        publish(0x32, packet_id=0),
        publish(0x36, packet_id=1),
        publish(0x38),
        publish(topic=b""),
        publish(topic=b"a/+"),
        publish(topic=b"a/#"),
        publish(topic=b"a\0b"),
        b"\x30\x86\x00\x00\x01a\x00bc",
        b"\x30\x04\x00\x09a\x00",
        b"\x30\x04\x00\x03ab\x30\x00",
        b"\x32\x05\x00\x01a\x00\x01",
    ],
    ids=[
        "packet identifier 0",
        "QoS 3",
        "DUP and QoS 0",
        "no topic",
        "+",
        "#",
        "NUL",
        "a Remaining Length longer than need be",
        "a topic longer than the packet",
        "a topic that ends in the next packet",
        "no length of properties",
    ],
)
def test_what_is_wrong_is_left_to_the_codec(wrong: bytes) -> None:
    good = publish(topic=b"good", payload=b"1")
    found, consumed = taken(good + wrong + good)
    assert len(found) == 1
    assert consumed == len(good)
    with pytest.raises(MqttError):
        decode(memoryview(wrong), [])


def test_a_topic_that_is_not_utf_8_is_left_to_the_codec() -> None:
    assert taken(publish(topic=b"a\xed\xa0\x80")) == ([], 0)


def test_one_with_properties_or_too_long_or_not_whole_is_left_and_what_is_like_it_too() -> None:
    good = publish(0x32, packet_id=1, payload=b"1")
    with_properties = publish(0x32, packet_id=2, properties=b"\x01\x01", payload=b"")[: len(good) + 1]
    for other in (with_properties, good[:-1], b"\x40\x02\x00\x01", b""):
        assert taken(good + good + other)[1] == 2 * len(good)
    assert taken(good, len(good) - 1)[1] == 0
    # Of the same length and topic as the one before, and yet with a property.
    alike = publish(0x32, packet_id=3, payload=b"\x00" * 3)
    assert taken(alike + publish(0x32, packet_id=4, properties=b"\x01\x01", payload=b"x"))[1] == len(alike)
    assert taken(alike + publish(0x32, packet_id=0, payload=b"\x00" * 3))[1] == len(alike)


def test_the_form_of_the_last_packet_is_remembered_from_one_read_to_the_next_and_no_error_of_it() -> None:
    plain = PlainPublishes()
    found: list[ReceivedPacket] = []
    good = publish(0x32, packet_id=1, payload=b"\0\0\0")
    for data, consumed in (
        (good, len(good)),
        (publish(0x32, packet_id=0, payload=b"\0\0\0"), 0),
        (publish(0x32, packet_id=2, properties=b"\x01\x01", payload=b"x"), 0),
        (good[:-1], 0),
        (good + good, 2 * len(good)),
        (publish(payload=b"x"), len(publish(payload=b"x"))),
    ):
        assert plain.take(data, found, LARGE) == consumed
    assert [each.packet_id for each in found if isinstance(each, MessageReceived)] == [1, 1, 1, 0]


def test_more_topics_than_are_remembered_come_as_they_are() -> None:
    topics = [f"topic/{number}" for number in range(TOPICS_KNOWN_MAX + 10)] * 2
    found, consumed = taken(b"".join(publish(topic=topic.encode()) for topic in topics))
    assert consumed
    assert [each.message.topic for each in found if isinstance(each, MessageReceived)] == topics


def test_no_more_forms_are_remembered_than_there_is_room_for() -> None:
    sizes = range(FORMS_KNOWN_MAX + 10)
    data = b"".join(publish(topic=b"of/many/sizes", payload=b"x" * size) for size in sizes)
    found, consumed = taken(data)
    assert consumed == len(data)
    assert [len(each.message.payload) for each in found if isinstance(each, MessageReceived)] == list(sizes)
    assert len(plain_publish._forms) <= FORMS_KNOWN_MAX
