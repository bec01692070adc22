"""The verbs and events of one Network Connection; what the specification rules is tested in tests/conformance/client."""

import mqtt5
import pytest
from tests.mqtt.conversation import LONG_TOPIC, Conversation, connected, message, settled
from tests.mqtt.wire import connack, publish, raw_packet

from tidegate.exceptions import LocalViolation
from tidegate.message import Message
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import (
    AuthenticationContinued,
    ConnectionAccepted,
    ConnectionClosing,
    MessageReceived,
    PublishesAccepted,
    PublishReceived,
    PublishRefused,
    PublishSettled,
    Reauthenticated,
    Subscribed,
    Unsubscribed,
)
from tidegate.mqtt.packets import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    ConnAckReasonCode,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PubAckPacket,
    PubAckReasonCode,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
)
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.mqtt.session import Session

WITH_TOKEN = ClientSettings(authentication_method="K8S-SAT", authentication_data=b"token")


def test_the_life_of_a_connection() -> None:
    conversation = Conversation()
    client = conversation.client
    assert client.state.value == "connecting"
    assert client.room == 0
    conversation.receive(ConnAckPacket())
    assert client.state.value == "connected"
    assert client.room == 100
    client.disconnect()
    assert client.is_closing
    assert client.room == 0
    assert client.next_timeout() is None
    assert conversation.sent_bytes() == b"\xe0\x00"


def test_connack_tells_what_the_server_can_do() -> None:
    [event] = Conversation().receive(
        ConnAckPacket(
            receive_max=20,
            max_qos=QoS.AT_LEAST_ONCE,
            retain_available=False,
            max_packet_size=1_000,
            topic_alias_max=5,
            wildcard_subscription_available=False,
            shared_subscription_available=False,
            session_expiry_interval=60,
            server_keep_alive=30,
        )
    )
    limits = ServerLimits(
        receive_maximum=20,
        maximum_qos=1,
        retain_available=False,
        packet_bytes_max=1_000,
        topic_alias_maximum=5,
        wildcard_subscription_available=False,
        shared_subscription_available=False,
        session_expiry_seconds=60,
        keep_alive_seconds=30,
    )
    assert event == ConnectionAccepted(False, False, limits, (), 0)


def test_connack_that_says_nothing_leaves_what_we_asked_for() -> None:
    settings = ClientSettings(session_expiry_seconds=3_600, keep_alive_seconds=45)
    conversation = Conversation(settings=settings)
    conversation.receive(ConnAckPacket())
    assert conversation.client.limits == ServerLimits(session_expiry_seconds=3_600, keep_alive_seconds=45)


def test_a_refusal_tells_reason_and_reference() -> None:
    refusal = ConnAckPacket(
        reason_code=ConnAckReasonCode.USE_ANOTHER_SERVER, reason_str="moved", server_reference="other.example"
    )
    conversation = Conversation()
    assert conversation.receive(refusal, ConnAckPacket()) == [
        ConnectionClosing("connack", 0x9C, "moved (server reference other.example)")
    ]
    assert conversation.sent_bytes() == b""


def test_a_refusal_without_words() -> None:
    refusal = ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED)
    assert Conversation().receive(refusal) == [ConnectionClosing("connack", 0x87, "")]


def test_a_session_that_was_there_before_and_is_not_now_is_lost() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(1), "one")
    first.client.publish(message(2), "two")
    first.lose()
    [event] = Conversation(session).receive(ConnAckPacket())
    assert isinstance(event, ConnectionAccepted)
    assert event.session_lost
    assert event.unsettled == ("one", "two")
    assert event.resent == 0


def test_a_received_message_has_all_its_properties() -> None:
    conversation = connected()
    packet = PublishPacket(
        "plant/line",
        b"on",
        qos=QoS.AT_LEAST_ONCE,
        retain=True,
        packet_id=7,
        duplicate=True,
        payload_format_indicator=1,
        message_expiry_interval=60,
        content_type="text/plain",
        response_topic="plant/answer",
        correlation_data=b"c",
        subscription_ids=[1, 2],
        user_properties=[("a", "1"), ("a", "2")],
    )
    expected = Message(
        "plant/line", b"on", 1, True, 1, 60, "text/plain", "plant/answer", b"c", (("a", "1"), ("a", "2"))
    )
    assert conversation.receive(packet) == [MessageReceived(expected, 7, True)]
    assert conversation.client.unacknowledged == 1
    conversation.client.acknowledge(7)
    assert conversation.client.unacknowledged == 0
    assert conversation.sent() == [PubAckPacket(7)]


def test_a_message_of_qos_0_has_no_packet_id_and_needs_no_acknowledgement() -> None:
    conversation = connected()
    assert conversation.receive(publish()) == [MessageReceived(Message("plant/line", b"on"), 0, False)]
    assert conversation.client.unacknowledged == 0


def test_an_answered_publish_gives_back_its_token_and_room() -> None:
    conversation = connected()
    client = conversation.client
    client.publish(message(1), "one")
    client.publish(message(2), "two")
    assert client.room == 98
    refusal = PubAckPacket(2, reason_code=PubAckReasonCode.QUOTA_EXCEEDED, reason_str="full")
    first, *others = conversation.receive(refusal, PubAckPacket(1))
    assert first == PublishSettled("two", 0x97, "full")
    assert settled(others) == [("one", 0)]
    assert client.room == 100
    assert len(conversation.session.inflight) == len(conversation.session.packet_ids) == 0


def test_a_run_of_answers_is_one_event_and_ends_where_it_is_wrong() -> None:
    conversation = connected()
    for number in range(6):
        conversation.client.publish(message(number), f"{number}")
    *answers, closing = conversation.receive(*(PubAckPacket(packet_id) for packet_id in (2, 1, 4, 3, 9, 5)))
    assert answers == [PublishesAccepted(["1", "0", "3", "2"])]
    assert isinstance(closing, ConnectionClosing)
    assert closing.detail == "PUBACK for packet identifier 9, which is not in flight"
    assert conversation.session.inflight.tokens() == ["4", "5"]


def test_a_run_of_answers_gives_back_room_and_identifiers() -> None:
    conversation = connected(connack=ConnAckPacket(receive_max=10))
    for number in range(10):
        conversation.client.publish(message(number), f"{number}")
    assert conversation.client.room == 0
    answers = conversation.receive(*(PubAckPacket(packet_id) for packet_id in range(1, 11)))
    assert answers == [PublishesAccepted([f"{number}" for number in range(10)])]
    assert conversation.client.room == 10
    assert len(conversation.session.packet_ids) == 0


def test_a_run_of_answers_goes_on_with_what_waits_to_be_resent() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    for number in range(10):
        first.client.publish(message(number), f"{number}")
    first.lose()
    second = connected(session, connack=ConnAckPacket(session_present=True, receive_max=5))
    assert len(second.sent_only(PublishPacket)) == 5
    second.receive(*(PubAckPacket(packet_id) for packet_id in range(1, 6)))
    assert [packet.packet_id for packet in second.sent_only(PublishPacket)] == [6, 7, 8, 9, 10]


def test_a_run_of_answers_before_connack_is_called_by_its_name() -> None:
    closing = Conversation().refused(*(PubAckPacket(packet_id) for packet_id in range(1, 9)))
    assert closing.detail == "PUBACK while connecting"


def test_many_messages_are_accepted_at_once() -> None:
    conversation = connected()
    conversation.receive(*(publish(0x32, packet_id=packet_id) for packet_id in range(1, 10)))
    conversation.client.accept([])
    conversation.client.accept(list(range(1, 9)))
    assert conversation.sent() == [PubAckPacket(packet_id) for packet_id in range(1, 9)]
    conversation.client.disconnect()
    conversation.sent_bytes()
    conversation.client.accept([9])
    assert conversation.sent_bytes() == b""


def test_no_matching_subscribers_is_success_with_a_reason() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    answer = PubAckPacket(1, reason_code=PubAckReasonCode.NO_MATCHING_SUBSCRIBERS)
    assert conversation.receive(answer) == [PublishSettled("one", 0x10, None)]


def test_a_user_name_with_its_password_and_a_clean_start_are_sent_where_they_are_asked_for() -> None:
    settings = ClientSettings(session_expiry_seconds=0, username="oven", password=b"secret", clean_start=True)
    packet, _ = mqtt5.read(memoryview(Conversation(settings=settings).connect_bytes))
    assert isinstance(packet, mqtt5.ConnectPacket)
    assert (packet.username, packet.password, packet.clean_start) == ("oven", b"secret", True)


def test_qos_2_there_and_back_in_a_session_that_ends_with_its_connection() -> None:
    conversation = connected(settings=ClientSettings(session_expiry_seconds=0))
    conversation.client.publish(message(qos=2), "two")
    assert [packet.qos for packet in conversation.sent_only(PublishPacket)] == [QoS.EXACTLY_ONCE]
    assert conversation.receive(PubRecPacket(1)) == [PublishReceived("two")]
    assert conversation.sent() == [PubRelPacket(1)]
    assert conversation.receive(PubCompPacket(1)) == [PublishSettled("two", 0, None)]
    with pytest.raises(AssertionError, match="outlives"):
        connected().client.publish(message(qos=2), "two")


def test_publishing_without_room_or_connection_is_our_mistake_and_seen_at_once() -> None:
    conversation = connected(connack=ConnAckPacket(receive_max=1))
    conversation.client.publish(message(), "one")
    with pytest.raises(AssertionError, match="no room for a QoS 1 or 2 message"):
        conversation.client.publish(message(), "two")
    with pytest.raises(AssertionError, match="PUBLISH while connecting"):
        Conversation().client.publish(message(qos=0), "zero")
    with pytest.raises(AssertionError, match="CONNECT while connected"):
        conversation.client.connect(conversation.now)


def test_a_publish_that_the_server_forbids_leaves_no_trace() -> None:
    conversation = connected(connack=ConnAckPacket(max_packet_size=100, topic_alias_max=5))
    with pytest.raises(LocalViolation, match="and the server takes 100") as caught:
        conversation.client.publish(Message(LONG_TOPIC, bytes(50), 1), "one")
    assert caught.value.reason_code == 0x95
    assert conversation.sent_bytes() == b""
    assert len(conversation.session.inflight) == len(conversation.session.packet_ids) == 0
    assert conversation.client.room == 100
    conversation.client.publish(Message(LONG_TOPIC, b"", 1), "two")
    [packet] = conversation.sent_only(PublishPacket)
    assert (packet.topic, packet.topic_alias) == (LONG_TOPIC, 1)


def test_a_resend_that_new_limits_forbid_is_told_and_the_others_go_on() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    for number, size in enumerate((1, 50, 2)):
        first.client.publish(Message("plant/line", bytes(size), 1), f"{number}")
    first.lose()
    second = Conversation(session)
    [accepted] = second.receive(ConnAckPacket(session_present=True, max_packet_size=40))
    assert isinstance(accepted, ConnectionAccepted)
    assert accepted.resent == 3
    [refused] = second.client.resume()
    assert isinstance(refused, PublishRefused)
    assert (refused.token, refused.reason_code) == ("1", 0x95)
    assert [packet.packet_id for packet in second.sent_only(PublishPacket)] == [1, 3]
    assert second.client.room == 98


def test_subscribe_and_unsubscribe() -> None:
    conversation = connected()
    conversation.client.subscribe(
        [Subscription("a/#", 1), Subscription("b", 0, retain_as_published=False)], conversation.now
    )
    [subscribe] = conversation.sent_only(SubscribePacket)
    assert [(item.pattern, int(item.max_qos), item.retain_as_published) for item in subscribe.topic_filters] == [
        ("a/#", 1, True),
        ("b", 0, False),
    ]
    answer = SubAckPacket(
        subscribe.packet_id,
        [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE, SubAckReasonCode.NOT_AUTHORIZED],
        reason_str="not b",
    )
    assert conversation.receive(answer) == [Subscribed((("a/#", 1), ("b", 0x87)), "not b")]
    conversation.client.unsubscribe(["a/#"], conversation.now)
    [unsubscribe] = conversation.sent_only(UnsubscribePacket)
    assert unsubscribe.patterns == ["a/#"]
    gone = UnsubAckPacket(unsubscribe.packet_id, [UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED])
    assert conversation.receive(gone) == [Unsubscribed((("a/#", 0x11),))]
    assert len(conversation.session.packet_ids) == 0


@pytest.mark.parametrize("seconds", [29.9, 30.0])
def test_each_answer_has_its_time(seconds: float) -> None:
    def asked_for_connack() -> Conversation:
        return Conversation()

    def asked_for_suback() -> Conversation:
        conversation = connected()
        conversation.client.subscribe([Subscription("a", 1)], conversation.now)
        return conversation

    def asked_for_auth() -> Conversation:
        conversation = connected(settings=WITH_TOKEN)
        conversation.client.reauthenticate(b"new token", conversation.now)
        return conversation

    for name, ask in (("CONNACK", asked_for_connack), ("SUBACK", asked_for_suback), ("AUTH", asked_for_auth)):
        expected = [ConnectionClosing("timeout", 0x80, f"no {name} from the server in time")]
        assert ask().wait(seconds) == (expected if seconds == 30.0 else [])


def test_the_time_for_suback_lasts_until_the_last_answer() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    conversation.wait(10)
    conversation.client.unsubscribe(["b"], conversation.now)
    conversation.receive(SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]))
    assert conversation.client.next_timeout() == conversation.now.monotonic + 30
    conversation.receive(UnsubAckPacket(2, [UnsubAckReasonCode.SUCCESS]))
    assert conversation.client.next_timeout() == conversation.now.monotonic + 50


def test_a_server_that_reads_no_more_is_left_at_half_the_keep_alive_after_a_ping() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    assert conversation.wait(14.9) == []
    assert conversation.sent_only(PingReqPacket) == [PingReqPacket()]
    assert conversation.wait(0.1) == [ConnectionClosing("timeout", 0x8D, "no PINGRESP from the server in time")]
    [disconnect] = conversation.sent_only(DisconnectPacket)
    assert disconnect.reason_code == DisconnectReasonCode.KEEP_ALIVE_TIMEOUT


def test_a_late_pingresp_behind_other_packets_ends_nothing() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    conversation.wait(14)
    conversation.receive(publish())
    assert conversation.wait(4.9) == []
    conversation.receive(raw_packet(0xD0))
    assert conversation.wait(4) == []


def test_silence_is_forgiven_while_the_owner_does_not_read() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    conversation.wait(14)
    conversation.client.forgive_silence(conversation.now)
    assert conversation.wait(4.9) == []
    assert conversation.wait(0.2) == [ConnectionClosing("timeout", 0x8D, "no PINGRESP from the server in time")]


def test_a_token_is_sent_sent_again_when_asked_for_and_renewed() -> None:
    conversation = Conversation(settings=WITH_TOKEN)
    conversation.receive(
        AuthPacket(reason_code=AuthReasonCode.CONTINUE_AUTHENTICATION, authentication_method="K8S-SAT")
    )
    [auth] = conversation.sent_only(AuthPacket)
    assert (auth.authentication_method, auth.authentication_data) == ("K8S-SAT", b"token")
    conversation.receive(ConnAckPacket(authentication_method="K8S-SAT"))
    conversation.client.reauthenticate(b"new token", conversation.now)
    [auth] = conversation.sent_only(AuthPacket)
    assert auth.reason_code == AuthReasonCode.RE_AUTHENTICATE
    assert auth.authentication_data == b"new token"
    challenge = AuthPacket(
        reason_code=AuthReasonCode.CONTINUE_AUTHENTICATION, authentication_method="K8S-SAT", authentication_data=b"why"
    )
    success = AuthPacket(reason_code=AuthReasonCode.SUCCESS, authentication_method="K8S-SAT")
    assert conversation.receive(challenge, success) == [AuthenticationContinued(b"why"), Reauthenticated()]
    assert conversation.client.next_timeout() == conversation.now.monotonic + 60


def test_an_empty_auth_is_success() -> None:
    conversation = connected(settings=WITH_TOKEN)
    conversation.client.reauthenticate(b"new token", conversation.now)
    assert conversation.receive(b"\xf0\x00") == [Reauthenticated()]


def test_a_connection_without_method_cannot_authenticate_again() -> None:
    for conversation in (connected(), Conversation(settings=WITH_TOKEN)):
        with pytest.raises(LocalViolation):
            conversation.client.reauthenticate(b"token", conversation.now)


def test_a_server_that_disconnects_says_why() -> None:
    conversation = connected()
    packet = DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER, reason_str="by another")
    assert conversation.receive(packet, publish()) == [ConnectionClosing("disconnect", 0x8E, "by another")]
    assert conversation.client.next_timeout() is None
    assert conversation.sent_bytes() == b""


def test_what_came_before_a_violation_in_the_same_read_is_kept() -> None:
    conversation = connected()
    received, closing = conversation.receive(publish(0x32, packet_id=1), raw_packet(0), publish(0x32, packet_id=2))
    assert received == MessageReceived(Message("plant/line", b"on", 1), 1, False)
    assert isinstance(closing, ConnectionClosing)
    assert (closing.cause, closing.reason_code) == ("violation", 0x81)


def test_a_violation_in_the_read_that_brings_connack_lets_no_verb_speak_after_disconnect() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.lose()
    second = Conversation(session)
    second.receive(connack(flags=1), raw_packet(0))
    second.client.resume()
    second.client.subscribe([Subscription("a", 1)], second.now)
    second.client.unsubscribe(["a"], second.now)
    assert [type(packet) for packet in second.sent()] == [DisconnectPacket]
    assert session.inflight.tokens() == ["one"]


def test_acknowledging_on_a_closing_connection_does_nothing() -> None:
    conversation = connected()
    conversation.receive(publish(0x32, packet_id=1), DisconnectPacket())
    conversation.client.acknowledge(1)
    assert conversation.sent_bytes() == b""


def test_release_gives_back_what_dies_with_the_connection() -> None:
    conversation = connected()
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    conversation.client.publish(message(), "one")
    conversation.lose()
    assert conversation.sent_bytes() == b""
    assert conversation.client.next_timeout() is None
    assert conversation.session.inflight.packet_ids() == [2]
    assert len(conversation.session.packet_ids) == 1


def test_settings_hide_their_secret() -> None:
    assert repr(WITH_TOKEN) == "ClientSettings(authentication_method='K8S-SAT')"


def test_disconnect_may_change_the_session_expiry() -> None:
    conversation = connected()
    conversation.client.disconnect(0, 0)
    [disconnect] = conversation.sent_only(DisconnectPacket)
    assert disconnect.session_expiry_interval == 0
    conversation.client.disconnect(0x80)
    assert conversation.sent_bytes() == b""
