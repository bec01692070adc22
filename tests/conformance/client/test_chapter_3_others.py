"""MQTT 5, sections 3.8 to 3.15: SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT and AUTH."""

from collections.abc import Callable

import pytest
from tests.mqtt.conversation import Conversation, connected, message
from tests.mqtt.wire import publish, raw_packet

from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import ConnectionClosing, Subscribed, Unsubscribed
from tidegate.mqtt.packets import (
    AuthPacket,
    AuthReasonCode,
    DisconnectPacket,
    DisconnectReasonCode,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubAckReasonCode,
)

GRANTED = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
WITH_TOKEN = ClientSettings(authentication_method="K8S-SAT", authentication_data=b"token")


def test_mqtt_3_8_1_1_subscribe_byte_for_byte() -> None:
    """Flags 0010, and of the options [MQTT-3.8.3-5] Retain Handling 1, Retain As Published, QoS 1 and nothing else."""
    conversation = connected()
    conversation.client.subscribe([Subscription("a/b", 1)], conversation.now)
    assert conversation.sent_bytes() == b"\x82\x09\x00\x01\x00\x00\x03a/b\x19"


@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
def test_mqtt_3_8_3_2_and_3_10_3_2_at_least_one_filter_is_sent(verb: str) -> None:
    conversation = connected()
    with pytest.raises(ValueError, match="at least one entry"):
        getattr(conversation.client, verb)([], conversation.now)
    assert conversation.sent_bytes() == b""


def test_mqtt_3_8_3_4_no_local_is_never_set_so_not_on_a_shared_subscription() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("$share/group/a", 1)], conversation.now)
    assert not conversation.sent_only(SubscribePacket)[0].topic_filters[0].no_local


@pytest.mark.parametrize("count", [1, 3])
def test_mqtt_3_8_4_6_case_33_a_suback_has_a_reason_code_for_each_filter(count: int) -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1), Subscription("b", 1)], conversation.now)
    closing = conversation.refused(SubAckPacket(1, [GRANTED] * count))
    assert closing.reason_code == 0x82
    assert closing.detail == f"SUBACK with {count} reason codes for 2 filters [MQTT-3.8.4-6]"


def test_mqtt_3_9_3_1_reason_codes_are_in_the_order_of_the_filters() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription(name, 1) for name in "abc"], conversation.now)
    codes = [GRANTED, SubAckReasonCode.NOT_AUTHORIZED, SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE]
    assert conversation.receive(SubAckPacket(1, codes)) == [Subscribed((("a", 1), ("b", 0x87), ("c", 0)), None)]


def test_mqtt_3_9_3_2_an_unknown_reason_code_of_suback_is_malformed() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    assert conversation.refused(raw_packet(0x90, b"\0\1\0\3")).reason_code == 0x81


def test_mqtt_3_10_1_1_unsubscribe_byte_for_byte() -> None:
    conversation = connected()
    conversation.client.unsubscribe(["a/b"], conversation.now)
    assert conversation.sent_bytes() == b"\xa2\x08\x00\x01\x00\x00\x03a/b"


def test_mqtt_3_11_3_1_reason_codes_of_unsuback_are_in_the_order_of_the_filters() -> None:
    conversation = connected()
    conversation.client.unsubscribe(["a", "b"], conversation.now)
    codes = [UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED, UnsubAckReasonCode.SUCCESS]
    assert conversation.receive(UnsubAckPacket(1, codes)) == [Unsubscribed((("a", 0x11), ("b", 0)))]


def test_mqtt_3_12_4_1_a_server_that_does_not_answer_a_ping_is_left() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    [closing] = conversation.wait(60)
    assert closing == ConnectionClosing("timeout", 0x8D, "no PINGRESP from the server in time")


def test_mqtt_3_14_1_1_reserved_bits_of_disconnect_are_malformed() -> None:
    conversation = connected()
    assert conversation.refused(raw_packet(0xE1)).reason_code == 0x81
    [disconnect] = conversation.sent_only(DisconnectPacket)
    assert disconnect.reason_code == DisconnectReasonCode.MALFORMED_PACKET


def by_us(conversation: Conversation) -> None:
    """End a connection because we want to."""
    conversation.client.disconnect()


def by_violation(conversation: Conversation) -> None:
    """End a connection because the server broke a rule."""
    conversation.receive(raw_packet(0))


def by_timeout(conversation: Conversation) -> None:
    """End a connection because the server is silent."""
    conversation.wait(600)


@pytest.mark.parametrize("end", [by_us, by_violation, by_timeout])
def test_mqtt_3_14_4_1_nothing_is_sent_after_disconnect(end: Callable[[Conversation], None]) -> None:
    conversation = connected()
    client = conversation.client
    client.publish(message(), "one")
    conversation.receive(publish(0x32, packet_id=1), publish(0x34, packet_id=2))
    conversation.sent_bytes()
    end(conversation)
    ending = conversation.sent()
    assert isinstance(ending[-1], DisconnectPacket)
    client.acknowledge(1)
    client.acknowledge(2)
    client.resume()
    client.subscribe([Subscription("a", 1)], conversation.now)
    client.unsubscribe(["a"], conversation.now)
    client.disconnect(0x80)
    for qos in (0, 1):
        with pytest.raises(AssertionError):
            client.publish(message(qos=qos), "late")
    assert conversation.receive(publish(0x34, packet_id=3)) == []
    assert conversation.wait(600) == []
    assert conversation.sent_bytes() == b""


def test_mqtt_3_14_4_2_the_owner_is_told_to_close() -> None:
    conversation = connected()
    conversation.client.disconnect()
    assert conversation.client.is_closing


def test_section_3_14_2_2_2_a_session_expiry_from_a_server_does_not_hide_its_reason() -> None:
    conversation = connected()
    [closing] = conversation.receive(raw_packet(0xE0, b"\x8b\x05\x11\0\0\0\1"))
    assert closing == ConnectionClosing("disconnect", 0x8B, "")


def test_mqtt_3_15_1_1_the_flags_of_auth() -> None:
    assert connected(settings=WITH_TOKEN).refused(raw_packet(0xF2)).reason_code == 0x81


def test_mqtt_3_15_2_1_the_reason_codes_of_auth_and_who_may_send_them() -> None:
    renewal = AuthPacket(reason_code=AuthReasonCode.RE_AUTHENTICATE, authentication_method="K8S-SAT")
    success = AuthPacket(reason_code=AuthReasonCode.SUCCESS, authentication_method="K8S-SAT")
    assert connected(settings=WITH_TOKEN).refused(renewal).reason_code == 0x82
    assert Conversation(settings=WITH_TOKEN).refused(renewal).reason_code == 0x82
    assert Conversation(settings=WITH_TOKEN).refused(success).reason_code == 0x82
    assert connected(settings=WITH_TOKEN).refused(raw_packet(0xF0, b"\x01\x00")).reason_code == 0x81
