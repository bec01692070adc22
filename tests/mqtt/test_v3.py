"""MQTT 3.1.1 on the server's side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.exceptions import MqttError, ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt import v3
from tidegate.mqtt.packets import (
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PubAckPacket,
    PubAckRun,
    PublishPacket,
    ReceivedPacket,
    SubscribePacket,
    UnsubscribePacket,
)

CONNECT = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03one"


def decoded(data: bytes) -> list[ReceivedPacket]:
    packets: list[ReceivedPacket] = []
    assert v3.decode(memoryview(data), packets) == len(data)
    return packets


def test_connect() -> None:
    (packet,) = decoded(CONNECT)
    assert isinstance(packet, ConnectPacket)
    assert (packet.client_id, packet.keep_alive, packet.clean_start) == ("one", 60, True)
    assert packet.session_expiry_interval == 0
    (kept,) = decoded(CONNECT.replace(b"\x04\x02\x00\x3c", b"\x04\x00\x00\x3c"))
    assert isinstance(kept, ConnectPacket) and kept.session_expiry_interval == 0xFFFF_FFFF and not kept.clean_start


def test_connect_with_will_user_and_password() -> None:
    body = b"\x00\x04MQTT\x04\xee\x00\x00\x00\x01c\x00\x01w\x00\x02hi\x00\x01u\x00\x01p"
    (packet,) = decoded(bytes((0x10, len(body))) + body)
    assert isinstance(packet, ConnectPacket) and packet.will is not None
    assert (packet.will.topic, packet.will.payload, int(packet.will.qos), packet.will.retain) == ("w", b"hi", 1, True)
    assert (packet.username, packet.password) == ("u", b"p")


def test_version_3_1() -> None:
    body = b"\x00\x06MQIsdp\x03\x02\x00\x0a\x00\x03old"
    (packet,) = decoded(bytes((0x10, len(body))) + body)
    assert isinstance(packet, ConnectPacket) and packet.client_id == "old"


def test_the_other_packets_of_a_client() -> None:
    data = b"\x82\x0b\x00\x07\x00\x01a\x01\x00\x01b\x02" + b"\xa2\x05\x00\x08\x00\x01a" + b"\xc0\x00" + b"\xe0\x00"
    subscribe, unsubscribe, ping, disconnect = decoded(data.replace(b"\x82\x0b", b"\x82\x0a"))
    assert isinstance(subscribe, SubscribePacket) and isinstance(unsubscribe, UnsubscribePacket)
    assert [(each.pattern, int(each.max_qos)) for each in subscribe.topic_filters] == [("a", 1), ("b", 2)]
    assert unsubscribe.patterns == ["a"]
    assert isinstance(ping, PingReqPacket) and isinstance(disconnect, DisconnectPacket)


def test_pubacks_come_in_runs() -> None:
    data = b"".join(b"\x40\x02" + number.to_bytes(2, "big") for number in range(1, 9))
    assert decoded(data) == [PubAckRun(tuple(range(1, 9)))]
    (single,) = decoded(data[:4])
    assert isinstance(single, PubAckPacket)


@given(st.text("ab/ä", min_size=1, max_size=30), st.binary(max_size=300), st.integers(0, 2), st.booleans())
def test_publish_there_and_back(topic: str, payload: bytes, qos: int, retain: bool) -> None:
    packet_id = 77 if qos else None
    (packet,) = decoded(v3.encode_delivery(Message(topic, payload), qos, retain, packet_id))
    assert isinstance(packet, PublishPacket)
    assert (packet.topic, packet.payload, int(packet.qos), packet.retain) == (topic, payload, qos, retain)
    assert (packet.packet_id, packet.duplicate) == (packet_id, False)


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x02\x00\x00",
        b"\x30\x05\x00\x03a/+",
        b"\x36\x05\x00\x01a\x00\x01",
        b"\x38\x03\x00\x01a",
        b"\x32\x05\x00\x01a\x00\x00",
        b"\x80\x05\x00\x01\x00\x00\x00",
        b"\x82\x06\x00\x01\x00\x01a\x03",
        b"\x20\x02\x00\x00",
        b"\xc1\x00",
        b"\x40\x03\x00\x01\x00",
        b"\x30\x04\x00\x02\xc0\x80",
        CONNECT.replace(b"\x04\x02", b"\x04\x03"),
        CONNECT.replace(b"\x04\x02", b"\x04\x42"),
        CONNECT.replace(b"\x04\x02", b"\x04\x0a"),
        b"\x10\x16\x00\x04MQTT\x04\x06\x00\x3c\x00\x01c\x00\x03a/#\x00\x02hi",
        b"\x82\x08\x00\x01\x00\x03#/a\x00",
        b"\xa2\x07\x00\x01\x00\x03#/a",
        b"\x82\x02\x00\x01",
        b"\xa2\x02\x00\x01",
    ],
)
def test_what_is_malformed(data: bytes) -> None:
    with pytest.raises(MqttError):
        decoded(data)


def test_half_packets_wait_and_large_ones_are_refused() -> None:
    packets: list[ReceivedPacket] = []
    assert v3.decode(memoryview(CONNECT[:-1]), packets) == 0
    assert v3.decode(memoryview(b"\x30"), packets) == 0
    with pytest.raises(ProtocolViolation):
        v3.decode(memoryview(b"\x30\x80\x80\x01"), packets, 1_000)


@given(st.binary(max_size=80))
def test_only_mqtt_errors_come_of_any_bytes(data: bytes) -> None:
    try:
        v3.decode(memoryview(data), [])
    except MqttError:
        pass


def test_what_a_server_says() -> None:
    assert v3.encode_connack(True, 0) == b"\x20\x02\x01\x00"
    assert v3.encode_connack(True, 5) == b"\x20\x02\x00\x05"
    assert v3.encode_suback(7, [0, 2, 0x87]) == b"\x90\x05\x00\x07\x00\x02\x80"
    assert v3.encode_unsuback(7) == b"\xb0\x02\x00\x07"
    codes = {0: 0, 0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5, 0x8C: 5}
    assert {code: v3.connack_return_code(code) for code in codes} == codes
