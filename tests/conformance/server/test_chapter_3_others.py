"""MQTT 5, sections 3.12 to 3.15: PINGREQ, DISCONNECT and AUTH, as a server takes and sends them."""

import pytest
from mqtt5 import (
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PingRespPacket,
    Will,
)
from tests.broker_play import BrokerPlay, Client, puback, publish
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.identity import Accepted, Challenge, Identity
from tidegate.broker.limits import BrokerLimits

SAT = "K8S-SAT"
GUARDED = ListenerPolicy(needs_authentication=True)


def disconnect(reason_code: int = 0, expiry: int | None = None) -> DisconnectPacket:
    return DisconnectPacket(reason_code=DisconnectReasonCode(reason_code), session_expiry_interval=expiry)


def auth_bytes(reason_code: int, method: str | None = SAT, more: bytes = b"") -> bytes:
    properties = (b"" if method is None else b"\x15" + text(method)) + more
    return raw_packet(0xF0, bytes((reason_code, len(properties))) + properties)


def authenticated() -> tuple[BrokerPlay, Client]:
    """Return a client that has come in by its method."""
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
    play.decide(Accepted(Identity("one", "s")))
    client.said()
    return play, client


def test_mqtt_3_12_4_1_pingreq_is_answered_by_pingresp() -> None:
    BrokerPlay().connect().send(PingReqPacket()).expect_bytes(b"\xd0\x00")
    BrokerPlay().connect_3_1_1().send(b"\xc0\x00\xc0\x00").expect_bytes(b"\xd0\x00\xd0\x00")


def test_mqtt_3_12_4_1_a_ping_behind_connect_is_answered_behind_connack() -> None:
    client = BrokerPlay().client().send(ConnectPacket("one"), PingReqPacket())
    assert client.raw().endswith(b"\xd0\x00")


def test_mqtt_3_12_4_1_a_ping_does_not_wait_for_a_commit() -> None:
    play = BrokerPlay()
    play.connect("away", session_expiry_interval=100).subscribe("a", 1).leave()
    client = play.connect("one")
    play.commits = False
    client.send(publish("a", qos=1, packet_id=1), PingReqPacket()).expect(PingRespPacket())
    play.commit()
    client.expect(puback(1))


@pytest.mark.parametrize("data", [b"\xc1\x00", b"\xc0\x01\x00"])
def test_section_3_12_pingreq_has_no_flags_and_no_body(data: bytes) -> None:
    BrokerPlay().connect().send(data).expect_closed(0x81)
    assert BrokerPlay().connect_3_1_1().send(data).expect_bytes().connection.wants_close


def test_section_3_13_pingresp_from_a_client_is_a_protocol_error() -> None:
    BrokerPlay().connect().send(PingRespPacket()).expect_closed(0x82)


@pytest.mark.parametrize(
    ("packet", "reason_code"),
    [(b"\x82\x02\x00\x01", 0x81), (PingRespPacket().write(), 0x82), (ConnectPacket("one").write(), 0x82)],
)
def test_mqtt_3_14_0_1_no_disconnect_before_connack(packet: bytes, reason_code: int) -> None:
    """Not for what is wrong with the first packet, while authentication goes on, or while CONNACK waits for a commit."""
    play = BrokerPlay()
    first = play.client().send(packet if packet[0] != 0x10 else b"\x10\x02\x00\x00")
    assert not any(isinstance(each, DisconnectPacket) for each in first.said())
    during = play.client(GUARDED).send(ConnectPacket("two", authentication_method=SAT), packet)
    play.decide(Challenge(b"?"))
    assert not any(isinstance(each, DisconnectPacket) for each in during.said())
    play.commits = False
    waiting = play.client().send(ConnectPacket("three", session_expiry_interval=100), packet)
    assert waiting.connection.wants_close
    play.commit()
    assert not any(isinstance(each, DisconnectPacket) for each in waiting.said())
    play.commits = True
    play.connect("four").send(packet).expect_closed(reason_code)


@pytest.mark.parametrize("session_expiry_interval", [0, 100])
def test_mqtt_3_14_0_1_neither_a_take_over_nor_the_end_of_the_broker_is_told_before_connack(
    session_expiry_interval: int,
) -> None:
    play = BrokerPlay()
    asked = ConnectPacket("one", clean_start=False, session_expiry_interval=session_expiry_interval)
    play.commits = False
    first = play.client().send(asked)
    second = play.client().send(asked)
    third = play.client(GUARDED).send(ConnectPacket("two", authentication_method=SAT))
    play.broker.shut_down(play.now)
    play.commit()
    for client in (first, second, third):
        kinds = [type(each).__name__ for each in client.said()]
        assert kinds in ([], ["ConnAckPacket"], ["ConnAckPacket", "DisconnectPacket"]), kinds
        assert client.connection.wants_close


@pytest.mark.parametrize("first_byte", [0xE1, 0xE2, 0xE4, 0xE8])
def test_mqtt_3_14_1_1_reserved_bits_of_disconnect_are_malformed(first_byte: int) -> None:
    BrokerPlay().connect().send(bytes((first_byte, 0))).expect_closed(0x81)
    assert BrokerPlay().connect_3_1_1().send(bytes((first_byte, 0))).expect_bytes().connection.wants_close


def test_mqtt_3_14_2_1_an_unknown_reason_code_is_malformed() -> None:
    BrokerPlay().connect().send(b"\xe0\x01\x01").expect_closed(0x81)


def test_mqtt_3_14_2_1_each_end_by_the_server_has_its_reason_code() -> None:
    play = BrokerPlay(BrokerLimits(receive_maximum=1, packet_bytes_max=100))
    play.connect("a", keep_alive=10)
    late = play.connect("late", keep_alive=10)
    play.advance(14)
    late.expect()
    play.advance(2)
    late.expect_bytes(b"\xe0\x01\x8d")
    taken = play.connect("taken")
    play.connect("taken")
    taken.expect_bytes(b"\xe0\x01\x8e")
    two = publish("x", qos=2, packet_id=1).write() + publish("x", qos=2, packet_id=2).write()
    flooding = play.connect("flooding").send(two)
    assert flooding.raw().endswith(b"\xe0\x01\x93")
    play.connect("large").send(publish("x", b"x" * 100)).expect_bytes(b"\xe0\x01\x95")
    last = play.connect("last")
    play.broker.shut_down(play.now)
    last.expect_bytes(b"\xe0\x01\x8b")


def test_mqtt_3_14_2_2_a_servers_disconnect_has_no_session_expiry_interval() -> None:
    """Nor a Reason String or user properties, which could make it too large [MQTT-3.14.2-3] [MQTT-3.14.2-4]."""
    client = BrokerPlay().connect("one", session_expiry_interval=100).send(PingRespPacket())
    client.expect_bytes(b"\xe0\x01\x82")


def test_section_3_14_2_2_2_disconnect_may_change_the_expiry() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 0).send(disconnect(0, 10)).cut()
    play.advance(9)
    assert play.connect("one", clean_start=False, session_expiry_interval=100).connack is not None
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=10).send(disconnect(0, 100)).cut()
    play.advance(99)
    again = play.connect("one", clean_start=False, session_expiry_interval=10)
    assert again.connack is not None and again.connack.session_present
    again.send(disconnect(0, 0)).cut()
    last = play.connect("one", clean_start=False)
    assert last.connack is not None and not last.connack.session_present


def test_section_3_14_2_2_2_disconnect_may_not_begin_a_session_that_connect_did_not_ask_for() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    client = play.connect("one", will=Will("will", payload=b"w")).send(disconnect(0, 10))
    client.expect_closed(0x82)
    watcher.expect(publish("will", b"w"))
    again = play.connect("one", clean_start=False)
    assert again.connack is not None and not again.connack.session_present
    again.send(disconnect(0, 0)).expect_closed()


def test_section_3_14_2_2_2_what_the_server_shortened_to_0_was_asked_for() -> None:
    play = BrokerPlay(BrokerLimits(session_expiry_seconds_max=0))
    play.connect("one", session_expiry_interval=100).send(disconnect(0, 10)).expect_closed()


def test_mqtt_3_14_4_1_nothing_is_sent_after_disconnect() -> None:
    play = BrokerPlay()
    play.connect("away", session_expiry_interval=100).subscribe("a", 1).leave()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 1)
    play.commits = False
    client.send(publish("a", b"1", qos=1, packet_id=1), PingRespPacket(), PingReqPacket())
    *_, last = client.said()
    assert str(last) == str(disconnect(0x82))
    play.commit()
    play.connect("publisher").send(publish("a", b"2", qos=1, packet_id=1))
    play.commit()
    client.send(PingReqPacket()).expect()


def test_mqtt_3_14_4_1_nothing_is_sent_to_or_taken_from_a_client_that_has_said_disconnect() -> None:
    play = BrokerPlay()
    other = play.connect("other").subscribe("a", 0)
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 1)
    client.send(disconnect(), publish("a", b"late"), PingReqPacket()).expect()
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1))
    client.send(PingReqPacket()).expect()
    other.expect(publish("a", b"x"))


def test_mqtt_3_14_4_2_the_connection_is_closed_after_disconnect() -> None:
    for packet in (disconnect(), disconnect(4), disconnect(0x81), PingRespPacket()):
        assert BrokerPlay().connect().send(packet).connection.wants_close
    old = BrokerPlay().connect_3_1_1().send(b"\xe0\x00").expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_14_4_3_disconnect_0x00_discards_the_will() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    for client_id, expiry in (("one", 0), ("two", 100)):
        play.connect(client_id, will=Will("will", payload=b"w"), session_expiry_interval=expiry).leave()
    old = raw_packet(0x10, text("MQTT") + b"\x04\x06\x00\x00" + text("old") + text("will") + text("w"))
    play.client().send(old, b"\xe0\x00").cut()
    play.advance(200)
    watcher.expect()


@pytest.mark.parametrize("reason_code", [0x04, 0x80, 0x81, 0x82, 0x83, 0x93, 0x95, 0x97])
def test_section_3_14_2_1_any_other_disconnect_has_the_will_sent(reason_code: int) -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    client = play.connect("one", will=Will("will", payload=b"w")).send(disconnect(reason_code))
    client.expect_closed()
    client.cut()
    watcher.expect(publish("will", b"w"))


@pytest.mark.parametrize(
    ("delay", "expiry", "sent_after"), [(0, 100, 0), (10, 100, 10), (100, 10, 10), (10, 0, 0), (10, 0xFFFF_FFFF, 10)]
)
def test_section_3_14_2_1_disconnect_0x04_sends_the_will_when_its_delay_or_the_session_ends(
    delay: int, expiry: int, sent_after: int
) -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    will = Will("will", payload=b"w", will_delay_interval=delay)
    play.connect("one", will=will, session_expiry_interval=expiry).send(disconnect(4)).cut()
    if sent_after:
        play.advance(sent_after - 1)
        watcher.expect()
        play.advance(1)
    watcher.expect(publish("will", b"w"))
    play.advance(200)
    watcher.expect()


def test_section_3_14_2_1_an_expiry_of_disconnect_0x04_counts_for_the_will_delay() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    will = Will("will", payload=b"w", will_delay_interval=50)
    play.connect("one", will=will, session_expiry_interval=100).send(disconnect(4, 20)).cut()
    play.advance(19)
    watcher.expect()
    play.advance(1)
    watcher.expect(publish("will", b"w"))


@pytest.mark.parametrize("first_byte", [0xF1, 0xF2, 0xF4, 0xF8])
def test_mqtt_3_15_1_1_the_flags_of_auth(first_byte: int) -> None:
    _, client = authenticated()
    client.send(bytes((first_byte,)) + auth_bytes(0x19)[1:]).expect_closed(0x81)


def test_mqtt_3_15_2_1_the_reason_codes_of_auth_from_a_client() -> None:
    for data, expected in ((auth_bytes(0x01), 0x81), (auth_bytes(0x00), 0x82), (b"\xf0\x00", 0x82)):
        _, client = authenticated()
        client.send(data).expect_closed(expected)


def test_mqtt_3_15_2_1_the_reason_codes_of_auth_from_the_server() -> None:
    """Neither has a Reason String or user properties [MQTT-3.15.2-2] [MQTT-3.15.2-3]."""
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT))
    play.decide(Challenge(b"more"))
    client.expect_bytes(auth_bytes(0x18, SAT, b"\x16\x00\x04more"))
    client.send(auth_bytes(0x18))
    play.decide(Accepted(Identity("one", "s")))
    client.said()
    client.send(auth_bytes(0x19))
    play.decide(Accepted(Identity("one", "s")))
    client.expect_bytes(auth_bytes(0x00))


def test_section_3_15_auth_is_no_packet_of_mqtt_3_1_1() -> None:
    old = BrokerPlay().connect_3_1_1().send(auth_bytes(0x19)).expect_bytes()
    assert old.connection.wants_close


def test_section_3_15_2_2_2_an_auth_without_a_method_is_a_protocol_error() -> None:
    _, client = authenticated()
    client.send(auth_bytes(0x19, None)).expect_closed(0x82)
