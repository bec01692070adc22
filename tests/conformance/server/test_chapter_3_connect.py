"""MQTT 5, section 3.1: CONNECT, as a server takes it."""

from typing import Any

import mqtt5
import pytest
from mqtt5 import (
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PingRespPacket,
    PublishPacket,
    QoS,
    Will,
)
from tests.broker_play import BrokerPlay, Client, puback, publish, pubrec, pubrel, subscribe, subscription
from tests.mqtt.conversation import LONG_TOPIC, codec_panics
from tests.mqtt.wire import connect, pair, raw_packet, text, will

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.events import AuthenticationRequested
from tidegate.broker.identity import Accepted, Identity, Refused
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule

GUARDED = ListenerPolicy(needs_authentication=True)
FOR_EVER = 0xFFFF_FFFF
QUIET = BrokerLimits(statistics_seconds=2.0**40)
"""For years that go by: nothing is due every few seconds."""
WILL = Will("will", payload=b"gone")


def present(client: Client) -> bool:
    """Tell whether CONNACK said that there was a session."""
    assert client.connack is not None
    return client.connack.session_present


def watched(play: BrokerPlay) -> Client:
    """Return a client that gets all wills."""
    return play.connect("watcher").subscribe("will/#").subscribe("will")


def published(client: Client) -> list[PublishPacket]:
    """Return what the broker said, which is messages alone."""
    said = client.said()
    packets = [packet for packet in said if isinstance(packet, PublishPacket)]
    assert len(packets) == len(said), said
    return packets


def refused(packet_id: int) -> mqtt5.PubRecPacket:
    """Return a PUBREC that ends the exchange."""
    return mqtt5.PubRecPacket(packet_id, reason_code=mqtt5.PubRecReasonCode.UNSPECIFIED_ERROR)


def requested(play: BrokerPlay) -> AuthenticationRequested:
    """Return the authentication that was requested last."""
    return [event for event in play.events if isinstance(event, AuthenticationRequested)][-1]


# 3.1.0


@pytest.mark.parametrize(
    "first", [publish("a"), PingReqPacket(), subscribe(1, subscription("a")), b"\x00\x00", b"GET / HT"]
)
def test_mqtt_3_1_0_1_anything_before_connect_closes_the_connection(first: bytes | mqtt5.Packet) -> None:
    client = BrokerPlay().client().send(first, ConnectPacket("one")).expect_bytes()
    assert client.connection.wants_close


def test_mqtt_3_1_0_2_a_second_connect_is_a_protocol_error() -> None:
    BrokerPlay().connect("one").send(ConnectPacket("one")).expect_closed(0x82)
    old = BrokerPlay().connect_3_1_1().send(connect(level=4)).expect_bytes()
    assert old.connection.wants_close


# 3.1.2: the variable header


@pytest.mark.parametrize("name", ["mqtt", "MQTX", "MQTTX", "MQT", "", "MQIsdp5"])
def test_mqtt_3_1_2_1_another_protocol_name_is_not_served(name: str) -> None:
    client = BrokerPlay().client().send(connect(name=name)).expect_bytes()
    assert client.connection.wants_close


@pytest.mark.parametrize("level", [0, 6, 7, 0x7F, 0x85, 0xFF])
def test_mqtt_3_1_2_2_an_unknown_version_is_answered_0x84(level: int) -> None:
    told = b"\x20\x02\x00\x01" if level < 5 else b"\x20\x03\x00\x84\x00"
    client = BrokerPlay().client().send(connect(level=level)).expect_bytes(told)
    assert client.connection.wants_close


@pytest.mark.parametrize(("level", "name"), [(4, "MQTT"), (3, "MQIsdp"), (0x84, "MQTT"), (0x83, "MQIsdp")])
def test_in_3_1_1_and_3_1_connect_is_answered_by_two_bytes(level: int, name: str) -> None:
    client = BrokerPlay().client().send(connect(level=level, name=name)).expect_bytes(b"\x20\x02\x00\x00")
    assert not client.connection.wants_close


def test_mqtt_3_1_2_3_the_reserved_flag_is_malformed() -> None:
    BrokerPlay().client().send(connect(0x03)).expect_refused(0x81)
    old = BrokerPlay().client().send(connect(0x03, level=4)).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_1_2_4_clean_start_discards_the_session() -> None:
    """And [MQTT-3.1.4-4] before CONNACK, so that nothing of it comes after."""
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).leave()
    play.connect("publisher").send(publish("a", b"waits", qos=1, packet_id=1))
    fresh = play.connect("one", clean_start=True, session_expiry_interval=100)
    assert not present(fresh)
    play.connect("publisher").send(publish("a", b"later", qos=1, packet_id=1))
    fresh.expect()


def test_mqtt_3_1_2_5_a_session_is_resumed() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).leave()
    play.connect("publisher").send(publish("a", b"waited", qos=1, packet_id=1))
    resumed = play.connect("one", session_expiry_interval=100)
    assert present(resumed)
    resumed.expect(publish("a", b"waited", qos=1, packet_id=1))


def test_mqtt_3_1_2_6_without_a_session_there_is_a_new_one() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=0).subscribe("a", 1).leave()
    fresh = play.connect("one")
    assert not present(fresh)
    play.connect("publisher").send(publish("a"))
    fresh.expect()


def test_in_3_1_1_clean_session_1_ends_with_its_connection_and_0_never_does() -> None:
    play = BrokerPlay(QUIET)
    old = play.connect_3_1_1(clean_session=False).send(raw_packet(0x82, b"\0\1\0\1a\1"))
    old.expect_bytes(b"\x90\x03\x00\x01\x01").leave()
    play.advance(10_000_000)
    play.connect("publisher").send(publish("a", b"1", qos=1, packet_id=1))
    resumed = play.client().send(connect(0x00, level=4, payload=text("old")))
    resumed.expect_bytes(b"\x20\x02\x01\x00", b"\x32\x06\x00\x01a\x00\x011").leave()
    play.connect_3_1_1(clean_session=True, session_present=0).cut()
    play.connect_3_1_1(clean_session=False, session_present=0)


def test_mqtt_3_1_2_7_and_8_a_will_is_published_when_the_connection_ends() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    play.connect("one", will=WILL).cut()
    watcher.expect(publish("will", b"gone"))


@pytest.mark.parametrize(
    "end",
    ["protocol error", "keep alive", "DISCONNECT 0x04", "take over", "session taken over with Clean Start", "0x8B"],
)
def test_mqtt_3_1_2_8_whatever_ends_the_connection_but_disconnect_0(end: str) -> None:
    play = BrokerPlay()
    watcher = watched(play)
    client = play.connect("one", will=WILL, keep_alive=10, session_expiry_interval=100)
    if end == "protocol error":
        client.send(b"\0\0")
    elif end == "keep alive":
        play.advance(15)
    elif end == "DISCONNECT 0x04":
        client.send(DisconnectPacket(reason_code=DisconnectReasonCode.DISCONNECT_WITH_WILL_MESSAGE))
    elif end == "0x8B":
        client.send(raw_packet(0xE0, b"\x80"))
    else:
        play.connect("one", clean_start=end != "take over", session_expiry_interval=100)
    watcher.expect(publish("will", b"gone"))


def test_mqtt_3_1_2_8_the_will_waits_for_its_delay_or_the_end_of_the_session() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    slow = Will("will", payload=b"slow", will_delay_interval=50)
    play.connect("long", will=slow, session_expiry_interval=100).cut()
    play.connect("short", will=slow, session_expiry_interval=20).cut()
    play.connect("none", will=slow).cut()
    watcher.expect(publish("will", b"slow"))
    play.advance(19)
    watcher.expect()
    play.advance(1)
    watcher.expect(publish("will", b"slow"))
    play.advance(29)
    watcher.expect()
    play.advance(1)
    watcher.expect(publish("will", b"slow"))


def test_mqtt_3_1_2_9_a_will_has_properties_topic_and_payload() -> None:
    fields = text("client"), b"\0", text("will"), text("gone")
    for count in range(1, 4):
        BrokerPlay().client().send(connect(0x06, payload=b"".join(fields[:count]))).expect_refused(0x81)
    BrokerPlay().client().send(connect(0x02, payload=b"".join(fields))).expect_refused(0x81)
    assert BrokerPlay().client().send(connect(0x06, payload=b"".join(fields))).raw()[3] == 0


def test_mqtt_3_1_2_10_a_will_is_published_once_and_not_after_disconnect_0() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    play.connect("polite", will=WILL, session_expiry_interval=100).leave()
    play.connect("gone", will=WILL, session_expiry_interval=100).cut()
    watcher.expect(publish("will", b"gone"))
    play.connect("gone", session_expiry_interval=100).cut()
    play.advance(200)
    watcher.expect()


@pytest.mark.parametrize("level", [4, 5])
def test_mqtt_3_1_2_11_to_13_will_flags_that_do_not_go_together_are_malformed(level: int) -> None:
    """Will QoS 1 or 2 without a will, Will QoS 3 with one, and Will Retain without one."""
    with_will = text("client") + (will() if level == 5 else text("will") + text("gone"))
    for data in (
        connect(0x0A, level=level),
        connect(0x12, level=level),
        connect(0x1E, payload=with_will, level=level),
        connect(0x22, level=level),
    ):
        client = BrokerPlay().client().send(data)
        client.expect_bytes(b"\x20\x03\x00\x81\x00" if level == 5 else b"")
        assert client.connection.wants_close


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_1_2_12_a_will_has_any_of_three_qos(qos: int) -> None:
    play = BrokerPlay()
    watcher = watched(play)
    play.connect("one", will=Will("will", qos=QoS(qos))).cut()
    watcher.expect(publish("will", qos=qos, packet_id=1 if qos else None))


@pytest.mark.parametrize("retain", [False, True])
def test_mqtt_3_1_2_14_and_15_a_will_is_retained_if_it_says_so(retain: bool) -> None:
    play = BrokerPlay()
    play.connect("one", will=Will("will", payload=b"gone", retain=retain)).cut()
    late = play.connect("late").subscribe("will")
    late.expect(*[publish("will", b"gone", retain=True)] * retain)


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (0x02, [b"user"]),
        (0x82, []),
        (0x82, [b"user", b"password"]),
        (0x42, []),
        (0x42, [b"user", b"password"]),
        (0xC2, [b"user"]),
    ],
)
def test_mqtt_3_1_2_16_to_19_user_name_and_password_are_there_as_their_flags_say(
    flags: int, fields: list[bytes]
) -> None:
    for level, told in ((5, b"\x20\x03\x00\x81\x00"), (4, b"")):
        data = connect(flags, payload=b"".join(text(field) for field in (b"client", *fields)), level=level)
        client = BrokerPlay().client().send(data).expect_bytes(told)
        assert client.connection.wants_close


def test_a_password_needs_no_user_name_in_5_and_needs_one_in_3_1_1() -> None:
    play = BrokerPlay()
    payload = text("client") + text(b"\xff\0")
    play.client(GUARDED).send(connect(0x42, payload=payload))
    assert (requested(play).presented.username, requested(play).presented.password) == (None, b"\xff\0")
    old = play.client(GUARDED).send(connect(0x42, payload=payload, level=4)).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_1_2_22_one_and_a_half_keep_alive_times_of_silence() -> None:
    play = BrokerPlay()
    client, other = play.connect("one", keep_alive=10), play.connect("other", keep_alive=10)
    never = play.connect("never", keep_alive=0)
    play.advance(14.9)
    other.send(PingReqPacket()).expect(PingRespPacket())
    assert not client.connection.wants_close
    play.advance(0.1)
    client.expect_closed(0x8D)
    play.advance(10_000)
    assert not never.connection.wants_close
    old = play.connect_3_1_1()
    play.advance(90)
    assert old.expect_bytes().connection.wants_close


def test_mqtt_3_1_2_23_a_session_lives_for_its_expiry_interval() -> None:
    play = BrokerPlay(QUIET)
    play.connect("short", session_expiry_interval=10).leave()
    play.connect("long", session_expiry_interval=20).leave()
    play.connect("none").leave()
    play.connect("ever", session_expiry_interval=FOR_EVER).leave()
    play.advance(15)
    assert [present(play.connect(name)) for name in ("short", "long", "none")] == [False, True, False]
    play.advance(2.0**33)
    assert present(play.connect("ever"))


@pytest.mark.parametrize(
    "properties",
    [b"\x21\0\0", b"\x27\0\0\0\0", b"\x17\2", b"\x19\2", b"\x16\0\1x"],
    ids=["Receive Maximum 0", "Maximum Packet Size 0", "Request Problem", "Request Response", "data without method"],
)
def test_values_that_a_property_of_connect_may_not_have_are_protocol_errors(properties: bytes) -> None:
    """Sections 3.1.2.11.3, 3.1.2.11.4, 3.1.2.11.6, 3.1.2.11.7 and 3.1.2.11.10."""
    BrokerPlay().client().send(connect(properties=properties)).expect_refused(0x82)


def test_mqtt_3_1_2_24_no_packet_is_longer_than_the_client_takes() -> None:
    play = BrokerPlay()
    for limit in range(1, 40):
        client = play.client().send(ConnectPacket("", max_packet_size=limit))
        raw = client.raw()
        assert len(raw) <= limit
        assert client.connection.wants_close is (not raw or raw[3] != 0)
    many = [subscription(f"a/{number}") for number in range(60)]
    play.connect("small", max_packet_size=40).send(subscribe(1, *many)).expect_closed(0x95)
    small = play.connect("small", max_packet_size=40).subscribe("b", 2)
    play.connect("publisher").send(
        publish("b", bytes(33), qos=2, packet_id=1), publish("b", bytes(32), qos=2, packet_id=2)
    )
    assert [len(packet.write()) for packet in small.said()] == [40]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_1_2_25_what_is_too_long_is_dropped_as_if_it_had_been_sent(qos: int) -> None:
    play = BrokerPlay()
    small = play.connect("small", max_packet_size=50, receive_max=1, session_expiry_interval=100).subscribe("a", qos)
    large = play.connect("large").subscribe("a", 0)
    publisher = play.connect("publisher")
    for number, payload in enumerate((bytes(60), bytes(60), b"fits", bytes(60), b"fits, too"), start=1):
        publisher.send(publish("a", payload, qos=qos, packet_id=number if qos else None))
    first, *more = published(small)
    assert (first.payload, len(more)) == (b"fits", 0 if qos else 1)
    if qos:
        small.send(puback(first.packet_id or 0) if qos == 1 else refused(first.packet_id or 0))
        more = published(small)
    assert [packet.payload for packet in more] == [b"fits, too"]
    assert len(published(large)) == 5
    small.cut()
    resumed = play.connect("small", max_packet_size=16, session_expiry_interval=100)
    assert published(resumed) == []


def test_mqtt_3_1_2_26_no_alias_is_above_what_the_client_takes() -> None:
    """And [MQTT-3.3.2-11] says it again."""
    play = BrokerPlay()
    client = play.connect("one", topic_alias_max=2).subscribe("#")
    publisher = play.connect("publisher")
    for _ in range(2):
        publisher.send(*(publish(f"{LONG_TOPIC}/{number}") for number in range(5)))
    seen = [(packet.topic, packet.topic_alias) for packet in published(client)]
    plain = [(f"{LONG_TOPIC}/{number}", None) for number in (2, 3, 4)]
    assert seen == [(f"{LONG_TOPIC}/0", 1), (f"{LONG_TOPIC}/1", 2), *plain, ("", 1), ("", 2), *plain]


def test_mqtt_3_1_2_27_no_alias_is_sent_to_a_client_that_takes_none() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("#")
    play.connect("publisher").send(publish(LONG_TOPIC), publish(LONG_TOPIC))
    assert [packet.topic_alias for packet in published(client)] == [None, None]


@pytest.mark.parametrize("asked", [False, True])
def test_mqtt_3_1_2_28_there_is_no_response_information(asked: bool) -> None:
    """Not to those who ask either: a server may leave it out."""
    connack = BrokerPlay().connect("one", request_response_info=asked).connack
    assert connack is not None
    assert connack.response_info is None


@pytest.mark.parametrize("wanted", [False, True])
def test_mqtt_3_1_2_29_nothing_is_explained(wanted: bool) -> None:
    """To nobody: what a client is told about its mistakes is the reason code."""
    rules = AccessRules((AccessRule(client_ids=frozenset({"one"}), may_connect=True),))
    client = BrokerPlay().connect("one", ListenerPolicy(rules=rules), request_problem_info=wanted)
    client.send(publish("a", qos=1, packet_id=1)).expect_bytes(b"\x40\x03\x00\x01\x87")
    client.send(publish("a", qos=2, packet_id=2)).expect(
        mqtt5.PubRecPacket(2, reason_code=mqtt5.PubRecReasonCode(0x87))
    )
    client.send(pubrel(3)).expect(mqtt5.PubCompPacket(3, reason_code=mqtt5.PubCompReasonCode(0x92)))
    client.send(pubrec(4)).expect(mqtt5.PubRelPacket(4, reason_code=mqtt5.PubRelReasonCode(0x92)))
    client.send(subscribe(5, subscription("a"))).expect_bytes(b"\x90\x04\x00\x05\x00\x87")
    client.send(mqtt5.UnsubscribePacket(6, ["a"])).expect_bytes(b"\xb0\x04\x00\x06\x00\x11")
    client.send(b"\0\0").expect_bytes(mqtt5.DisconnectPacket(reason_code=DisconnectReasonCode(0x81)).write())


def test_mqtt_3_1_2_30_before_connack_a_client_with_a_method_sends_nothing_but_auth_and_disconnect() -> None:
    connecting = ConnectPacket("one", authentication_method="SCRAM")
    BrokerPlay().client(GUARDED).send(connecting, PingReqPacket()).expect_refused(0x82)
    play = BrokerPlay()
    client = play.client(GUARDED).send(connecting).expect()
    play.decide(Accepted(Identity("one")))
    assert [type(packet).__name__ for packet in client.said()] == ["ConnAckPacket"]


# 3.1.3: the payload


def test_mqtt_3_1_3_1_the_payload_is_in_its_order() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    payload = text("me") + will("will/of/me", b"gone", pair("a", "b")) + text("user") + text(b"password")
    client = play.client(GUARDED).send(connect(0xC6, payload=payload))
    presented = requested(play).presented
    assert (presented.client_id, presented.username, presented.password) == ("me", "user", b"password")
    play.decide(Accepted(Identity("me")))
    client.cut()
    watcher.expect(publish("will/of/me", b"gone", user_properties=[("a", "b")]))
    swapped = text("me") + text("user") + text(b"password") + will()
    BrokerPlay().client().send(connect(0xC6, payload=swapped)).expect_refused(0x81)


def test_mqtt_3_1_3_2_the_client_id_tells_sessions_apart() -> None:
    play = BrokerPlay()
    for name in ("one", "ONE", "one ", "öne"):
        assert not present(play.connect(name, session_expiry_interval=100))
    for name in ("one", "ONE", "one ", "öne"):
        assert present(play.connect(name, session_expiry_interval=100))


def test_mqtt_3_1_3_3_without_a_client_id_connect_is_malformed() -> None:
    BrokerPlay().client().send(connect(payload=b"")).expect_refused(0x81)
    BrokerPlay().client().send(connect(payload=b"\0\6cl")).expect_refused(0x81)
    old = BrokerPlay().client().send(connect(payload=b"", level=4)).expect_bytes()
    assert old.connection.wants_close


@codec_panics
@pytest.mark.parametrize("broken", [b"\xff", b"\xed\xa0\x80", b"a\0b"])
def test_mqtt_3_1_3_4_and_11_and_12_strings_of_connect_are_utf_8(broken: bytes) -> None:
    """The client identifier, the Will Topic and the user name."""
    for data in (
        connect(payload=text(broken)),
        connect(0x06, payload=text("client") + will(broken)),
        connect(0x82, payload=text("client") + text(broken)),
    ):
        BrokerPlay().client().send(data).expect_refused(0x81)


def test_mqtt_3_1_3_5_short_names_of_letters_and_digits_are_accepted() -> None:
    play = BrokerPlay()
    for name in ("0", "z", "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ"):
        assert not play.connect(name).connection.wants_close
        old = play.client().send(connect(level=3, name="MQIsdp", payload=text(name))).expect_bytes(b"\x20\x02\x00\x00")
        assert not old.connection.wants_close


def test_mqtt_3_1_3_6_an_empty_client_id_is_replaced_by_one_of_its_own() -> None:
    """And [MQTT-3.2.2-16] by one that no session has."""
    play = BrokerPlay()
    squatter = play.connect("made-2")
    names = []
    for _ in range(3):
        connack = play.connect("").connack
        assert connack is not None
        names.append(connack.assigned_client_id)
    assert names == ["made-1", "made-3", "made-4"]
    assert not squatter.connection.wants_close


def test_mqtt_3_1_3_7_an_assigned_client_id_is_as_good_as_any() -> None:
    play = BrokerPlay()
    client = play.connect("", session_expiry_interval=100)
    assert client.connack is not None and client.connack.assigned_client_id == "made-1"
    client.subscribe("a", 1).leave()
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1))
    again = play.connect("made-1", session_expiry_interval=100)
    assert present(again)
    again.expect(publish("a", b"x", qos=1, packet_id=1))


def test_mqtt_3_1_3_8_a_client_id_that_is_too_long_is_answered_0x85() -> None:
    limits = BrokerLimits(client_id_bytes_max=30)
    BrokerPlay(limits).client().send(ConnectPacket("ö" * 16)).expect_refused(0x85)
    old = BrokerPlay(limits).client().send(connect(level=4, payload=text("x" * 31))).expect_bytes(b"\x20\x02\x00\x02")
    assert old.connection.wants_close


def test_in_3_1_1_an_empty_client_id_needs_clean_session() -> None:
    play = BrokerPlay()
    play.client().send(connect(0x02, level=4, payload=text(""))).expect_bytes(b"\x20\x02\x00\x00")
    old = play.client().send(connect(0x00, level=4, payload=text(""))).expect_bytes(b"\x20\x02\x00\x02")
    assert old.connection.wants_close


def test_mqtt_3_1_3_9_a_new_connection_within_the_delay_keeps_the_will_back() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    slow = Will("will", payload=b"slow", will_delay_interval=10)
    play.connect("one", will=slow, session_expiry_interval=100).cut()
    play.advance(9)
    second = play.connect("one", will=slow, session_expiry_interval=100)
    play.advance(9)
    play.connect("one", session_expiry_interval=100)
    second.expect_closed(0x8E)
    play.advance(1_000)
    watcher.expect()


def test_mqtt_3_1_3_10_user_properties_of_a_will_keep_their_order() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    properties = [("b", "1"), ("a", "2"), ("b", "0"), ("a", "2")]
    play.connect("one", will=Will("will", user_properties=properties)).cut()
    watcher.expect(publish("will", user_properties=properties))


def test_a_will_is_published_with_all_its_properties() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    fields: dict[str, Any] = {
        "payload_format_indicator": 1,
        "message_expiry_interval": 60,
        "content_type": "text/plain",
        "response_topic": "answers",
        "correlation_data": b"7",
    }
    play.connect("one", will=Will("will", payload=b"gone", will_delay_interval=10, **fields)).cut()
    watcher.expect(publish("will", b"gone", **fields))


@pytest.mark.parametrize(
    ("topic", "properties", "reason_code"),
    [
        ("a/+", b"", 0x90),
        ("", b"", 0x90),
        ("w", b"\x08" + text("a/#"), 0x82),
        ("w", b"\1\2", 0x82),
        ("$SYS/x", b"", 0x87),
    ],
    ids=["wildcard", "empty", "wildcard in its response topic", "payload format 2", "the broker's own"],
)
def test_a_will_that_could_not_be_published_is_refused(topic: str, properties: bytes, reason_code: int) -> None:
    payload = text("client") + will(topic, properties=properties)
    BrokerPlay().client().send(connect(0x06, payload=payload)).expect_refused(reason_code)


@pytest.mark.parametrize("topic", ["a/+", "#", ""])
def test_in_3_1_1_a_will_topic_out_of_form_closes_the_connection(topic: str) -> None:
    old = BrokerPlay().client().send(connect(0x06, level=4, payload=text("client") + text(topic) + text("gone")))
    assert old.expect_bytes().connection.wants_close


# 3.1.4: what follows


@pytest.mark.parametrize(
    "data",
    [
        connect(payload=text("client") + b"x"),
        connect()[:1] + b"\x05\0\4MQT",
        raw_packet(0x10, text("MQTT") + b"\x05\x02\0\x3c\x7f" + text("client")),
        raw_packet(0x10, text("MQTT") + b"\x05"),
    ],
    ids=["bytes behind it", "too short", "properties longer than it", "no flags"],
)
def test_mqtt_3_1_4_1_a_connect_out_of_form_closes_the_connection(data: bytes) -> None:
    client = BrokerPlay().client().send(data)
    assert client.raw() in (b"", b"\x20\x03\x00\x81\x00")
    assert client.connection.wants_close


@pytest.mark.parametrize(("reason_code", "in_3_1_1"), [(0x86, 4), (0x87, 5), (0x88, 3), (0x8A, 5), (0x97, 3)])
def test_mqtt_3_1_4_2_who_is_not_let_in_is_told_and_the_connection_closed(reason_code: int, in_3_1_1: int) -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(connect(0xC2, payload=text("client") + text("user") + text("wrong")))
    play.decide(Refused(reason_code, "why"))
    client.expect_refused(reason_code)
    old = play.client(GUARDED).send(connect(0xC2, payload=text("old") + text("user") + text("wrong"), level=4))
    play.decide(Refused(reason_code, "why"))
    assert old.expect_bytes(bytes((0x20, 2, 0, in_3_1_1))).connection.wants_close


def test_mqtt_3_1_4_3_the_older_connection_is_told_and_closed() -> None:
    play = BrokerPlay()
    first = play.connect("one")
    second = play.connect("one")
    first.expect_closed(0x8E)
    assert not second.connection.wants_close
    old = play.connect_3_1_1("one")
    second.expect_closed(0x8E)
    play.connect("one")
    assert old.expect_bytes().connection.wants_close


def test_mqtt_3_1_4_5_connect_is_answered_at_once() -> None:
    data = connect()
    client = BrokerPlay().client()
    for index in range(len(data) - 1):
        client.send(data[index : index + 1]).expect()
    (connack,) = client.send(data[-1:]).said()
    assert isinstance(connack, mqtt5.ConnAckPacket) and not int(connack.reason_code)


def test_mqtt_3_1_4_5_what_came_with_connect_is_handled_after_connack() -> None:
    client = BrokerPlay().client().send(ConnectPacket("one"), PingReqPacket(), publish("a", qos=1, packet_id=1))
    assert [type(packet).__name__ for packet in client.said()] == ["ConnAckPacket", "PingRespPacket", "PubAckPacket"]


def test_mqtt_3_1_4_6_what_a_refused_client_sent_with_connect_is_not_looked_at() -> None:
    play = BrokerPlay()
    watcher = watched(play)
    client = play.client(GUARDED)
    client.send(ConnectPacket("one", will=WILL), publish("will", b"smuggled", retain=True), b"\0\0")
    play.decide(Refused(0x87, "why"))
    client.expect_refused(0x87)
    client.send(publish("will", b"later")).expect()
    client.cut()
    watcher.expect()
