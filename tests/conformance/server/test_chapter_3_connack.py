"""MQTT 5, section 3.2: CONNACK, as a server sends it, and what follows from what it announces."""

import mqtt5
import pytest
from mqtt5 import ConnAckPacket, ConnectPacket, PingReqPacket, PublishPacket, Will
from tests.broker_play import BrokerPlay, Client, publish
from tests.mqtt.wire import connect, raw_packet, text

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.identity import Accepted, Challenge, Identity, Refused
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule

GUARDED = ListenerPolicy(needs_authentication=True)
CONNACK_CODES = (0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x97, 0x9C, 0x9D, 0x9F)


def connack_of(client: Client) -> ConnAckPacket:
    """Return the CONNACK that a client got."""
    assert client.connack is not None
    return client.connack


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_2_0_1_connack_comes_before_what_waited_for_the_client(qos: int) -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", qos).leave()
    play.connect("publisher").send(publish("a", qos=qos, packet_id=1 if qos else None))
    play.commits = False
    client = play.client().send(ConnectPacket("one", session_expiry_interval=100), PingReqPacket())
    client.expect()
    play.connect("publisher", clean_start=True).send(publish("a", qos=qos, packet_id=2 if qos else None))
    client.expect()
    play.commit()
    play.commit()
    assert isinstance(client.said()[0], ConnAckPacket)


def test_mqtt_3_2_0_1_only_auth_comes_before_connack() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED)
    client.send(ConnectPacket("one", authentication_method="SCRAM"))
    play.decide(Challenge(b"who?"))
    assert [type(packet).__name__ for packet in client.said()] == ["AuthPacket"]


def test_mqtt_3_2_0_2_there_is_one_connack() -> None:
    client = BrokerPlay().client().send(ConnectPacket("one"), ConnectPacket("one"), ConnectPacket("one"))
    assert [type(packet).__name__ for packet in client.said()] == ["ConnAckPacket", "DisconnectPacket"]
    refused = BrokerPlay().client().send(connect(0x03), ConnectPacket("one"))
    assert [type(packet).__name__ for packet in refused.said()] == ["ConnAckPacket"]


def test_mqtt_3_2_2_1_the_reserved_flags_are_0() -> None:
    play = BrokerPlay()
    for flag in (0, 1, 1):
        client = play.client().send(ConnectPacket("one", session_expiry_interval=100))
        assert client.raw()[2] == flag


def test_mqtt_3_2_2_2_and_3_session_present_is_1_where_a_session_is_taken_up() -> None:
    play = BrokerPlay()
    assert not connack_of(play.connect("one", session_expiry_interval=100)).session_present
    assert connack_of(play.connect("one", session_expiry_interval=100)).session_present
    assert not connack_of(play.connect("one", clean_start=True, session_expiry_interval=100)).session_present
    assert not connack_of(play.connect("", session_expiry_interval=100)).session_present


@pytest.mark.parametrize("level", [4, 5])
def test_mqtt_3_2_2_6_a_refusal_has_session_present_0(level: int) -> None:
    play = BrokerPlay()
    play.connect("client", session_expiry_interval=100).leave()
    client = play.client(GUARDED).send(connect(0x00, level=level))
    play.decide(Refused(0x87, "why"))
    assert client.raw()[2] == 0
    assert connack_of(play.connect("client", session_expiry_interval=100)).session_present


@pytest.mark.parametrize("reason_code", CONNACK_CODES)
def test_mqtt_3_2_2_7_and_8_after_a_refusal_the_connection_is_closed(reason_code: int) -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one"))
    play.decide(Refused(reason_code, "why"))
    client.expect_refused(reason_code)
    client.send(PingReqPacket()).expect()


def test_mqtt_3_2_2_8_what_only_disconnect_can_say_is_said_in_the_words_of_connack() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one"))
    play.broker.shut_down(play.now)
    client.expect_refused(0x88)
    old = play.client(GUARDED).send(connect(level=4))
    play.broker.shut_down(play.now)
    assert old.expect_bytes(b"\x20\x02\x00\x03").connection.wants_close


def test_in_3_1_1_there_are_no_other_return_codes_than_0_to_5() -> None:
    for reason_code in CONNACK_CODES:
        play = BrokerPlay()
        old = play.client(GUARDED).send(connect(level=4))
        play.decide(Refused(reason_code, "why"))
        data = old.raw()
        assert not data or (len(data) == 4 and 1 <= data[3] <= 5)


def test_mqtt_3_2_2_9_and_10_every_qos_is_there() -> None:
    """A server without one of them would announce a Maximum QoS, and still take subscriptions that ask for more."""
    client = BrokerPlay().client().send(ConnectPacket("one"))
    assert b"\x24" not in client.raw()
    for qos in (0, 1, 2):
        client.subscribe(f"a/{qos}", qos)


def test_mqtt_3_2_2_12_and_13_a_will_of_any_qos_may_be_retained() -> None:
    """The server has every QoS and retained messages, so that it refuses no will for them."""
    for qos in mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE, mqtt5.QoS.EXACTLY_ONCE:
        connack = connack_of(BrokerPlay().connect("one", will=Will("a", qos=qos, retain=True)))
        assert connack.retain_available


def test_mqtt_3_2_2_15_a_packet_above_the_maximum_is_answered_0x95() -> None:
    limits = BrokerLimits(packet_bytes_max=50)
    client = BrokerPlay(limits).connect()
    assert connack_of(client).max_packet_size == 50
    whole = publish("a", bytes(44)).write()
    assert len(whole) == 50
    client.send(whole).expect()
    too_long = publish("a", bytes(45)).write()
    BrokerPlay(limits).connect().send(too_long).expect_closed(0x95)
    BrokerPlay(limits).connect().send(too_long[:3]).expect_closed(0x95)
    old = BrokerPlay(limits).connect_3_1_1().send(raw_packet(0x30, text("a") + bytes(46))).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_2_2_16_an_assigned_client_id_is_no_other_sessions() -> None:
    play = BrokerPlay()
    play.connect("made-1", session_expiry_interval=100).leave()
    assert connack_of(play.connect("")).assigned_client_id == "made-2"
    assert connack_of(play.connect("made-1", session_expiry_interval=100)).session_present
    assert connack_of(play.connect("chosen")).assigned_client_id is None


def test_mqtt_3_2_2_17_an_alias_above_the_maximum_is_answered_0x94() -> None:
    limits = BrokerLimits(topic_alias_maximum=3)
    client = BrokerPlay(limits).connect()
    assert connack_of(client).topic_alias_max == 3
    client.send(publish("a", topic_alias=3)).expect()
    client.send(publish("a", topic_alias=4)).expect_closed(0x94)


def test_mqtt_3_2_2_18_an_alias_is_answered_0x94_where_none_was_announced() -> None:
    BrokerPlay(BrokerLimits(topic_alias_maximum=0)).connect().send(publish("a", topic_alias=1)).expect_closed(0x94)


def test_mqtt_3_2_2_19_and_20_connack_explains_nothing_so_it_gets_no_longer_by_that() -> None:
    rules = AccessRules((AccessRule(client_ids=frozenset({"nobody"}), may_connect=True),))
    for data in (connect(0x03), connect(properties=2 * b"\x21\0\5")):
        assert len(BrokerPlay().client().send(data).raw()) == 5
    assert len(BrokerPlay().client(ListenerPolicy(rules=rules)).send(ConnectPacket("one")).raw()) == 5
    connack = connack_of(BrokerPlay().connect())
    assert connack.reason_str is None
    assert connack.user_properties == []


def test_mqtt_3_2_2_22_without_a_server_keep_alive_the_clients_own_counts() -> None:
    """And with one that one, which [MQTT-3.2.2-21] holds the client to."""
    play = BrokerPlay(BrokerLimits(keep_alive_seconds_max=20))
    own = play.connect("own", keep_alive=10)
    ours = play.connect("ours", keep_alive=1_000)
    none = play.connect("none", keep_alive=0)
    assert [connack_of(client).server_keep_alive for client in (own, ours, none)] == [None, 20, 20]
    play.advance(15)
    own.expect_closed(0x8D)
    play.advance(14)
    assert not ours.connection.wants_close
    play.advance(1)
    ours.expect_closed(0x8D)
    none.expect_closed(0x8D)


def test_a_session_expiry_that_is_not_the_clients_own_is_said() -> None:
    """Section 3.2.2.3.2."""
    play = BrokerPlay(BrokerLimits(session_expiry_seconds_max=60))
    asked = {0: None, 60: None, 61: 60, 0xFFFF_FFFF: 60}
    for index, (seconds, said) in enumerate(asked.items()):
        connack = connack_of(play.connect(f"client {index}", session_expiry_interval=seconds))
        assert connack.session_expiry_interval == said


def test_connack_has_the_method_and_no_more_of_it() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method="SCRAM"))
    play.decide(Accepted(Identity("one")))
    (connack,) = client.said()
    assert isinstance(connack, ConnAckPacket)
    assert (connack.authentication_method, connack.authentication_data) == ("SCRAM", None)


def test_a_receive_maximum_is_announced_and_held() -> None:
    """Section 3.2.2.3.3."""
    client = BrokerPlay(BrokerLimits(receive_maximum=2)).connect()
    assert connack_of(client).receive_max == 2
    packets = [PublishPacket("a", b"", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=number) for number in (1, 2, 3)]
    client.send(*packets[:2])
    assert len(client.said()) == 2
    client.send(packets[2]).expect_closed(0x93)
