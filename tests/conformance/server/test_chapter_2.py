"""MQTT 5, chapter 2: fixed header, packet identifiers and properties, as a server reads and writes them."""

import mqtt5
import pytest
from mqtt5 import ConnectPacket, PingReqPacket, PublishPacket, UnsubscribePacket
from tests.broker_play import BrokerPlay, puback, pubcomp, publish, pubrec, pubrel, subscribe, subscription
from tests.mqtt import wire
from tests.mqtt.wire import connect, raw_packet, text

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.identity import Challenge

FROM_CLIENTS = {
    "PUBACK": (0x40, b"\0\1"),
    "PUBREC": (0x50, b"\0\1"),
    "PUBREL": (0x62, b"\0\1"),
    "PUBCOMP": (0x70, b"\0\1"),
    "SUBSCRIBE": (0x82, b"\0\1\0\0\1a\0"),
    "UNSUBSCRIBE": (0xA2, b"\0\1\0\0\1a"),
    "PINGREQ": (0xC0, b""),
    "DISCONNECT": (0xE0, b""),
    "AUTH": (0xF0, b"\x18\x00"),
}
IN_3_1_1 = {**FROM_CLIENTS, "SUBSCRIBE": (0x82, b"\0\1\0\1a\0"), "UNSUBSCRIBE": (0xA2, b"\0\1\0\1a")}
del IN_3_1_1["AUTH"]


@pytest.mark.parametrize("name", FROM_CLIENTS)
def test_mqtt_2_1_3_1_other_flags_than_those_listed_are_malformed(name: str) -> None:
    first_byte, body = FROM_CLIENTS[name]
    for flags in range(16):
        if flags != first_byte & 0x0F:
            BrokerPlay().connect().send(raw_packet(first_byte & 0xF0 | flags, body)).expect_closed(0x81)


@pytest.mark.parametrize("name", IN_3_1_1)
def test_in_3_1_1_the_connection_is_closed_for_other_flags_without_a_word(name: str) -> None:
    first_byte, body = IN_3_1_1[name]
    for flags in range(16):
        if flags != first_byte & 0x0F:
            client = BrokerPlay().connect_3_1_1().send(raw_packet(first_byte & 0xF0 | flags, body)).expect_bytes()
            assert client.connection.wants_close


@pytest.mark.parametrize("flags", range(1, 16))
def test_mqtt_2_1_3_1_a_connect_with_flags_is_no_connect(flags: int) -> None:
    client = BrokerPlay().client().send(raw_packet(0x10 | flags, connect()[2:])).expect_bytes()
    assert client.connection.wants_close


def test_mqtt_2_1_3_1_the_servers_own_flags_are_as_listed() -> None:
    play = BrokerPlay()
    connack = play.client().send(ConnectPacket("one")).raw()
    client = play.connect("other").subscribe("a", 2)
    said = {
        "PUBACK": client.send(publish("x", qos=1, packet_id=1)).raw(),
        "PUBREC": client.send(publish("x", qos=2, packet_id=2)).raw(),
        "PUBCOMP": client.send(pubrel(2)).raw(),
        "SUBACK": client.send(subscribe(3, subscription("b"))).raw(),
        "UNSUBACK": client.send(UnsubscribePacket(4, ["b"])).raw(),
        "PINGRESP": client.send(PingReqPacket()).raw(),
    }
    play.connect("publisher").send(publish("a", qos=2, packet_id=1))
    client.raw()
    said["PUBREL"] = client.send(pubrec(1)).raw()
    said["DISCONNECT"] = client.send(b"\0\0").raw()
    guarded = play.client(ListenerPolicy(needs_authentication=True))
    guarded.send(ConnectPacket("two", authentication_method="SCRAM"))
    play.decide(Challenge(b"x"))
    said["AUTH"] = guarded.raw()
    assert connack[0] == 0x20
    assert {name: data[0] for name, data in said.items()} == {
        "PUBACK": 0x40,
        "PUBREC": 0x50,
        "PUBCOMP": 0x70,
        "SUBACK": 0x90,
        "UNSUBACK": 0xB0,
        "PINGRESP": 0xD0,
        "PUBREL": 0x62,
        "DISCONNECT": 0xE0,
        "AUTH": 0xF0,
    }


@pytest.mark.parametrize("first_byte", [0x00, 0x20, 0x90, 0xB0, 0xD0])
def test_what_only_a_server_sends_or_nobody_ends_the_connection(first_byte: int) -> None:
    body = {0x20: b"\0\0\0", 0x90: b"\0\1\0\0", 0xB0: b"\0\1\0\0"}.get(first_byte, b"")
    client = BrokerPlay().connect().send(raw_packet(first_byte, body))
    client.expect_closed(0x81 if first_byte == 0 else 0x82)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(first_byte, body)).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_2_2_1_2_a_publish_of_qos_0_has_no_packet_id() -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a", 0)
    play.connect("publisher").send(publish("a", b"x", qos=2, packet_id=9))
    subscriber.expect_bytes(b"\x30\x05\x00\x01a\x00x")


def test_mqtt_2_2_1_2_what_follows_the_topic_of_qos_0_are_properties() -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a", 0)
    play.connect("publisher").send(b"\x30\x05\x00\x01a\x00x")
    subscriber.expect(publish("a", b"x"))


@pytest.mark.parametrize(
    "data",
    [
        wire.publish(0x32, packet_id=0),
        wire.publish(0x34, packet_id=0),
        raw_packet(0x82, b"\0\0\0\0\1a\0"),
        raw_packet(0xA2, b"\0\0\0\0\1a"),
        raw_packet(0x40, b"\0\0"),
        raw_packet(0x62, b"\0\0"),
    ],
    ids=["QoS 1", "QoS 2", "SUBSCRIBE", "UNSUBSCRIBE", "PUBACK", "PUBREL"],
)
def test_mqtt_2_2_1_3_a_packet_id_of_0_is_malformed(data: bytes) -> None:
    BrokerPlay().connect().send(data).expect_closed(0x81)


def test_mqtt_2_2_1_4_ids_of_the_server_are_never_0_nor_in_use() -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a", 1)
    publisher = play.connect("publisher").send(publish("a", b"kept", qos=1, packet_id=1))
    subscriber.expect(publish("a", b"kept", qos=1, packet_id=1))
    seen: list[int] = []
    for _ in range(132):
        publisher.send(*(publish("a", qos=1, packet_id=number + 1) for number in range(500)))
        publisher.said()
        packet_ids = [packet.packet_id or 0 for packet in subscriber.said() if isinstance(packet, PublishPacket)]
        subscriber.send(*(puback(packet_id) for packet_id in packet_ids))
        seen += packet_ids
    assert len(seen) == 66_000 > 65_535
    assert seen == [2 + index % 65_534 for index in range(66_000)]


def test_mqtt_2_2_1_5_an_answer_has_the_id_of_its_publish() -> None:
    play = BrokerPlay()
    client = play.connect()
    client.subscribe("nothing")
    client.send(publish("nothing/else", qos=1, packet_id=0x1234)).expect_bytes(b"\x40\x03\x12\x34\x10")
    client.send(publish("nothing", qos=2, packet_id=0xFFFF))
    assert mqtt5.PubRecPacket(0xFFFF).write() in client.raw()
    client.send(pubrel(0xFFFF)).expect(pubcomp(0xFFFF))
    client.send(pubrec(1)).expect(pubrel(1))


def test_mqtt_2_2_1_6_suback_and_unsuback_have_the_id_of_what_they_answer() -> None:
    client = BrokerPlay().connect().send(subscribe(0xABCD, subscription("a", 1)))
    client.expect_bytes(b"\x90\x04\xab\xcd\x00\x01")
    client.send(UnsubscribePacket(0xABCE, ["a"])).expect_bytes(b"\xb0\x04\xab\xce\x00\x00")


def test_mqtt_2_2_2_1_no_properties_are_a_property_length_of_0() -> None:
    play = BrokerPlay()
    play.client().send(connect(0x03)).expect_bytes(b"\x20\x03\x00\x81\x00")
    client = play.connect().send(subscribe(1, subscription("a", 0))).expect_bytes(b"\x90\x04\x00\x01\x00\x00")
    client.send(publish("a", b"x")).expect_bytes(b"\x30\x05\x00\x01a\x00x")
    client.send(UnsubscribePacket(2, ["a"])).expect_bytes(b"\xb0\x04\x00\x02\x00\x00")


def test_mqtt_2_2_2_1_without_a_property_length_a_packet_is_malformed() -> None:
    BrokerPlay().client().send(raw_packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c")).expect_refused(0x81)
    BrokerPlay().connect().send(raw_packet(0x30, text("a"))).expect_closed(0x81)
    BrokerPlay().connect().send(raw_packet(0x82, b"\0\1")).expect_closed(0x81)


PROPERTIES = {
    0x01: b"\1",
    0x02: b"\0\0\0\1",
    0x03: b"\0\1x",
    0x08: b"\0\1x",
    0x09: b"\0\1x",
    0x0B: b"\1",
    0x11: b"\0\0\0\1",
    0x12: b"\0\1x",
    0x13: b"\0\1",
    0x15: b"\0\1x",
    0x16: b"\0\1x",
    0x17: b"\1",
    0x18: b"\0\0\0\1",
    0x19: b"\1",
    0x1A: b"\0\1x",
    0x1C: b"\0\1x",
    0x1F: b"\0\1x",
    0x21: b"\0\1",
    0x22: b"\0\1",
    0x23: b"\0\1",
    0x24: b"\1",
    0x25: b"\1",
    0x26: b"\0\1x\0\1x",
    0x27: b"\0\0\1\0",
    0x28: b"\1",
    0x29: b"\1",
    0x2A: b"\1",
}
"""Every property of section 2.2.2.2, with a value that it may have."""

ALLOWED = {
    "CONNECT": {0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27},
    "will": {0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26},
    "PUBLISH": {0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26},
    "PUBACK": {0x1F, 0x26},
    "PUBREC": {0x1F, 0x26},
    "PUBREL": {0x1F, 0x26},
    "PUBCOMP": {0x1F, 0x26},
    "SUBSCRIBE": {0x0B, 0x26},
    "UNSUBSCRIBE": {0x26},
    "DISCONNECT": {0x11, 0x1F, 0x26, 0x1C},
    "AUTH": {0x15, 0x16, 0x1F, 0x26},
}


def packet_with(name: str, properties: bytes) -> bytes:
    """Write a packet with these properties."""
    length = bytes((len(properties),))
    return {
        "CONNECT": connect(properties=properties),
        "will": connect(0x06, payload=text("client") + wire.will(properties=properties)),
        "PUBLISH": wire.publish(properties=properties),
        "SUBSCRIBE": raw_packet(0x82, b"\0\1" + length + properties + b"\0\1a\0"),
        "UNSUBSCRIBE": raw_packet(0xA2, b"\0\1" + length + properties + b"\0\1a"),
        "PUBACK": raw_packet(0x40, b"\0\1\0" + length + properties),
        "PUBREC": raw_packet(0x50, b"\0\1\0" + length + properties),
        "PUBREL": raw_packet(0x62, b"\0\1\0" + length + properties),
        "PUBCOMP": raw_packet(0x70, b"\0\1\0" + length + properties),
        "DISCONNECT": raw_packet(0xE0, b"\0" + length + properties),
        "AUTH": raw_packet(0xF0, b"\x18" + length + properties),
    }[name]


def refused_with(name: str, properties: bytes) -> int:
    """Return the reason code by which the server refuses a packet with these properties."""
    play = BrokerPlay()
    if name in ("CONNECT", "will"):
        client = play.client().send(packet_with(name, properties))
    else:
        client = play.connect().send(packet_with(name, properties))
    (packet,) = client.said()
    assert isinstance(packet, mqtt5.ConnAckPacket | mqtt5.DisconnectPacket)
    assert client.connection.wants_close
    return int(packet.reason_code)


@pytest.mark.parametrize("name", ALLOWED)
def test_a_property_that_is_not_of_the_packet_is_malformed(name: str) -> None:
    """Section 2.2.2.2, and identifiers that no property has."""
    for identifier in (*PROPERTIES.keys() - ALLOWED[name], 0x00, 0x04, 0x2B, 0x7F):
        assert refused_with(name, bytes((identifier,)) + PROPERTIES.get(identifier, b"\1")) == 0x81, hex(identifier)


@pytest.mark.parametrize("name", ALLOWED)
def test_a_property_that_comes_twice_is_a_protocol_error(name: str) -> None:
    """All but user properties (and the subscription identifiers of a PUBLISH, which no client sends)."""
    for identifier in ALLOWED[name] - {0x26, 0x0B if name == "PUBLISH" else 0}:
        assert refused_with(name, 2 * (bytes((identifier,)) + PROPERTIES[identifier])) == 0x82, hex(identifier)


def test_user_properties_may_come_as_often_as_they_like() -> None:
    for name in ALLOWED:
        play = BrokerPlay()
        client = play.client() if name in ("CONNECT", "will") else play.connect()
        client.send(packet_with(name, 2 * (b"\x26" + PROPERTIES[0x26])))
        if name not in ("AUTH", "DISCONNECT", "PUBACK", "PUBCOMP"):
            assert not client.connection.wants_close, name
