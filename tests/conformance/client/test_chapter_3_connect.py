"""MQTT 5, sections 3.1 and 3.2: CONNECT and CONNACK."""

import mqtt5
import pytest
from tests.mqtt.conversation import LONG_TOPIC, Conversation, connected, message, settled
from tests.mqtt.wire import connack, publish

from tidegate.exceptions import LocalViolation
from tidegate.message import Message
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import ConnectionAccepted, ConnectionClosing
from tidegate.mqtt.packets import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PublishPacket,
    QoS,
)
from tidegate.mqtt.session import Session

FLAGS = 9
"""Offset of the Connect Flags in a CONNECT whose Remaining Length is one byte."""

WITH_TOKEN = ClientSettings(authentication_method="K8S-SAT", authentication_data=b"token")


def connect_packet(conversation: Conversation) -> ConnectPacket:
    """Return the CONNECT that a conversation began with."""
    packet, length = mqtt5.read(memoryview(conversation.connect_bytes))
    assert isinstance(packet, ConnectPacket)
    assert length == len(conversation.connect_bytes)
    return packet


def test_mqtt_3_1_0_1_the_first_packet_is_connect_and_nothing_is_sent_with_it() -> None:
    assert Conversation().connect_bytes[0] == 0x10
    connect_packet(Conversation())


def test_mqtt_3_1_0_2_connect_is_sent_once() -> None:
    conversation = connected()
    with pytest.raises(AssertionError):
        conversation.client.connect(conversation.now)
    assert conversation.sent_bytes() == b""


def test_mqtt_3_1_2_1_protocol_name_and_3_1_2_2_version() -> None:
    assert Conversation().connect_bytes[2:9] == b"\x00\x04MQTT\x05"


def test_mqtt_3_1_2_3_no_flag_is_set_but_those_that_are_used() -> None:
    """Clean Start, Will Flag [-11], Will QoS [-11], Will Retain [-13], user name [-16] and password [-18] are 0."""
    for conversation in (Conversation(), Conversation(settings=WITH_TOKEN)):
        assert conversation.connect_bytes[FLAGS] == 0


def test_mqtt_3_1_2_5_clean_start_is_0_and_a_session_expiry_interval_is_always_sent() -> None:
    packet = connect_packet(Conversation(settings=ClientSettings(session_expiry_seconds=3_600)))
    assert not packet.clean_start
    assert packet.session_expiry_interval == 3_600


def test_connect_announces_the_limits_that_are_kept() -> None:
    settings = ClientSettings(keep_alive_seconds=30, receive_maximum=7, topic_alias_maximum=9, packet_bytes_max=1_000)
    packet = connect_packet(Conversation(settings=settings))
    assert (packet.keep_alive, packet.receive_max) == (30, 7)
    assert (packet.topic_alias_max, packet.max_packet_size) == (9, 1_000)
    assert connect_packet(Conversation()).max_packet_size is None


def test_mqtt_3_1_2_20_a_pingreq_is_sent_when_nothing_else_is() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    conversation.wait(9.9)
    assert conversation.sent_bytes() == b""
    conversation.wait(0.1)
    assert conversation.sent_bytes() == b"\xc0\x00"


def test_mqtt_3_1_2_21_and_3_2_2_21_the_servers_keep_alive_counts() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=60), connack=ConnAckPacket(server_keep_alive=5))
    conversation.wait(4.9)
    assert conversation.sent_bytes() == b""
    conversation.wait(0.1)
    assert conversation.sent_only(PingReqPacket) == [PingReqPacket()]


def test_mqtt_3_1_2_23_the_session_is_kept_when_the_connection_is_gone() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.receive(publish(0x34, packet_id=3))
    first.client.acknowledge(3)
    first.lose()
    assert session.inflight.tokens() == ["one"]
    assert session.received_qos2 == {3}


def test_mqtt_3_1_2_24_a_packet_longer_than_announced_is_refused() -> None:
    conversation = connected(settings=ClientSettings(packet_bytes_max=100))
    fitting = publish(payload=bytes(100 - len(publish(payload=b""))))
    assert len(fitting) == 100
    assert len(conversation.receive(fitting)) == 1
    closing = conversation.refused(fitting.replace(b"\x30\x62", b"\x30\x63") + b"\0")
    assert (closing.reason_code, closing.detail) == (0x95, "a packet of 101 bytes, and the maximum is 100")


def test_mqtt_3_1_2_26_and_3_3_2_11_an_alias_above_the_announced_maximum_is_refused() -> None:
    conversation = connected(settings=ClientSettings(topic_alias_maximum=3))
    assert conversation.refused(PublishPacket("a", b"", topic_alias=4)).reason_code == 0x94


def test_mqtt_3_1_2_27_where_no_alias_was_announced_none_is_taken() -> None:
    conversation = connected(settings=ClientSettings(topic_alias_maximum=0))
    assert conversation.refused(PublishPacket("a", b"", topic_alias=1)).reason_code == 0x94


def test_mqtt_3_1_2_30_with_an_authentication_method_only_auth_is_sent_before_connack() -> None:
    conversation = Conversation(settings=WITH_TOKEN)
    conversation.receive(
        AuthPacket(reason_code=AuthReasonCode.CONTINUE_AUTHENTICATION, authentication_method="K8S-SAT")
    )
    assert len(conversation.sent_only(AuthPacket)) == 1
    conversation.wait(29)
    with pytest.raises(AssertionError):
        conversation.client.publish(message(qos=0), "zero")
    conversation.client.disconnect()
    assert conversation.sent_bytes() == b""


def test_mqtt_3_1_3_3_the_client_id_is_present_and_first_in_the_payload() -> None:
    conversation = Conversation(Session("tidegate-flow-0-source"))
    assert connect_packet(conversation).client_id == "tidegate-flow-0-source"
    assert conversation.connect_bytes.endswith(b"\x00\x16tidegate-flow-0-source")


@pytest.mark.parametrize("data", [publish(), PingRespPacket().write(), PubAckPacket(1).write(), b"\xe0\x00"])
def test_mqtt_3_2_0_1_nothing_but_auth_comes_before_connack(data: bytes) -> None:
    conversation = Conversation()
    assert conversation.refused(data).reason_code == 0x82
    assert conversation.sent_bytes() == b""


def test_mqtt_3_2_0_2_a_second_connack_is_refused() -> None:
    assert connected().refused(ConnAckPacket()).reason_code == 0x82


def test_mqtt_3_2_2_1_reserved_acknowledge_flags_are_malformed() -> None:
    assert Conversation().refused(connack(flags=2)).reason_code == 0x81


def test_mqtt_3_2_2_4_a_session_that_a_process_before_us_left_is_taken_up() -> None:
    """The one stated deviation: after a restart our empty state is the session's, see docs/design.md, section 2."""
    [event] = Conversation().receive(ConnAckPacket(session_present=True))
    assert isinstance(event, ConnectionAccepted)
    assert event.session_present
    assert not event.session_lost


def test_mqtt_3_2_2_5_session_state_is_discarded_when_the_server_has_none() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.receive(publish(0x34, packet_id=3))
    first.client.acknowledge(3)
    first.lose()
    second = connected(session)
    assert second.sent_bytes() == b""
    assert len(session.inflight) == len(session.packet_ids) == len(session.received_qos2) == 0


def test_mqtt_3_2_2_6_a_refusal_with_session_present_is_still_a_refusal() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.lose()
    second = Conversation(session)
    assert second.receive(connack(flags=1, reason_code=0x88)) == [ConnectionClosing("connack", 0x88, "")]
    assert session.inflight.tokens() == ["one"]


def test_mqtt_3_2_2_7_after_a_refusal_the_connection_is_over() -> None:
    conversation = Conversation()
    conversation.receive(ConnAckPacket(reason_code=ConnAckReasonCode.SERVER_BUSY))
    assert conversation.client.is_closing
    assert conversation.receive(publish()) == []


@pytest.mark.parametrize("properties", [b"\x21\0\0", b"\x27\0\0\0\0", b"\x24\x03", b"\x25\x02", b"\x21\0\1\x21\0\1"])
def test_section_3_2_2_3_properties_of_connack_that_are_protocol_errors(properties: bytes) -> None:
    assert Conversation().refused(connack(properties=properties)).reason_code in (0x81, 0x82)


def test_mqtt_3_2_2_11_no_publish_exceeds_the_maximum_qos() -> None:
    """Where it is 1 or 2 none can, for QoS 1 is the highest that is ever sent."""
    conversation = connected(connack=ConnAckPacket(max_qos=QoS.AT_MOST_ONCE))
    with pytest.raises(LocalViolation) as caught:
        conversation.client.publish(message(qos=1), "token")
    assert caught.value.reason_code == 0x9B
    assert conversation.sent_bytes() == b""
    conversation.client.publish(message(qos=0), "token")
    assert len(conversation.sent_only(PublishPacket)) == 1


def test_mqtt_3_2_2_11_no_resend_exceeds_a_maximum_qos_that_came_later() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.lose()
    second = Conversation(session)
    second.receive(ConnAckPacket(session_present=True, max_qos=QoS.AT_MOST_ONCE))
    assert len(second.client.resume()) == 1
    assert second.sent_bytes() == b""


def test_mqtt_3_2_2_14_no_retained_publish_where_it_is_not_available() -> None:
    conversation = connected(connack=ConnAckPacket(retain_available=False))
    with pytest.raises(LocalViolation) as caught:
        conversation.client.publish(Message("a", b"", 1, retain=True), "token")
    assert caught.value.reason_code == 0x9A
    conversation.client.publish(Message("a", b"", 1), "token")
    assert not conversation.sent_only(PublishPacket)[0].retain


@pytest.mark.parametrize("alias_maximum", [0, 2])
@pytest.mark.parametrize(("content_type", "payload_bytes"), [(None, range(35, 65)), ("c" * 123, range(3))])
def test_mqtt_3_2_2_15_case_19_no_publish_exceeds_the_maximum_packet_size(
    alias_maximum: int, content_type: str | None, payload_bytes: range
) -> None:
    """Sizes where an alias may lift the packet over the limit, and one of its length fields into one byte more."""
    for size in payload_bytes:
        published = Message(LONG_TOPIC, bytes(size), 1, content_type=content_type)
        unlimited = connected()
        unlimited.client.publish(published, "token")
        needed = len(unlimited.sent_bytes())
        for limit in range(needed - 1, needed + 7):
            limits = ConnAckPacket(max_packet_size=limit, topic_alias_max=alias_maximum)
            conversation = connected(connack=limits)
            for _ in range(2):
                if limit < needed:
                    with pytest.raises(LocalViolation) as caught:
                        conversation.client.publish(published, "token")
                    assert caught.value.reason_code == 0x95
                else:
                    conversation.client.publish(published, "token")
                assert len(conversation.sent_bytes()) <= limit


def test_mqtt_3_2_2_15_case_19_what_fits_without_an_alias_is_sent_without() -> None:
    published = Message(LONG_TOPIC, bytes(50), 1)
    plain = connected()
    plain.client.publish(published, "token")
    limit = len(plain.sent_bytes())
    for spare_bytes, expected in ((0, None), (4, None), (5, 1)):
        limits = ConnAckPacket(max_packet_size=limit + spare_bytes, topic_alias_max=2)
        conversation = connected(connack=limits)
        conversation.client.publish(published, "token")
        [packet] = conversation.sent_only(PublishPacket)
        assert (packet.topic, packet.topic_alias) == (LONG_TOPIC, expected)


def test_mqtt_3_2_2_15_case_19_the_limit_is_forgotten_when_the_next_connack_omits_it() -> None:
    session: Session[str] = Session("client")
    first = connected(session, connack=ConnAckPacket(max_packet_size=40))
    with pytest.raises(LocalViolation):
        first.client.publish(Message("a", bytes(40), 1), "token")
    first.lose()
    second = connected(session, connack=ConnAckPacket(session_present=True))
    second.client.publish(Message("a", bytes(40), 1), "token")
    assert len(second.sent_only(PublishPacket)) == 1


def test_mqtt_3_2_2_17_and_3_3_2_9_no_alias_exceeds_the_servers_maximum() -> None:
    conversation = connected(connack=ConnAckPacket(topic_alias_max=2))
    for number in (1, 2, 3, 1, 3):
        conversation.client.publish(Message(f"{LONG_TOPIC}/{number}", b""), "token")
    assert [packet.topic_alias for packet in conversation.sent_only(PublishPacket)] == [1, 2, None, 1, None]


def test_mqtt_3_2_2_18_no_alias_is_sent_where_the_server_takes_none() -> None:
    conversation = connected()
    for _ in range(2):
        conversation.client.publish(Message(LONG_TOPIC, b""), "token")
    assert [(packet.topic, packet.topic_alias) for packet in conversation.sent_only(PublishPacket)] == [
        (LONG_TOPIC, None)
    ] * 2


def test_section_3_2_2_3_3_the_smaller_window_counts() -> None:
    for ours, theirs in ((5, 10), (10, 5)):
        conversation = connected(
            settings=ClientSettings(receive_maximum=ours), connack=ConnAckPacket(receive_max=theirs)
        )
        assert conversation.client.room == 5
        conversation.client.publish(message(), "one")
        assert settled(conversation.receive(PubAckPacket(1))) == [("one", 0)]
        assert conversation.client.room == 5


def test_section_3_2_2_3_6_a_subscription_is_asked_for_at_its_own_qos_whatever_the_maximum() -> None:
    conversation = connected(connack=ConnAckPacket(max_qos=QoS.AT_MOST_ONCE))
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    assert conversation.sent_bytes()[-1] & 0b11 == 1
