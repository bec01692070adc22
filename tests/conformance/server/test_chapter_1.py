"""MQTT 5, chapter 1: data representation, as a server reads and writes it."""

import pytest
from mqtt5 import PublishPacket
from tests.broker_play import BrokerPlay, publish
from tests.mqtt import wire
from tests.mqtt.conversation import codec_panics
from tests.mqtt.wire import connect, pair, raw_packet, text, variable_byte_integer, will

from tidegate.mqtt.fixed_header import packet_bytes

REASON_STRING, CONTENT_TYPE, RESPONSE_TOPIC, AUTHENTICATION_METHOD = b"\x1f", b"\x03", b"\x08", b"\x15"
SURROGATE = b"a\xed\xa0\x80"
NUL = b"a\0b"


def in_connect(broken: bytes) -> dict[str, bytes]:
    """Return a CONNECT for each string that it has, in which this is that string."""
    return {
        "client identifier": connect(payload=text(broken)),
        "user name": connect(0x82, payload=text("client") + text(broken)),
        "authentication method": connect(properties=AUTHENTICATION_METHOD + text(broken)),
        "will topic": connect(0x06, payload=text("client") + will(broken)),
        "will content type": connect(0x06, payload=text("client") + will(properties=CONTENT_TYPE + text(broken))),
        "will response topic": connect(0x06, payload=text("client") + will(properties=RESPONSE_TOPIC + text(broken))),
    }


def in_the_others(broken: bytes) -> dict[str, bytes]:
    """Return a packet for each string that a client may send after CONNECT."""
    explained = b"\0\1\0" + variable_byte_integer(3 + len(broken)) + REASON_STRING + text(broken)
    return {
        "topic": wire.publish(topic=broken),
        "content type": wire.publish(properties=CONTENT_TYPE + text(broken)),
        "response topic": wire.publish(properties=RESPONSE_TOPIC + text(broken)),
        "topic filter": raw_packet(0x82, b"\0\1\0" + text(broken) + b"\0"),
        "filter of UNSUBSCRIBE": raw_packet(0xA2, b"\0\1\0" + text(broken)),
        "reason of PUBACK": raw_packet(0x40, explained),
        "reason of PUBREC": raw_packet(0x50, explained),
        "reason of PUBREL": raw_packet(0x62, explained),
        "reason of PUBCOMP": raw_packet(0x70, explained),
        "reason of DISCONNECT": raw_packet(0xE0, b"\0" + explained[3:]),
    }


def pairs_in_all(broken: bytes) -> dict[str, bytes]:
    """Return a packet for each place and both halves of a user property."""
    found: dict[str, bytes] = {}
    for half, properties in (("name", pair(broken, "x")), ("value", pair("x", broken))):
        length = variable_byte_integer(len(properties))
        found[f"{half} in PUBLISH"] = wire.publish(properties=properties)
        found[f"{half} in SUBSCRIBE"] = raw_packet(0x82, b"\0\1" + length + properties + text("a") + b"\0")
        found[f"{half} in UNSUBSCRIBE"] = raw_packet(0xA2, b"\0\1" + length + properties + text("a"))
        found[f"{half} in PUBREL"] = raw_packet(0x62, b"\0\1\0" + length + properties)
        found[f"{half} in DISCONNECT"] = raw_packet(0xE0, b"\0" + length + properties)
    return found


@codec_panics
@pytest.mark.parametrize("broken", [b"\xff", b"\xc0\x80", SURROGATE], ids=["no UTF-8", "overlong", "surrogate"])
def test_mqtt_1_5_4_1_ill_formed_utf_8_is_malformed_in_every_string(broken: bytes) -> None:
    for data in in_connect(broken).values():
        BrokerPlay().client().send(data).expect_refused(0x81)
    for data in in_the_others(broken).values():
        BrokerPlay().connect().send(data).expect_closed(0x81)


@codec_panics
@pytest.mark.parametrize("broken", [b"\xff", SURROGATE, NUL])
def test_in_3_1_1_the_connection_is_closed_for_it_without_a_word(broken: bytes) -> None:
    client = BrokerPlay().client().send(connect(level=4, payload=text(broken))).expect_bytes()
    assert client.connection.wants_close
    for data in (raw_packet(0x30, text(broken)), raw_packet(0x82, b"\0\1" + text(broken) + b"\0")):
        client = BrokerPlay().connect_3_1_1().send(data).expect_bytes()
        assert client.connection.wants_close


def test_mqtt_1_5_4_2_nul_is_malformed_in_every_string() -> None:
    for data in in_connect(NUL).values():
        BrokerPlay().client().send(data).expect_refused(0x81)
    for data in in_the_others(NUL).values():
        BrokerPlay().connect().send(data).expect_closed(0x81)


def test_mqtt_1_5_4_3_a_byte_order_mark_is_a_character_like_others() -> None:
    play = BrokerPlay()
    with_mark = play.connect("with").subscribe("\ufeffa/b")
    without = play.connect("without").subscribe("a/b")
    play.connect("publisher").send(publish("\ufeffa/b", content_type="\ufefftext"))
    with_mark.expect(publish("\ufeffa/b", content_type="\ufefftext"))
    without.expect()


@pytest.mark.parametrize("length", [b"\x84\x00", b"\x84\x80\x00", b"\x84\x80\x80\x00"])
def test_mqtt_1_5_5_1_a_length_in_more_bytes_than_it_needs_is_malformed(length: bytes) -> None:
    BrokerPlay().connect().send(b"\x30" + length + b"\0\1a\0").expect_closed(0x81)
    BrokerPlay().connect().send(raw_packet(0x82, b"\0\1" + length + b"\x26\0\0\0" + text("a") + b"\0")).expect_closed(
        0x81
    )


@pytest.mark.parametrize("payload_bytes", [100, 122, 123, 124, 16_300, 16_378, 16_379, 16_380, 16_381, 20_000])
def test_mqtt_1_5_5_1_the_lengths_of_a_delivery_take_as_few_bytes_as_they_can(payload_bytes: int) -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a")
    play.connect("publisher").send(publish("a", bytes(payload_bytes)))
    data = subscriber.raw()
    assert data[1:-payload_bytes] == variable_byte_integer(4 + payload_bytes) + b"\0\1a\0"
    assert packet_bytes(memoryview(data)) == len(data)


@codec_panics
@pytest.mark.parametrize("broken", [b"\xff", SURROGATE, NUL])
def test_mqtt_1_5_7_1_both_halves_of_a_user_property_are_strings(broken: bytes) -> None:
    for data in pairs_in_all(broken).values():
        BrokerPlay().connect().send(data).expect_closed(0x81)
    for properties in (pair(broken, "x"), pair("x", broken)):
        BrokerPlay().client().send(connect(properties=properties)).expect_refused(0x81)
        with_will = connect(0x06, payload=text("client") + will(properties=properties))
        BrokerPlay().client().send(with_will).expect_refused(0x81)


def test_mqtt_1_5_7_1_whatever_strings_there_are_go_on_as_they_came() -> None:
    """Control characters and non-characters should not be sent (section 1.5.4); a server has no reason to refuse them."""
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("#")
    packet = PublishPacket("tide/\x01", b"", user_properties=[("", ""), ("\uffff", "\U0001f30a")], content_type="\x7f")
    play.connect("publisher").send(packet)
    subscriber.expect(packet)
