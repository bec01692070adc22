"""MQTT 5: nothing that a client adds of its own makes a packet larger than the server takes; and the strings it sends."""

import pytest
from tests.mqtt.conversation import Conversation, connected

from tidegate.message import Message
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import ConnectionClosing
from tidegate.mqtt.packets import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    ConnAckReasonCode,
    DisconnectPacket,
    DisconnectReasonCode,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    SubscribePacket,
    UnsubscribePacket,
)

WITH_TOKEN = ClientSettings(authentication_method="K8S-SAT", authentication_data=b"token")


def limited(settings: ClientSettings | None = None) -> Conversation:
    """Return a conversation with a server that takes packets of twenty bytes."""
    conversation = connected(settings=settings, connack=ConnAckPacket(max_packet_size=20))
    conversation.sent()
    return conversation


@pytest.mark.parametrize("reason_code", [0, 0x80, 0x87, 0x99])
def test_mqtt_3_4_2_2_and_3_4_2_3_and_3_5_2_2_and_3_5_2_3_an_acknowledgement_has_neither_reason_string_nor_user_properties(
    reason_code: int,
) -> None:
    """[MQTT-3.4.2-2], [MQTT-3.4.2-3], [MQTT-3.5.2-2], [MQTT-3.5.2-3]: PUBACK and PUBREC."""
    conversation = limited()
    conversation.receive(
        PublishPacket("a", b"x", qos=QoS.AT_LEAST_ONCE, packet_id=1),
        PublishPacket("a", b"x", qos=QoS.EXACTLY_ONCE, packet_id=2),
    )
    for packet_id in (1, 2):
        conversation.client.acknowledge(packet_id, reason_code)
    assert len(conversation.sent_bytes()) <= 2 * 5


def test_mqtt_3_6_2_2_and_3_6_2_3_a_pubrel_has_neither() -> None:
    conversation = limited(ClientSettings(session_expiry_seconds=0))
    conversation.client.publish(Message("a", b"x", 2), "1")
    conversation.sent()
    conversation.receive(PubRecPacket(1))
    assert len(conversation.sent_bytes()) <= 5


@pytest.mark.parametrize("is_known", [True, False])
def test_mqtt_3_7_2_2_and_3_7_2_3_a_pubcomp_has_neither(is_known: bool) -> None:
    conversation = limited()
    if is_known:
        conversation.receive(PublishPacket("a", b"x", qos=QoS.EXACTLY_ONCE, packet_id=1))
        conversation.client.acknowledge(1)
        conversation.sent()
    conversation.receive(PubRelPacket(1))
    assert len(conversation.sent_bytes()) == (4 if is_known else 5)


def test_mqtt_3_14_2_1_a_disconnect_has_one_of_its_reason_codes_and_3_14_2_3_and_3_14_2_4_nothing_else() -> None:
    allowed = {int(code) for code in vars(DisconnectReasonCode).values() if isinstance(code, DisconnectReasonCode)}
    for conversation, reason_code in ((limited(), 0), (limited(), 0x04), (limited(), 0x82), (limited(), 0x93)):
        conversation.client.disconnect(reason_code)
        assert len(conversation.sent_bytes()) <= 5
        assert reason_code in allowed
    refused = limited()
    refused.refused(PubRelPacket(0).write()[:2] + b"\0\0")
    (packet,) = refused.sent_only(DisconnectPacket)
    assert int(packet.reason_code) in allowed
    assert packet.reason_str is None
    assert not packet.user_properties


def test_mqtt_3_15_2_2_and_3_15_2_3_an_auth_has_neither_reason_string_nor_user_properties() -> None:
    conversation = connected(settings=WITH_TOKEN, connack=ConnAckPacket(authentication_method="K8S-SAT"))
    conversation.sent()
    conversation.client.reauthenticate(b"new", conversation.now)
    (packet,) = conversation.sent_only(AuthPacket)
    assert packet.reason_str is None
    assert not packet.user_properties


def test_mqtt_3_3_2_13_and_3_3_2_19_strings_of_a_publish_are_well_formed() -> None:
    conversation = connected()
    conversation.sent()
    conversation.client.publish(Message("a", b"", 0, response_topic="Öfen/1", content_type="text/größe"), "1")
    (packet,) = conversation.sent_only(PublishPacket)
    assert (packet.response_topic, packet.content_type) == ("Öfen/1", "text/größe")


def test_mqtt_3_8_3_1_and_3_10_3_1_topic_filters_are_well_formed() -> None:
    conversation = connected()
    conversation.sent()
    conversation.client.subscribe([Subscription("Öfen/+", 1)], conversation.now)
    (subscribe,) = conversation.sent_only(SubscribePacket)
    assert [each.pattern for each in subscribe.topic_filters] == ["Öfen/+"]
    conversation.client.unsubscribe(["Öfen/+"], conversation.now)
    (unsubscribe,) = conversation.sent_only(UnsubscribePacket)
    assert unsubscribe.patterns == ["Öfen/+"]


def test_mqtt_4_12_1_2_a_failed_re_authentication_ends_the_connection() -> None:
    conversation = connected(settings=WITH_TOKEN, connack=ConnAckPacket(authentication_method="K8S-SAT"))
    conversation.client.reauthenticate(b"new", conversation.now)
    conversation.sent()
    (event,) = conversation.receive(DisconnectPacket(reason_code=DisconnectReasonCode.NOT_AUTHORIZED))
    assert isinstance(event, ConnectionClosing)
    assert event.reason_code == 0x87
    assert conversation.client.is_closing
    silent = connected(settings=WITH_TOKEN, connack=ConnAckPacket(authentication_method="K8S-SAT"))
    silent.client.reauthenticate(b"new", silent.now)
    assert isinstance(silent.wait(WITH_TOKEN.answer_timeout_seconds + 1)[-1], ConnectionClosing)
    assert int(AuthReasonCode.RE_AUTHENTICATE) == 0x19


def test_mqtt_4_13_2_1_a_refusal_in_connack_or_disconnect_ends_the_connection() -> None:
    refused = Conversation().refused(ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED))
    assert (refused.cause, refused.reason_code) == ("connack", 0x87)
    ended = connected().refused(DisconnectPacket(reason_code=DisconnectReasonCode.SERVER_BUSY))
    assert (ended.cause, ended.reason_code) == ("disconnect", 0x89)
