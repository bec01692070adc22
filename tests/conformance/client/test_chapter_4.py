"""MQTT 5, chapter 4: how a client behaves."""

import pytest
from tests.mqtt.conversation import Conversation, connected, message, settled
from tests.mqtt.wire import publish, raw_packet

from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import ConnectionClosing, MessageReceived, Reauthenticated
from tidegate.mqtt.packets import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    PubAckPacket,
    PubAckReasonCode,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    SubAckPacket,
    SubAckReasonCode,
)
from tidegate.mqtt.session import Session
from tidegate.mqtt.topics import filter_error, matches, topic_error

WITH_TOKEN = ClientSettings(authentication_method="K8S-SAT", authentication_data=b"token")
PRESENT = ConnAckPacket(session_present=True)


def received(conversation: Conversation, *packets: bytes) -> list[tuple[int, bytes]]:
    """Let the server send PUBLISH packets; return packet id and payload of what reached the owner."""
    events = conversation.receive(*packets)
    assert all(isinstance(event, MessageReceived) for event in events)
    return [(event.packet_id, event.message.payload) for event in events if isinstance(event, MessageReceived)]


def test_mqtt_4_1_0_1_session_state_is_not_discarded_while_connected() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    conversation.receive(publish(0x34, packet_id=2))
    conversation.client.acknowledge(2)
    for _ in range(5):
        conversation.wait(59)
        conversation.receive(raw_packet(0xD0))
    assert conversation.session.inflight.tokens() == ["one"]
    assert conversation.session.received_qos2 == {2}


def test_mqtt_4_3_1_1_qos_0_is_sent_once_with_dup_0_and_kept_nowhere() -> None:
    conversation = connected()
    conversation.client.publish(message(qos=0), "zero")
    assert not conversation.sent_only(PublishPacket)[0].duplicate
    assert len(conversation.session.inflight) == 0


def test_mqtt_4_3_2_2_qos_1_is_sent_with_its_id_and_dup_0() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    [packet] = conversation.sent_only(PublishPacket)
    assert (packet.packet_id, int(packet.qos), packet.duplicate) == (1, 1, False)


def test_mqtt_4_3_2_3_a_publish_is_unacknowledged_until_its_puback_has_come() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    conversation.wait(50)
    assert conversation.session.inflight.tokens() == ["one"]
    assert settled(conversation.receive(PubAckPacket(1))) == [("one", 0)]
    assert conversation.session.inflight.tokens() == []


def test_mqtt_4_3_2_4_a_puback_leaves_only_when_the_owner_has_accepted_the_message() -> None:
    conversation = connected()
    conversation.receive(publish(0x32, packet_id=1))
    conversation.wait(50)
    assert conversation.sent_bytes() == b""
    conversation.client.acknowledge(1)
    assert conversation.sent() == [PubAckPacket(1)]


def test_mqtt_4_3_2_5_after_puback_the_same_id_is_a_new_message_even_with_dup() -> None:
    conversation = connected()
    assert received(conversation, publish(0x32, packet_id=1, payload=b"a")) == [(1, b"a")]
    conversation.client.acknowledge(1)
    assert received(conversation, publish(0x3A, packet_id=1, payload=b"b")) == [(1, b"b")]


def test_mqtt_4_3_3_8_a_pubrec_leaves_only_when_the_owner_has_accepted_the_message() -> None:
    conversation = connected()
    conversation.receive(publish(0x34, packet_id=1))
    assert conversation.sent_bytes() == b""
    conversation.client.acknowledge(1)
    assert conversation.sent() == [PubRecPacket(1)]


def test_mqtt_4_3_3_9_after_a_refusing_pubrec_the_same_id_is_a_new_message() -> None:
    conversation = connected()
    conversation.receive(publish(0x34, packet_id=1))
    conversation.client.acknowledge(1, 0x97)
    assert received(conversation, publish(0x3C, packet_id=1, payload=b"b")) == [(1, b"b")]


def test_mqtt_4_3_3_10_until_pubrel_the_same_id_gets_a_pubrec_and_reaches_nobody() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.receive(publish(0x34, packet_id=1))
    first.client.acknowledge(1)
    assert first.receive(publish(0x3C, packet_id=1)) == []
    assert first.sent() == [PubRecPacket(1), PubRecPacket(1)]
    first.lose()
    second = connected(session, connack=PRESENT)
    assert second.receive(publish(0x3C, packet_id=1)) == []
    assert second.sent() == [PubRecPacket(1)]


def test_mqtt_4_3_3_10_a_redelivery_of_what_was_not_accepted_reaches_the_owner() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.receive(publish(0x34, packet_id=1))
    first.lose()
    assert received(connected(session, connack=PRESENT), publish(0x3C, packet_id=1)) == [(1, b"on")]


def test_mqtt_4_3_3_11_and_12_a_pubrel_gets_a_pubcomp_and_the_id_is_new_again() -> None:
    conversation = connected()
    conversation.receive(publish(0x34, packet_id=1))
    conversation.client.acknowledge(1)
    conversation.receive(PubRelPacket(1))
    assert conversation.sent() == [PubRecPacket(1), PubCompPacket(1)]
    assert received(conversation, publish(0x34, packet_id=1, payload=b"b")) == [(1, b"b")]


def test_mqtt_4_4_0_1_case_15_resends_have_their_ids_order_and_dup_and_come_before_anything_new() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    for number in range(5):
        first.client.publish(message(number), f"{number}")
    first.receive(PubAckPacket(2), PubAckPacket(4))
    first.lose()
    second = Conversation(session)
    second.receive(PRESENT)
    assert second.client.room == 0
    assert second.client.resume() == []
    resent = second.sent_only(PublishPacket)
    assert [(packet.packet_id, packet.payload, packet.duplicate) for packet in resent] == [
        (1, b"0", True),
        (3, b"2", True),
        (5, b"4", True),
    ]
    second.client.publish(message(9), "new")
    assert [packet.packet_id for packet in second.sent_only(PublishPacket)] == [6]


@pytest.mark.parametrize("receive_maximum", [1, 2, 10])
def test_mqtt_4_4_0_1_cases_15_and_16_resends_keep_within_a_receive_maximum_that_has_changed(
    receive_maximum: int,
) -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    for number in range(7):
        first.client.publish(message(number), f"{number}")
    first.lose()
    second = connected(session, connack=ConnAckPacket(session_present=True, receive_max=receive_maximum))
    unanswered: list[int] = []
    order: list[int] = []
    while True:
        came = [packet.packet_id or 0 for packet in second.sent_only(PublishPacket)]
        unanswered += came
        order += came
        assert len(unanswered) <= receive_maximum
        if order != list(range(1, 8)):
            assert second.client.room == 0
        if not unanswered:
            break
        second.receive(PubAckPacket(unanswered.pop()))
    assert order == list(range(1, 8))
    assert second.client.room == receive_maximum


def test_mqtt_4_4_0_1_case_15_resends_survive_several_lost_connections() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    for number in range(4):
        first.client.publish(message(number), f"{number}")
    first.lose()
    for _ in range(3):
        connection = connected(session, connack=ConnAckPacket(session_present=True, receive_max=2))
        assert [packet.packet_id for packet in connection.sent_only(PublishPacket)] == [1, 2]
        connection.lose()
    last = connected(session, connack=PRESENT)
    assert [packet.packet_id for packet in last.sent_only(PublishPacket)] == [1, 2, 3, 4]


def test_mqtt_4_4_0_1_case_17_nothing_is_resent_on_a_live_connection() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    conversation.sent_bytes()
    for _ in range(100):
        conversation.wait(60)
        assert conversation.sent_bytes() == b"\xc0\x00"
        conversation.receive(raw_packet(0xD0))


def test_mqtt_4_4_0_2_what_was_refused_is_not_sent_again() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.receive(PubAckPacket(1, reason_code=PubAckReasonCode.QUOTA_EXCEEDED))
    first.lose()
    assert connected(session, connack=PRESENT).sent_bytes() == b""


def test_mqtt_4_6_0_1_resends_are_in_the_order_of_the_first_sending_after_ids_have_wrapped() -> None:
    session: Session[str] = Session("client")
    for _ in range(65_533):
        session.packet_ids.release(session.packet_ids.allocate())
    first = connected(session, connack=PRESENT)
    for number in range(4):
        first.client.publish(message(number), f"{number}")
    first.lose()
    second = connected(session, connack=PRESENT)
    assert [packet.packet_id for packet in second.sent_only(PublishPacket)] == [65_534, 65_535, 1, 2]


def test_mqtt_4_6_0_2_pubacks_leave_in_arrival_order() -> None:
    conversation = connected()
    conversation.receive(*(publish(0x32, packet_id=packet_id) for packet_id in (5, 2, 9, 1)))
    for packet_id in (1, 9, 2):
        conversation.client.acknowledge(packet_id)
        assert conversation.sent_bytes() == b""
    conversation.client.acknowledge(5)
    assert conversation.sent() == [PubAckPacket(packet_id) for packet_id in (5, 2, 9, 1)]


def test_mqtt_4_6_0_3_pubrecs_leave_in_arrival_order() -> None:
    conversation = connected()
    conversation.receive(*(publish(0x34, packet_id=packet_id) for packet_id in (5, 2)))
    conversation.client.acknowledge(2)
    assert conversation.sent_bytes() == b""
    conversation.client.acknowledge(5)
    assert conversation.sent() == [PubRecPacket(5), PubRecPacket(2)]


def test_mqtt_4_6_0_2_acknowledgements_of_a_lost_connection_do_not_leave_on_the_next() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.receive(publish(0x32, packet_id=1))
    first.lose()
    first.client.acknowledge(1)
    second = connected(session, connack=PRESENT)
    assert second.client.unacknowledged == 0
    assert second.sent_bytes() == b""


def test_mqtt_4_7_0_1_to_4_7_3_3_names_and_filters() -> None:
    assert topic_error("a/+") is not None
    assert filter_error("a/b#") is not None
    assert filter_error("a/#/b") is not None
    assert filter_error("a/b+") is not None
    assert filter_error("") is not None
    assert topic_error("a\0") is not None
    assert filter_error("ä" * 32_768) is not None


def test_mqtt_4_7_2_1_a_leading_wildcard_does_not_match_a_dollar_topic() -> None:
    assert not matches("#", "$SYS/broker")
    assert not matches("+/broker", "$SYS/broker")


def test_mqtt_4_8_2_1_and_2_shared_subscriptions() -> None:
    assert filter_error("$share//a") is not None
    assert filter_error("$share/a+b/c") is not None
    assert filter_error("$share/group/") is not None
    assert filter_error("$share/group/a") is None


def test_mqtt_4_9_0_1_the_send_quota_is_not_above_the_receive_maximum() -> None:
    for receive_maximum in (1, 50, 100, 65_535):
        conversation = connected(connack=ConnAckPacket(receive_max=receive_maximum))
        assert conversation.client.room == min(100, receive_maximum)


def test_mqtt_4_9_0_2_without_quota_no_publish_of_qos_1_is_sent_and_4_9_0_3_all_else_is() -> None:
    conversation = connected(connack=ConnAckPacket(receive_max=1))
    conversation.client.publish(message(), "one")
    assert conversation.client.room == 0
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    answer = SubAckPacket(2, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE])
    assert len(conversation.receive(answer, publish(0x32, packet_id=1))) == 2


def challenge(method: str | None = "K8S-SAT") -> AuthPacket:
    """Return the server's wish for more authentication data."""
    return AuthPacket(reason_code=AuthReasonCode.CONTINUE_AUTHENTICATION, authentication_method=method)


def test_mqtt_4_12_0_3_an_auth_is_answered_by_an_auth_that_continues() -> None:
    conversation = Conversation(settings=WITH_TOKEN)
    conversation.receive(challenge())
    [auth] = conversation.sent_only(AuthPacket)
    assert auth.reason_code == AuthReasonCode.CONTINUE_AUTHENTICATION


def test_mqtt_4_12_0_5_the_method_stays_that_of_connect() -> None:
    conversation = Conversation(settings=WITH_TOKEN)
    conversation.receive(challenge())
    assert conversation.sent_only(AuthPacket)[0].authentication_method == "K8S-SAT"
    assert conversation.refused(challenge("OTHER")).reason_code == 0x82
    other = ConnAckPacket(authentication_method="OTHER")
    assert Conversation(settings=WITH_TOKEN).refused(other).reason_code == 0x82
    [event] = Conversation(settings=WITH_TOKEN).receive(ConnAckPacket(authentication_method="K8S-SAT"))
    assert not isinstance(event, ConnectionClosing)


def test_mqtt_4_12_0_6_a_connect_without_method_gets_no_auth_and_no_method() -> None:
    assert Conversation().refused(challenge(None)).reason_code == 0x82
    assert connected().refused(b"\xf0\x00").reason_code == 0x82
    assert Conversation().refused(ConnAckPacket(authentication_method="K8S-SAT")).reason_code == 0x82


def test_mqtt_4_12_0_7_a_connect_without_method_is_followed_by_no_auth() -> None:
    conversation = Conversation()
    conversation.receive(challenge())
    assert conversation.sent_bytes() == b""


def test_mqtt_4_12_1_1_a_renewal_has_the_method_of_connect() -> None:
    conversation = connected(settings=WITH_TOKEN)
    conversation.client.reauthenticate(b"new token", conversation.now)
    [auth] = conversation.sent_only(AuthPacket)
    assert (auth.authentication_method, auth.reason_code) == ("K8S-SAT", AuthReasonCode.RE_AUTHENTICATE)
    success = AuthPacket(reason_code=AuthReasonCode.SUCCESS, authentication_method="K8S-SAT")
    assert conversation.receive(success) == [Reauthenticated()]


def test_section_4_12_1_a_server_does_not_begin_a_renewal() -> None:
    success = AuthPacket(reason_code=AuthReasonCode.SUCCESS, authentication_method="K8S-SAT")
    for packet in (challenge(), success):
        assert connected(settings=WITH_TOKEN).refused(packet).reason_code == 0x82


@pytest.mark.parametrize(("data", "reason_code"), [(raw_packet(0), 0x81), (PubAckPacket(9).write(), 0x82)])
def test_section_4_13_an_error_is_told_in_disconnect_and_the_connection_is_closed(
    data: bytes, reason_code: int
) -> None:
    conversation = connected()
    conversation.refused(data)
    assert conversation.sent_bytes() == bytes([0xE0, 1, reason_code])
