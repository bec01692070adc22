"""MQTT 5, chapter 2: what packets are made of."""

import pytest
from tests.mqtt.conversation import connected, message
from tests.mqtt.wire import connack, publish, raw_packet

from tidegate.exceptions import LocalViolation
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription
from tidegate.mqtt.packets import (
    PubAckPacket,
    PublishPacket,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
)

RESERVED_FLAGS = [
    raw_packet(0x41, b"\0\1"),
    raw_packet(0x60, b"\0\1"),
    raw_packet(0x63, b"\0\1"),
    raw_packet(0x92, b"\0\1\0\0"),
    raw_packet(0xB2, b"\0\1\0\0"),
    raw_packet(0xD8),
    raw_packet(0xE1),
    raw_packet(0xF1),
    b"\x21" + connack()[1:],
]


@pytest.mark.parametrize("data", RESERVED_FLAGS, ids=lambda data: f"0x{data[0]:02X}")
def test_mqtt_2_1_3_1_reserved_flags_are_malformed(data: bytes) -> None:
    assert connected().refused(data).reason_code == 0x81


def test_mqtt_2_1_3_1_our_reserved_flags_are_as_listed() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    assert conversation.sent_bytes()[0] == 0x82
    conversation.client.unsubscribe(["a"], conversation.now)
    assert conversation.sent_bytes()[0] == 0xA2
    conversation.receive(raw_packet(0x62, b"\0\1"))
    assert conversation.sent_bytes()[0] == 0x70
    conversation.client.disconnect()
    assert conversation.sent_bytes()[0] == 0xE0
    idle = connected()
    idle.wait(60)
    assert idle.sent_bytes()[0] == 0xC0


def test_mqtt_2_2_1_2_a_publish_of_qos_0_has_no_packet_id() -> None:
    conversation = connected()
    conversation.client.publish(Message("ab", b"on"), "token")
    assert conversation.sent_bytes() == b"\x30\x07\x00\x02ab\x00on"


def test_mqtt_2_2_1_3_each_new_packet_has_an_unused_id_that_is_not_0() -> None:
    conversation = connected()
    client = conversation.client
    client.publish(message(1), "one")
    client.subscribe([Subscription("a", 1)], conversation.now)
    client.unsubscribe(["b"], conversation.now)
    client.publish(message(2), "two")
    packets = conversation.sent()
    assert [
        packet.packet_id
        for packet in packets
        if isinstance(packet, PublishPacket | SubscribePacket | UnsubscribePacket)
    ] == [1, 2, 3, 4]


def test_mqtt_2_2_1_3_ids_of_subscribe_and_unsubscribe_are_free_again_when_answered() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    conversation.client.unsubscribe(["b"], conversation.now)
    assert len(conversation.session.packet_ids) == 2
    conversation.receive(SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]))
    conversation.receive(UnsubAckPacket(2, [UnsubAckReasonCode.SUCCESS]))
    assert len(conversation.session.packet_ids) == 0


def test_mqtt_2_2_1_3_an_id_is_free_again_when_its_publish_could_not_be_sent() -> None:
    conversation = connected()
    with pytest.raises(LocalViolation):
        conversation.client.publish(Message("\ud800", b"", 1), "token")
    assert len(conversation.session.packet_ids) == 0


def test_mqtt_2_2_1_4_a_server_gives_no_id_0_and_none_in_use() -> None:
    assert connected().refused(publish(0x32, packet_id=0)).reason_code == 0x81
    conversation = connected()
    conversation.receive(publish(0x32, packet_id=7))
    assert conversation.refused(publish(0x32, packet_id=7)).reason_code == 0x82


def test_mqtt_2_2_1_5_an_acknowledgement_has_the_id_of_its_publish() -> None:
    conversation = connected()
    conversation.receive(publish(0x32, packet_id=0xABCD))
    conversation.client.acknowledge(0xABCD)
    assert conversation.sent_only(PubAckPacket) == [PubAckPacket(0xABCD)]


def test_mqtt_2_2_1_6_suback_and_unsuback_have_the_id_of_what_they_answer() -> None:
    for answer in (
        SubAckPacket(2, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]),
        UnsubAckPacket(1, [UnsubAckReasonCode.SUCCESS]),
        SubAckPacket(9, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]),
    ):
        conversation = connected()
        conversation.client.subscribe([Subscription("a", 1)], conversation.now)
        conversation.client.unsubscribe(["b"], conversation.now)
        assert conversation.refused(answer).reason_code == 0x82


def test_mqtt_2_2_2_1_no_properties_are_a_property_length_of_0() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    assert conversation.sent_bytes()[2:5] == b"\x00\x01\x00"
    conversation.client.unsubscribe(["a"], conversation.now)
    assert conversation.sent_bytes()[2:5] == b"\x00\x02\x00"
