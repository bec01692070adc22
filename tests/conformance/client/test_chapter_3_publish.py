"""MQTT 5, sections 3.3 to 3.7: PUBLISH and its acknowledgements."""

import pytest
from mqtt5 import PubCompReasonCode
from tests.mqtt.conversation import LONG_TOPIC, connected, message
from tests.mqtt.wire import publish, raw_packet, text
from tests.transform.transforms import transformed

from tidegate.exceptions import LocalViolation
from tidegate.message import Message
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import MessageReceived
from tidegate.mqtt.packets import (
    ConnAckPacket,
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
)
from tidegate.mqtt.session import Session
from tidegate.transform.spec import Dropped, TransformSpec

ACKNOWLEDGEMENT_REASONS = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]


def test_mqtt_3_3_1_1_dup_is_set_when_a_publish_is_sent_again_and_only_then() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    assert not first.sent_only(PublishPacket)[0].duplicate
    first.lose()
    second = connected(session, connack=ConnAckPacket(session_present=True))
    assert second.sent_only(PublishPacket)[0].duplicate


def test_mqtt_3_3_1_2_dup_is_0_at_qos_0() -> None:
    conversation = connected()
    conversation.client.publish(message(qos=0), "zero")
    assert conversation.sent_bytes()[0] == 0x30
    assert conversation.refused(publish(0x38)).reason_code == 0x81


def test_mqtt_3_3_1_3_dup_of_what_is_sent_on_does_not_come_from_what_was_received() -> None:
    conversation = connected()
    [event] = conversation.receive(publish(0x3A, packet_id=1))
    assert isinstance(event, MessageReceived)
    assert event.duplicate
    conversation.client.publish(event.message, "one")
    assert not conversation.sent_only(PublishPacket)[0].duplicate


def test_mqtt_3_3_1_4_both_qos_bits_are_malformed() -> None:
    assert connected().refused(publish(0x36, packet_id=1)).reason_code == 0x81


@pytest.mark.parametrize("topic", ["plant/+", "plant/#", "pl+nt", "#"])
def test_mqtt_3_3_2_2_a_topic_name_has_no_wildcard(topic: str) -> None:
    conversation = connected()
    with pytest.raises(LocalViolation):
        conversation.client.publish(Message(topic, b""), "token")
    assert conversation.sent_bytes() == b""
    assert conversation.refused(publish(topic=topic)).reason_code == 0x81


def test_mqtt_3_3_2_1_a_topic_name_is_there_unless_an_alias_stands_for_it() -> None:
    conversation = connected()
    with pytest.raises(LocalViolation):
        conversation.client.publish(Message("", b""), "token")
    assert conversation.refused(publish(topic="")).reason_code in (0x81, 0x82)


def test_mqtt_3_3_2_7_aliases_of_one_connection_mean_nothing_in_the_next() -> None:
    session: Session[str] = Session("client")
    limits = ConnAckPacket(session_present=True, topic_alias_max=5)
    first = connected(session, connack=limits)
    first.receive(PublishPacket(LONG_TOPIC, b"", topic_alias=1))
    for number in range(2):
        first.client.publish(Message(LONG_TOPIC, b"", 1), f"{number}")
    assert [packet.topic for packet in first.sent_only(PublishPacket)] == [LONG_TOPIC, ""]
    first.lose()
    second = connected(session, connack=limits)
    resent = second.sent_only(PublishPacket)
    assert [(packet.topic, packet.topic_alias) for packet in resent] == [(LONG_TOPIC, 1), ("", 1)]
    assert second.refused(PublishPacket("", b"", topic_alias=1)).reason_code == 0x94


def test_mqtt_3_3_2_8_no_alias_is_0() -> None:
    assert connected().refused(publish(properties=b"\x23\0\0")).reason_code in (0x81, 0x94)
    conversation = connected(connack=ConnAckPacket(topic_alias_max=1))
    conversation.client.publish(Message(LONG_TOPIC, b""), "token")
    assert conversation.sent_only(PublishPacket)[0].topic_alias == 1


def test_mqtt_3_3_2_10_every_announced_alias_is_taken() -> None:
    conversation = connected(settings=ClientSettings(topic_alias_maximum=300))
    for alias in range(1, 301):
        conversation.receive(PublishPacket(f"plant/{alias}", b"", topic_alias=alias))
    for alias in range(1, 301):
        [event] = conversation.receive(PublishPacket("", b"", topic_alias=alias))
        assert isinstance(event, MessageReceived)
        assert event.message.topic == f"plant/{alias}"


@pytest.mark.parametrize("response_topic", ["plant/+", "#", "a\0", ""])
def test_mqtt_3_3_2_14_a_response_topic_with_wildcards_is_not_sent_on_and_ends_no_connection(
    response_topic: str,
) -> None:
    """Real servers forward it unchecked, and would do so again after each reconnect."""
    conversation = connected()
    [event] = conversation.receive(publish(0x32, packet_id=1, properties=b"\x08" + text(response_topic)))
    assert isinstance(event, MessageReceived)
    dropped = transformed(TransformSpec(topic_template="${inputTopic}"), event.message)
    assert isinstance(dropped, Dropped)
    assert dropped.detail.startswith("the response topic cannot be sent: ")


def test_mqtt_3_3_4_1_the_answer_is_that_of_the_qos() -> None:
    conversation = connected()
    conversation.receive(publish(0x30), publish(0x32, packet_id=1), publish(0x34, packet_id=2))
    conversation.client.acknowledge(1)
    conversation.client.acknowledge(2)
    assert conversation.sent() == [PubAckPacket(1), PubRecPacket(2)]


def test_mqtt_3_3_4_6_a_subscription_identifier_is_not_sent_on() -> None:
    conversation = connected()
    [event] = conversation.receive(PublishPacket("a", b"", subscription_ids=[1, 2], user_properties=[("a", "b")]))
    assert isinstance(event, MessageReceived)
    conversation.client.publish(event.message, "token")
    assert conversation.sent_only(PublishPacket)[0].subscription_ids == []


@pytest.mark.parametrize("receive_maximum", [1, 2, 10])
def test_mqtt_3_3_4_7_case_16_the_servers_receive_maximum_is_never_exceeded(receive_maximum: int) -> None:
    conversation = connected(connack=ConnAckPacket(receive_max=receive_maximum))
    client = conversation.client
    unanswered: list[int] = []
    for number in range(50):
        for _ in range(client.room):
            client.publish(message(number), "token")
        unanswered += [packet.packet_id or 0 for packet in conversation.sent_only(PublishPacket)]
        assert len(unanswered) == receive_maximum
        conversation.receive(PubAckPacket(unanswered.pop(number % len(unanswered))))
        assert client.room == 1


def test_mqtt_3_3_4_8_nothing_but_publishes_waits_for_the_window() -> None:
    conversation = connected(connack=ConnAckPacket(receive_max=1), settings=ClientSettings(keep_alive_seconds=10))
    conversation.client.publish(message(), "one")
    conversation.receive(publish(0x32, packet_id=9))
    conversation.client.acknowledge(9)
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    conversation.client.publish(message(qos=0), "zero")
    conversation.wait(10)
    data = conversation.sent_bytes()
    assert [data[0], data[-2]] == [0x32, 0xC0]
    assert b"\x40\x02\x00\x09\x82" in data


def test_mqtt_3_3_4_9_more_than_our_receive_maximum_is_taken() -> None:
    """It binds the server; mosquitto is known to break it, and what it sent can be neither dropped nor refused for ever."""
    conversation = connected(settings=ClientSettings(receive_maximum=2))
    conversation.receive(*(publish(0x32, packet_id=packet_id) for packet_id in range(1, 6)))
    assert not conversation.client.is_closing
    assert conversation.client.unacknowledged == 5


def test_mqtt_3_3_4_9_case_16_a_full_window_holds_the_server_back_and_drops_nothing() -> None:
    conversation = connected(settings=ClientSettings(receive_maximum=2))
    conversation.receive(publish(0x32, packet_id=1), publish(0x32, packet_id=2))
    assert conversation.sent_bytes() == b""
    conversation.client.acknowledge(1)
    assert conversation.sent_only(PubAckPacket) == [PubAckPacket(1)]
    assert len(conversation.receive(publish(0x32, packet_id=1))) == 1


@pytest.mark.parametrize("reason_code", ACKNOWLEDGEMENT_REASONS)
def test_mqtt_3_4_2_1_and_3_5_2_1_reason_codes_of_puback_and_pubrec(reason_code: int) -> None:
    conversation = connected()
    conversation.receive(publish(0x32, packet_id=1), publish(0x34, packet_id=2))
    conversation.client.acknowledge(1, reason_code)
    conversation.client.acknowledge(2, reason_code)
    puback, pubrec = conversation.sent()
    assert isinstance(puback, PubAckPacket)
    assert isinstance(pubrec, PubRecPacket)
    assert int(puback.reason_code) == int(pubrec.reason_code) == reason_code


def test_mqtt_3_4_2_1_an_unknown_reason_code_of_puback_is_malformed() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    assert conversation.refused(raw_packet(0x40, b"\0\1\x92")).reason_code == 0x81


def test_mqtt_3_6_1_1_the_flags_of_pubrel() -> None:
    assert connected().refused(raw_packet(0x60, b"\0\1")).reason_code == 0x81


def test_mqtt_3_7_2_1_reason_codes_of_pubcomp() -> None:
    conversation = connected()
    conversation.receive(publish(0x34, packet_id=1))
    conversation.client.acknowledge(1)
    conversation.sent()
    conversation.receive(PubRelPacket(1), PubRelPacket(2))
    assert conversation.sent() == [
        PubCompPacket(1),
        PubCompPacket(2, reason_code=PubCompReasonCode.PACKET_ID_NOT_FOUND),
    ]


@pytest.mark.parametrize("properties", [b"\x02\0\0\0\1\x02\0\0\0\1", b"\x21\0\1", b"\x7f\0", b"\x0b\0"])
def test_section_3_3_2_3_properties_that_are_protocol_errors(properties: bytes) -> None:
    assert connected().refused(publish(properties=properties)).reason_code in (0x81, 0x82)


def test_section_4_3_2_pubrec_and_pubcomp_do_not_answer_a_publish_of_qos_1() -> None:
    for packet in (PubRecPacket(1), PubCompPacket(1)):
        conversation = connected()
        conversation.client.publish(message(), "one")
        assert [packet.qos for packet in conversation.sent_only(PublishPacket)] == [QoS.AT_LEAST_ONCE]
        assert conversation.refused(packet).reason_code == 0x82
