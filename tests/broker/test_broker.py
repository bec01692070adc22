"""The broker as a whole: connections, errors, and who does what."""

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mqtt5 import ConnectPacket, DisconnectPacket, PingReqPacket, PingRespPacket
from tests.broker_play import BrokerPlay, puback, publish, subscribe, subscription

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.limits import BrokerLimits


def test_a_message_goes_to_those_who_subscribed() -> None:
    play = BrokerPlay()
    one, other = play.connect("one"), play.connect("other")
    one.subscribe("a/#", 1)
    play.connect("publisher").send(publish("a/b", b"x", qos=1, packet_id=7)).expect(puback(7))
    one.expect(publish("a/b", b"x", qos=1, packet_id=1))
    other.expect()


def test_packets_are_answered_in_their_order() -> None:
    client = BrokerPlay().connect()
    client.subscribe("a", 1)
    client.send(
        publish("a", b"1", qos=1, packet_id=1),
        PingReqPacket(),
        publish("a", b"2", qos=1, packet_id=2),
        publish("b", b"3", qos=1, packet_id=3),
    ).expect(
        publish("a", b"1", qos=1, packet_id=1),
        puback(1),
        PingRespPacket(),
        publish("a", b"2", qos=1, packet_id=2),
        puback(2),
        puback(3, 0x10),
    )


def test_what_comes_with_connect_waits_for_the_verdict() -> None:
    client = BrokerPlay().client()
    client.send(ConnectPacket("one"), subscribe(1, subscription("a")), publish("a", b"x"))
    kinds = [type(each).__name__ for each in client.said()]
    assert kinds == ["ConnAckPacket", "SubAckPacket", "PublishPacket"]


def test_nothing_is_read_after_disconnect() -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a")
    client = play.connect().send(DisconnectPacket(), publish("a", b"x"))
    subscriber.expect()
    assert client.connection.wants_close


@pytest.mark.parametrize(
    ("data", "reason_code"),
    [
        (b"\x30\x05\x00\x03a/+", 0x81),
        (b"\x30\x03\x00\x00\x00", 0x82),
        (ConnectPacket("again").write(), 0x82),
        (mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE]).write(), 0x82),
        (b"\x30\xff\xff\xff\x7f", 0x95),
        (b"\x30\xff\xff\xff\xff\x01", 0x81),
    ],
    ids=["wildcard", "no topic", "second CONNECT", "a server's packet", "too large", "length of five bytes"],
)
def test_a_broken_rule_ends_the_connection_with_its_reason(data: bytes, reason_code: int) -> None:
    client = BrokerPlay().connect().send(data)
    client.expect_closed(reason_code)


def test_who_is_held_to_the_receive_maximum() -> None:
    play = BrokerPlay(BrokerLimits(receive_maximum=2))
    client = play.client().send(ConnectPacket("one"))
    client.said()
    client.send(*(publish("a", b"x", qos=2, packet_id=packet_id) for packet_id in (1, 2, 3)))
    client.expect_closed(0x93)


def test_shut_down_says_goodbye_in_the_order_in_which_the_clients_came() -> None:
    play = BrokerPlay()
    connections = [play.connect(f"client-{number}").connection for number in range(10)]
    play.broker.take_dirty()
    play.broker.shut_down(play.now)
    assert play.broker.take_dirty() == connections


def test_shut_down_says_goodbye_and_keeps_sessions() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100)
    play.broker.shut_down(play.now)
    play.settle()
    client.expect_closed(0x8B)
    again = play.connect("one", session_expiry_interval=100)
    assert again.connack is not None and again.connack.session_present


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=4), st.booleans())
def test_no_bytes_make_it_raise_or_hurt_others(chunks: list[bytes], is_connected: bool) -> None:
    play = BrokerPlay()
    other = play.connect("other").subscribe("a", 1)
    client = play.connect("one") if is_connected else play.client()
    for chunk in chunks:
        client.send(chunk)
    client.cut()
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1))
    assert publish("a", b"x", qos=1, packet_id=1).payload in [
        each.payload for each in other.said() if isinstance(each, mqtt5.PublishPacket)
    ]


def test_a_subscription_without_filters_is_refused() -> None:
    client = BrokerPlay().connect().send(b"\x82\x03\x00\x01\x00")
    client.expect_closed(0x82)


def test_a_connection_that_ends_while_connack_waits_for_a_commit_is_refused_and_told_nothing_else() -> None:
    play = BrokerPlay(commits=False)
    first = play.client().send(ConnectPacket("one", session_expiry_interval=60))
    second = play.client().send(ConnectPacket("one", session_expiry_interval=60))
    first.expect_refused(0x88)
    second.send(b"\xc1\x00").expect_refused(0x81)
    play.commit()
    first.expect()
    second.expect()


def test_what_only_disconnect_can_say_is_a_refusal_too_while_connack_waits_for_a_commit() -> None:
    play = BrokerPlay(BrokerLimits(receive_maximum=2), commits=False)
    silent = play.client().send(ConnectPacket("silent", session_expiry_interval=60, keep_alive=1))
    greedy = play.client().send(ConnectPacket("greedy", session_expiry_interval=60))
    greedy.send(*(publish("a", b"x", qos=2, packet_id=number + 1) for number in range(3))).expect_refused(0x82)
    play.advance(2)
    silent.expect_refused(0x88)


def test_what_waits_for_a_commit_does_not_follow_the_last_word() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=60)
    play.commits = False
    client.send(publish("a", b"x", qos=1, packet_id=1, retain=True), b"\xc1\x00").expect_closed(0x81)
    play.commit()
    client.expect()


def test_stopping_while_a_client_authenticates() -> None:
    play = BrokerPlay()
    client = play.client(ListenerPolicy(needs_authentication=True)).send(ConnectPacket("one"))
    play.broker.shut_down(play.now)
    client.expect_refused(0x88)
