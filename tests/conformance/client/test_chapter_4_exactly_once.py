"""MQTT 5, section 4.3.3, and what 4.5 and 4.6 say of it: a client that publishes with QoS 2 in a session of one connection."""

import mqtt5
import pytest
from tests.mqtt.conversation import Conversation, connected, message, settled

from tidegate.message import Message
from tidegate.mqtt.client_settings import ClientSettings
from tidegate.mqtt.events import PublishReceived
from tidegate.mqtt.packets import (
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
)

ONE_CONNECTION = ClientSettings(session_expiry_seconds=0, receive_maximum=10)


def opened() -> Conversation:
    conversation = connected(settings=ONE_CONNECTION)
    conversation.sent()
    return conversation


def published(conversation: Conversation, *numbers: int, expiry_seconds: int | None = None) -> list[PublishPacket]:
    for number in numbers:
        given = message(number, 2)
        if expiry_seconds is not None:
            given = Message(given.topic, given.payload, 2, message_expiry_seconds=expiry_seconds)
        conversation.client.publish(given, str(number))
    return conversation.sent_only(PublishPacket)


def test_mqtt_4_3_2_1_and_4_3_3_1_each_new_message_gets_an_identifier_that_is_not_in_use() -> None:
    conversation = opened()
    for number, qos in enumerate((1, 2, 1, 2)):
        conversation.client.publish(message(number, qos), str(number))
    assert [packet.packet_id for packet in conversation.sent_only(PublishPacket)] == [1, 2, 3, 4]
    conversation.receive(PubAckPacket(1))
    conversation.receive(PubRecPacket(2))
    conversation.sent()
    for number in range(65_533):
        conversation.client.publish(message(number), "next")
        (packet,) = conversation.sent_only(PublishPacket)
        assert packet.packet_id is not None
        assert packet.packet_id not in (0, 2, 3, 4)
        conversation.receive(PubAckPacket(packet.packet_id))


def test_mqtt_4_3_3_2_publish_has_its_identifier_and_dup_0() -> None:
    (packet,) = published(opened(), 7)
    assert (packet.packet_id, packet.qos, packet.duplicate) == (1, QoS.EXACTLY_ONCE, False)


def test_mqtt_4_3_3_3_a_publish_is_unacknowledged_until_its_pubrec_has_come() -> None:
    conversation = opened()
    published(conversation, 1)
    assert conversation.client.room == 9
    conversation.wait(ONE_CONNECTION.keep_alive_seconds - 1)
    assert conversation.sent() == []
    assert conversation.receive(PubRecPacket(1)) == [PublishReceived("1")]


def test_mqtt_4_3_3_4_a_pubrec_is_answered_by_a_pubrel_with_its_identifier_unless_it_refuses() -> None:
    conversation = opened()
    published(conversation, 1, 2, 3)
    conversation.receive(PubRecPacket(2), PubRecPacket(3, reason_code=mqtt5.PubRecReasonCode.NO_MATCHING_SUBSCRIBERS))
    assert [packet.packet_id for packet in conversation.sent_only(PubRelPacket)] == [2, 3]
    events = conversation.receive(PubRecPacket(1, reason_code=mqtt5.PubRecReasonCode.QUOTA_EXCEEDED))
    assert settled(events) == [("1", 0x97)]
    assert conversation.sent() == []


def test_mqtt_4_3_3_5_a_pubrel_is_unacknowledged_until_its_pubcomp_has_come() -> None:
    conversation = opened()
    published(conversation, 1)
    conversation.receive(PubRecPacket(1))
    assert conversation.client.room == 9
    assert settled(conversation.receive(PubCompPacket(1))) == [("1", 0)]
    assert conversation.client.room == 10


def test_mqtt_4_3_3_6_a_publish_is_not_sent_again_once_its_pubrel_was() -> None:
    """Nor is it before: what is in flight with QoS 2 ends with the connection and the session that ends with it."""
    conversation = opened()
    published(conversation, 1, 2)
    conversation.receive(PubRecPacket(1))
    conversation.lose()
    again = connected(conversation.session, ONE_CONNECTION)
    assert again.sent() == []
    with pytest.raises(AssertionError, match="outlives"):
        connected().client.publish(message(1, 2), "1")


def test_mqtt_4_3_3_7_and_4_3_3_13_a_message_that_was_sent_goes_on_though_it_expires() -> None:
    conversation = opened()
    published(conversation, 1, expiry_seconds=1)
    conversation.wait(5)
    conversation.receive(PubRecPacket(1))
    assert [packet.packet_id for packet in conversation.sent_only(PubRelPacket)] == [1]
    conversation.wait(5)
    assert settled(conversation.receive(PubCompPacket(1))) == [("1", 0)]


def test_mqtt_4_6_0_4_pubrels_leave_in_the_order_of_the_pubrecs() -> None:
    conversation = opened()
    published(conversation, 1, 2, 3)
    conversation.receive(PubRecPacket(3), PubRecPacket(1), PubRecPacket(2))
    assert [packet.packet_id for packet in conversation.sent_only(PubRelPacket)] == [3, 1, 2]


def test_mqtt_3_6_2_1_a_pubrel_says_success() -> None:
    conversation = opened()
    published(conversation, 1)
    conversation.receive(PubRecPacket(1))
    assert conversation.sent_bytes() == b"\x62\x02\x00\x01"


@pytest.mark.parametrize("answer", [PubCompPacket(1), PubRecPacket(9)], ids=["PUBCOMP", "PUBREC"])
def test_section_4_3_3_an_answer_out_of_turn_ends_the_connection(answer: PubCompPacket | PubRecPacket) -> None:
    conversation = opened()
    published(conversation, 1)
    assert conversation.refused(answer).reason_code == 0x82


def test_section_3_7_2_1_a_pubcomp_that_knows_no_identifier_ends_the_exchange() -> None:
    conversation = opened()
    published(conversation, 1)
    conversation.receive(PubRecPacket(1))
    events = conversation.receive(PubCompPacket(1, reason_code=mqtt5.PubCompReasonCode.PACKET_ID_NOT_FOUND))
    assert settled(events) == [("1", 0x92)]


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_5_0_2_a_message_is_acknowledged_whatever_is_made_of_it(qos: int) -> None:
    conversation = connected()
    conversation.sent()
    conversation.receive(PublishPacket("nobody/wants/it", b"x", qos=mqtt5.QoS(qos), packet_id=5))
    conversation.client.acknowledge(5)
    assert len(conversation.sent()) == 1
