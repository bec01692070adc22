"""MQTT 5, sections 3.4 to 3.7: PUBACK, PUBREC, PUBREL and PUBCOMP, as a server sends and takes them."""

import pytest
from tests.broker_play import BrokerPlay, Client, puback, pubcomp, publish, pubrec, pubrel
from tests.mqtt.wire import raw_packet

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule

PUBACK, PUBREC, PUBREL, PUBCOMP = 0x40, 0x50, 0x62, 0x70
SUCCESS_OR_REFUSAL = (0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99)
"""What PUBACK and PUBREC may say."""


def answer(first_byte: int, packet_id: int, reason_code: int) -> bytes:
    return raw_packet(first_byte, packet_id.to_bytes(2) + bytes((reason_code,)))


def with_one_in_flight(qos: int) -> tuple[BrokerPlay, Client, Client]:
    """Return a subscriber that has got packet id 1 and may get no more, and who publishes."""
    play = BrokerPlay()
    subscriber = play.connect("subscriber", receive_max=1).subscribe("a", qos)
    publisher = play.connect("publisher").send(publish("a", b"1", qos=qos, packet_id=1))
    publisher.said()
    subscriber.expect(publish("a", b"1", qos=qos, packet_id=1))
    return play, subscriber, publisher


def test_mqtt_3_4_2_1_puback_says_what_became_of_the_message() -> None:
    rule = AccessRule(client_ids=frozenset({"publisher"}), may_connect=True, publish=("a", "full"))
    play = BrokerPlay(BrokerLimits(queued_messages_max=1))
    play.connect("subscriber").subscribe("a", 1)
    play.connect("away", session_expiry_interval=100).subscribe("full", 1).leave()
    publisher = play.connect("publisher", ListenerPolicy(rules=AccessRules((rule,))))
    publisher.send(publish("a", qos=1, packet_id=1)).expect_bytes(b"\x40\x02\x00\x01")
    publisher.send(publish("b", qos=1, packet_id=2)).expect_bytes(b"\x40\x03\x00\x02\x87")
    publisher.send(publish("full", qos=1, packet_id=3)).expect_bytes(b"\x40\x02\x00\x03")
    publisher.send(publish("full", qos=1, packet_id=4)).expect_bytes(b"\x40\x03\x00\x04\x97")
    other = play.connect("other").send(publish("nobody", qos=1, packet_id=5))
    other.expect_bytes(b"\x40\x03\x00\x05\x10")


@pytest.mark.parametrize("reason_code", SUCCESS_OR_REFUSAL)
def test_mqtt_3_4_2_1_every_reason_code_of_puback_ends_the_delivery(reason_code: int) -> None:
    _, subscriber, publisher = with_one_in_flight(1)
    publisher.send(publish("a", b"2", qos=1, packet_id=2))
    subscriber.send(answer(PUBACK, 1, reason_code)).expect(publish("a", b"2", qos=1, packet_id=2))


@pytest.mark.parametrize("first_byte", [PUBACK, PUBREC, PUBREL, PUBCOMP])
def test_mqtt_3_4_2_1_3_5_2_1_3_6_2_1_3_7_2_1_any_other_reason_code_is_malformed(first_byte: int) -> None:
    BrokerPlay().connect().send(answer(first_byte, 1, 0x01)).expect_closed(0x81)


@pytest.mark.parametrize("first_byte", [PUBREL, PUBCOMP])
def test_mqtt_3_6_2_1_and_3_7_2_1_reason_codes_of_puback_are_none_of_pubrel_or_pubcomp(first_byte: int) -> None:
    BrokerPlay().connect().send(answer(first_byte, 1, 0x87)).expect_closed(0x81)


def test_mqtt_3_5_2_1_pubrec_says_what_became_of_the_message() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1))
    play.connect("subscriber").subscribe("a")
    play.connect("away", session_expiry_interval=100).subscribe("full").leave()
    publisher = play.connect("publisher")
    publisher.send(publish("a", qos=2, packet_id=1)).expect_bytes(b"\x50\x02\x00\x01")
    publisher.send(publish("full", qos=2, packet_id=2)).expect_bytes(b"\x50\x02\x00\x02")
    publisher.send(publish("full", qos=2, packet_id=3)).expect_bytes(b"\x50\x03\x00\x03\x97")
    publisher.send(publish("$SYS/x", qos=2, packet_id=4)).expect_bytes(b"\x50\x03\x00\x04\x87")
    publisher.send(publish("nobody", qos=2, packet_id=5)).expect_bytes(b"\x50\x03\x00\x05\x10")


@pytest.mark.parametrize("reason_code", SUCCESS_OR_REFUSAL)
def test_mqtt_3_5_2_1_a_reason_code_of_pubrec_goes_on_or_ends_the_delivery(reason_code: int) -> None:
    _, subscriber, publisher = with_one_in_flight(2)
    publisher.send(publish("a", b"2", qos=2, packet_id=2))
    subscriber.send(answer(PUBREC, 1, reason_code))
    subscriber.expect(publish("a", b"2", qos=2, packet_id=2) if reason_code >= 0x80 else pubrel(1))


def test_mqtt_3_6_1_1_the_flags_of_pubrel() -> None:
    _, subscriber, _ = with_one_in_flight(2)
    subscriber.send(pubrec(1)).expect_bytes(b"\x62\x02\x00\x01")
    for first_byte in (0x60, 0x61, 0x63, 0x66, 0x6A):
        BrokerPlay().connect().send(raw_packet(first_byte, b"\x00\x01")).expect_closed(0x81)
        old = BrokerPlay().connect_3_1_1().send(raw_packet(first_byte, b"\x00\x01")).expect_bytes()
        assert old.connection.wants_close


def test_mqtt_3_6_2_1_pubrel_for_an_unknown_pubrec_says_0x92() -> None:
    client = BrokerPlay().connect().send(pubrec(9)).expect(pubrel(9, 0x92))
    client.send(pubcomp(9, 0x92)).expect()
    assert not client.connection.wants_close


def test_section_3_6_of_mqtt_3_1_1_pubrel_has_no_reason_code() -> None:
    BrokerPlay().connect_3_1_1().send(pubrec(9)).expect_bytes(b"\x62\x02\x00\x09")


def test_mqtt_3_7_2_1_pubcomp_for_an_unknown_pubrel_says_0x92() -> None:
    client = BrokerPlay().connect().send(pubrel(9)).expect(pubcomp(9, 0x92))
    client.send(publish("a", qos=2, packet_id=9), pubrel(9)).expect(pubrec(9, 0x10), pubcomp(9))
    client.send(pubrel(9)).expect(pubcomp(9, 0x92))
    BrokerPlay().connect_3_1_1().send(pubrel(9)).expect_bytes(b"\x70\x02\x00\x09")


def test_mqtt_3_4_2_2_3_4_2_3_3_5_2_2_3_5_2_3_answers_carry_no_properties_that_could_be_too_large() -> None:
    """For PUBREL [MQTT-3.6.2-2] [MQTT-3.6.2-3] and PUBCOMP [MQTT-3.7.2-2] [MQTT-3.7.2-3] as well."""
    client = BrokerPlay().connect("one", max_packet_size=16)
    client.send(publish("a", qos=1, packet_id=1)).expect_bytes(b"\x40\x03\x00\x01\x10")
    client.send(publish("a", qos=2, packet_id=2)).expect_bytes(b"\x50\x03\x00\x02\x10")
    client.send(pubrec(3)).expect_bytes(b"\x62\x03\x00\x03\x92")
    client.send(pubrel(4)).expect_bytes(b"\x70\x03\x00\x04\x92")


def test_section_3_4_a_puback_for_what_is_not_in_flight_changes_nothing() -> None:
    _, subscriber, publisher = with_one_in_flight(1)
    publisher.send(publish("a", b"2", qos=1, packet_id=2))
    subscriber.send(puback(7), pubcomp(8)).expect()
    assert not subscriber.connection.wants_close
    subscriber.send(puback(1)).expect(publish("a", b"2", qos=1, packet_id=2))


@pytest.mark.parametrize(
    ("qos", "data"),
    [
        (2, puback(1).write()),
        (2, pubcomp(1).write()),
        (2, b"".join(puback(packet_id).write() for packet_id in (1, 2, 3, 4))),
        (1, pubrec(1).write()),
        (1, answer(PUBREC, 1, 0x80)),
        (1, pubcomp(1).write()),
    ],
)
def test_section_4_13_an_acknowledgement_of_the_wrong_kind_is_a_protocol_error(qos: int, data: bytes) -> None:
    """And settles nothing: the message comes again on the next connection."""
    play = BrokerPlay()
    subscriber = play.connect("subscriber", session_expiry_interval=100).subscribe("a")
    play.connect("publisher").send(publish("a", b"1", qos=qos, packet_id=1))
    subscriber.said()
    subscriber.send(data).expect_closed(0x82)
    subscriber.cut()
    again = play.connect("subscriber", clean_start=False, session_expiry_interval=100)
    again.expect(publish("a", b"1", qos=qos, packet_id=1, duplicate=True))


def test_section_4_13_a_pubcomp_before_pubrec_is_a_protocol_error() -> None:
    _, subscriber, _ = with_one_in_flight(2)
    subscriber.send(pubcomp(1)).expect_closed(0x82)
