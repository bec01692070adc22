"""MQTT 5, chapter 1: how data is written."""

import pytest
from tests.mqtt.conversation import codec_panics, connected
from tests.mqtt.wire import pair, publish, text
from tests.transform.transforms import compiled

from tidegate.exceptions import LocalViolation
from tidegate.message import Message
from tidegate.mqtt.events import MessageReceived
from tidegate.mqtt.packets import PublishPacket
from tidegate.transform.spec import Dropped, TransformSpec


@codec_panics
@pytest.mark.parametrize(
    "data",
    [
        publish(topic=b"plant/\xff"),
        publish(topic=b"plant/\xed\xa0\x80"),
        publish(topic=b"plant/\xc0\xaf"),
        publish(properties=b"\x03" + text(b"\xff")),
    ],
)
def test_mqtt_1_5_4_1_ill_formed_utf_8_is_malformed(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    assert connected().refused(data).reason_code == 0x81
    capfd.readouterr()


def test_mqtt_1_5_4_1_no_surrogate_is_sent() -> None:
    conversation = connected()
    for message in (Message("a\ud800", b""), Message("a", b"", content_type="\udfff")):
        with pytest.raises(LocalViolation):
            conversation.client.publish(message, "token")
    assert conversation.sent_bytes() == b""


def test_mqtt_1_5_4_2_nul_in_a_topic_name_is_malformed() -> None:
    assert connected().refused(publish(topic="plant\0line")).reason_code == 0x81


@pytest.mark.parametrize(
    "properties", [b"\x03" + text("\0"), b"\x08" + text("a\0"), pair("\0", "value"), pair("name", "\0")]
)
def test_mqtt_1_5_4_2_no_nul_is_sent_on(properties: bytes) -> None:
    [event] = connected().receive(publish(properties=properties))
    assert isinstance(event, MessageReceived)
    transform = compiled(TransformSpec(topic_template="${inputTopic}"))
    assert isinstance(transform(event.message), Dropped)


def test_mqtt_1_5_4_3_a_byte_order_mark_is_a_character_like_others() -> None:
    conversation = connected()
    [event] = conversation.receive(publish(topic=b"\xef\xbb\xbfplant", properties=b"\x03" + text(b"\xef\xbb\xbftext")))
    assert isinstance(event, MessageReceived)
    assert (event.message.topic, event.message.content_type) == ("\ufeffplant", "\ufefftext")
    conversation.client.publish(event.message, "token")
    [packet] = conversation.sent_only(PublishPacket)
    assert (packet.topic, packet.content_type) == ("\ufeffplant", "\ufefftext")


@pytest.mark.parametrize(
    "data",
    [b"\x30\x89\x80\x00" + publish()[2:], b"\x30\x80\x80\x80\x80\x01", b"\x30\x05" + text("ab") + b"\x80"],
    ids=["remaining length", "five bytes", "property length"],
)
def test_mqtt_1_5_5_1_a_number_in_more_bytes_than_it_needs_is_malformed(data: bytes) -> None:
    assert connected().refused(data + b"\0").reason_code == 0x81


@codec_panics
def test_mqtt_1_5_7_1_both_strings_of_a_pair_are_utf_8(capfd: pytest.CaptureFixture[str]) -> None:
    for properties in (pair(b"\xff", "value"), pair("name", b"\xff")):
        assert connected().refused(publish(properties=properties)).reason_code == 0x81
    capfd.readouterr()
