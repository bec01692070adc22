"""What a client must not send although the codec lets it pass."""

import mqtt5
import pytest
from mqtt5 import ConnectPacket, PublishPacket, Will

from tidegate.exceptions import MqttError
from tidegate.mqtt.client_rules import check_connect, check_publish, topic_limit_error
from tidegate.mqtt.server_settings import ServerSettings

SETTINGS = ServerSettings(topic_levels_max=4, topic_bytes_max=20, user_properties_max=2)


@pytest.mark.parametrize(
    ("fields", "reason_code"),
    [
        ({"user_properties": [("a", "b")] * 3}, 0x97),
        ({"will": Will("a/b/c/d/e")}, 0x90),
        ({"will": Will("a", user_properties=[("a", "b")] * 3)}, 0x97),
    ],
)
def test_connect(fields: dict[str, object], reason_code: int) -> None:
    with pytest.raises(MqttError) as raised:
        check_connect(ConnectPacket("one", **fields), SETTINGS)  # type: ignore[arg-type]
    assert raised.value.reason_code == reason_code
    check_connect(ConnectPacket("one", will=Will("a/b")), SETTINGS)


@pytest.mark.parametrize(
    ("topic", "fields", "reason_code"),
    [
        ("", {}, 0x82),
        ("a/b/c/d/e", {}, 0x90),
        ("x" * 21, {}, 0x90),
        ("a", {"subscription_ids": [1]}, 0x82),
        ("a", {"user_properties": [("a", "b")] * 3}, 0x97),
    ],
)
def test_publish(topic: str, fields: dict[str, object], reason_code: int) -> None:
    packet = PublishPacket("a", b"", **fields)  # type: ignore[arg-type]
    with pytest.raises(MqttError) as raised:
        check_publish(packet, topic, SETTINGS)
    assert raised.value.reason_code == reason_code


def test_a_message_within_all_limits() -> None:
    check_publish(mqtt5.PublishPacket("a", b""), "a/b", SETTINGS)
    assert topic_limit_error("a/b/c/d", SETTINGS) is None
