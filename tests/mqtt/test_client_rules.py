"""What a client must not send although the codec lets it pass."""

import msgspec
import pytest
from mqtt5 import (
    ConnectPacket,
    PubAckPacket,
    PubCompPacket,
    PubRecPacket,
    PubRelPacket,
    SubscribePacket,
    TopicFilter,
    UnsubscribePacket,
    Will,
)

from tidegate.exceptions import MalformedPacket, MqttError
from tidegate.message import Message
from tidegate.mqtt.client_rules import (
    check_connect,
    check_explanation,
    check_message,
    check_subscribe,
    check_unsubscribe,
    topic_limit_error,
)
from tidegate.mqtt.server_settings import ServerSettings

SETTINGS = ServerSettings(topic_levels_max=4, topic_bytes_max=20, user_properties_max=2)
GOOD = Message("a/b", b"", 1, False, 1, 60, "text/plain", "answers", b"7", (("a", "b"),))


@pytest.mark.parametrize(
    ("fields", "reason_code"),
    [
        ({"user_properties": [("a", "b")] * 3}, 0x97),
        ({"will": Will("a/b/c/d/e")}, 0x90),
        ({"will": Will("a", user_properties=[("a", "b")] * 3)}, 0x97),
        ({"will": Will("a", payload_format_indicator=2)}, 0x82),
        ({"will": Will("a\0")}, 0x81),
        ({"will": Will("a", content_type="a\0")}, 0x81),
        ({"username": "a\0"}, 0x81),
        ({"authentication_method": "a\0"}, 0x81),
        ({"user_properties": [("a", "b\0")]}, 0x81),
    ],
)
def test_connect(fields: dict[str, object], reason_code: int) -> None:
    with pytest.raises(MqttError) as raised:
        check_connect(ConnectPacket("one", **fields), SETTINGS)  # type: ignore[arg-type]
    assert raised.value.reason_code == reason_code
    check_connect(ConnectPacket("one", will=Will("a/b")), SETTINGS)


@pytest.mark.parametrize(
    ("fields", "reason_code"),
    [
        ({"topic": "a/b/c/d/e"}, 0x90),
        ({"topic": "x" * 21}, 0x90),
        ({"response_topic": "a/+"}, 0x82),
        ({"response_topic": "a\0"}, 0x81),
        ({"content_type": "a\0"}, 0x81),
        ({"payload_format_indicator": 2}, 0x82),
        ({"user_properties": (("a", "b"),) * 3}, 0x97),
        ({"user_properties": (("a\0", "b"),)}, 0x81),
    ],
)
def test_a_message(fields: dict[str, object], reason_code: int) -> None:
    with pytest.raises(MqttError) as raised:
        check_message(msgspec.structs.replace(GOOD, **fields), SETTINGS)
    assert raised.value.reason_code == reason_code
    check_message(GOOD, SETTINGS)
    assert topic_limit_error("a/b/c/d", SETTINGS) is None


@pytest.mark.parametrize("kind", [PubAckPacket, PubRecPacket, PubRelPacket, PubCompPacket])
def test_an_explanation(kind: type[PubAckPacket | PubRecPacket | PubRelPacket | PubCompPacket]) -> None:
    for packet in (kind(1, reason_str="\0"), kind(1, user_properties=[("a", "\0")])):
        with pytest.raises(MalformedPacket):
            check_explanation(packet, SETTINGS)
    check_explanation(kind(1, reason_str="why"), SETTINGS)


def test_topic_filters() -> None:
    with pytest.raises(MalformedPacket):
        check_subscribe(SubscribePacket(1, [TopicFilter("a"), TopicFilter("a\0")]), SETTINGS)
    with pytest.raises(MalformedPacket):
        check_unsubscribe(UnsubscribePacket(1, ["a", "a\0"]), SETTINGS)
