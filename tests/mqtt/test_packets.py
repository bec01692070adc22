"""The door to the codec: what passes, what is refused, and that only our own errors come out."""

from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mqtt.conversation import codec_panics
from tests.mqtt.wire import connack, connect, pair, publish, raw_packet, text

from tidegate.exceptions import LocalViolation, MalformedPacket, ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt import packets
from tidegate.mqtt.fixed_header import PACKET_BYTES_MAX, packet_bytes
from tidegate.mqtt.packets import (
    AuthPacket,
    ConnAckPacket,
    DisconnectPacket,
    Packet,
    PingRespPacket,
    PubAckPacket,
    PubAckRun,
    PublishPacket,
    PubRelPacket,
    ReceivedPacket,
    SubAckPacket,
    UnsubAckPacket,
    decode,
    encode_publish,
)


def decoded(data: bytes) -> list[Packet]:
    """Decode bytes that are whole packets."""
    found: list[Packet] = []
    assert decode(memoryview(data), found) == len(data)
    return found


def refused(data: bytes) -> str:
    """Return why bytes are no packet."""
    found: list[Packet] = []
    with pytest.raises(MalformedPacket) as caught:
        decode(memoryview(data), found)
    assert found == []
    assert caught.value.reason_code == 0x81
    return str(caught.value)


def test_whole_packets_are_taken_and_an_incomplete_one_is_left() -> None:
    data = publish() + raw_packet(0xD0) + publish(0x32, packet_id=7)
    found: list[Packet] = []
    assert decode(memoryview(data)[:-1], found) == len(publish()) + 2
    assert [type(packet) for packet in found] == [PublishPacket, PingRespPacket]
    assert decode(memoryview(b""), found) == 0


def test_packets_before_a_malformed_one_are_kept() -> None:
    found: list[Packet] = []
    with pytest.raises(MalformedPacket):
        decode(memoryview(publish() + publish(0x36, packet_id=1) + publish()), found)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("flags", "why"),
    [(0x03, "MQTT-3.1.2-3"), (0x0A, "MQTT-3.1.2-11"), (0x12, "MQTT-3.1.2-11"), (0x22, "MQTT-3.1.2-13")],
)
def test_connect_flags_that_do_not_go_together(flags: int, why: str) -> None:
    assert why in refused(connect(flags))


@pytest.mark.parametrize(
    ("data", "reason_code"),
    [
        (connect(properties=2 * b"\x21\x00\x05"), 0x82),
        (connect(properties=b"\x21\x00\x00"), 0x82),
        (connect(properties=b"\x27\x00\x00\x00\x00"), 0x82),
        (connect(properties=b"\x19\x02"), 0x82),
        (publish(properties=2 * b"\x02\x00\x00\x00\x05"), 0x82),
        (publish(properties=b"\x01\x01\x01\x01"), 0x82),
        (publish(topic=""), 0x82),
        (publish(properties=b"\x23\x00\x00"), 0x94),
        (raw_packet(0x82, b"\x00\x01\x02\x0b\x00" + text("a") + b"\x00"), 0x82),
    ],
)
def test_what_parses_and_breaks_a_rule_is_a_protocol_error(data: bytes, reason_code: int) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        decode(memoryview(data), [])
    assert caught.value.reason_code == reason_code


def gathered(data: bytes) -> list[ReceivedPacket]:
    """Decode bytes that are whole packets, PUBACKs in runs."""
    found: list[ReceivedPacket] = []
    assert packets.decode_gathering(memoryview(data), found) == len(data)
    return found


def test_many_plain_pubacks_in_a_row_are_one_run() -> None:
    run = tuple(range(1, packets.PUBACK_RUN_MIN + 1))
    data = packets.encode_puback_run(run)
    others = packets.encode_puback(9, 0x97) + publish()
    assert gathered(data + others) == [PubAckRun(run), *decoded(others)]
    assert decoded(data) == [PubAckPacket(packet_id) for packet_id in run]


def test_a_run_has_an_end() -> None:
    run = tuple(range(1, packets.PUBACK_RUN_MAX + 6))
    found = gathered(packets.encode_puback_run(run))
    assert [len(item.packet_ids) for item in found if isinstance(item, PubAckRun)] == [packets.PUBACK_RUN_MAX, 5]


def test_a_run_ends_before_packet_identifier_0() -> None:
    found: list[ReceivedPacket] = []
    with pytest.raises(MalformedPacket, match="PUBACK with packet identifier 0"):
        packets.decode_gathering(memoryview(packets.encode_puback_run((1, 2, 3, 0, 5))), found)
    assert found == [PubAckRun((1, 2, 3))]


@given(st.lists(st.integers(1, 65_535), max_size=20))
def test_a_run_is_written_as_its_packets_are(packet_ids: list[int]) -> None:
    assert packets.encode_puback_run(packet_ids) == b"".join(PubAckPacket(item).write() for item in packet_ids)


def test_the_empty_auth_that_the_codec_does_not_know() -> None:
    kinds = [type(packet) for packet in decoded(b"\xf0\x00" + publish() + b"\xf0\x00\xf0\x00" + publish())]
    assert kinds == [AuthPacket, PublishPacket, AuthPacket, AuthPacket, PublishPacket]


GAPS_OF_THE_CODEC = {
    "PUBLISH with packet identifier 0 [MQTT-2.2.1-4]": publish(0x32, packet_id=0),
    "PUBLISH with DUP 1 and QoS 0 [MQTT-3.3.1-2]": publish(0x38),
    "PUBACK with packet identifier 0 [MQTT-2.2.1-3]": raw_packet(0x40, b"\0\0"),
    "PUBREL with packet identifier 0 [MQTT-2.2.1-3]": raw_packet(0x62, b"\0\0"),
    "SUBACK with packet identifier 0 [MQTT-2.2.1-3]": raw_packet(0x90, b"\0\0\0\0"),
    "UNSUBACK with packet identifier 0 [MQTT-2.2.1-3]": raw_packet(0xB0, b"\0\0\0\0"),
}


@pytest.mark.parametrize("sentence", GAPS_OF_THE_CODEC)
def test_what_the_codec_lets_pass_and_we_do_not(sentence: str) -> None:
    assert refused(GAPS_OF_THE_CODEC[sentence]) == sentence


@pytest.mark.parametrize("topic", ["a/+", "#", "a+b", "a\0"])
def test_wildcards_and_nul_in_a_topic_name(topic: str) -> None:
    assert refused(publish(topic=topic)) == "PUBLISH with a wildcard or NUL in its topic name [MQTT-3.3.2-2]"


@codec_panics
@pytest.mark.parametrize(
    "data",
    [
        publish(topic=b"a\xff"),
        publish(topic=b"a\xed\xa0\x80"),
        publish(properties=pair(b"\xc0\x80", "b")),
        publish(properties=b"\x03" + text(b"\xff")),
        connack(properties=b"\x1f" + text(b"\xff")),
        raw_packet(0x40, b"\0\1\x80\x04\x1f" + text(b"\xff")),
    ],
)
def test_the_codecs_panic_on_invalid_utf_8_is_a_malformed_packet(
    data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refused(data).endswith(": a string that is not UTF-8")
    capfd.readouterr()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_is_no_fault_of_the_bytes_passes(error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: memoryview) -> tuple[Packet, int]:
        raise error

    monkeypatch.setattr(packets, "read_packet", interrupted)
    with pytest.raises(error):
        decode(memoryview(publish()), [])


def test_a_whole_packet_that_is_too_short_for_the_codec_is_malformed_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ask_for_more(_: memoryview) -> tuple[Packet, int]:
        raise IndexError

    monkeypatch.setattr(packets, "read_packet", ask_for_more)
    assert decode(memoryview(publish()[:-1]), []) == 0
    assert refused(publish()) == "a packet whose fields are longer than itself"


def test_an_unknown_failure_of_the_codec_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: memoryview) -> tuple[Packet, int]:
        raise RuntimeError("a fault of the codec")

    monkeypatch.setattr(packets, "read_packet", fail)
    with pytest.raises(RuntimeError, match="a fault of the codec"):
        decode(memoryview(publish()), [])


@pytest.mark.parametrize(
    "data",
    [
        raw_packet(0x00),
        raw_packet(0x30),
        raw_packet(0x30, b"\0\x0aab") + publish(),
        raw_packet(0x30, text("ab") + b"\x0ax") + publish(),
        raw_packet(0x32, text("a") + b"\0") + publish(),
        raw_packet(0x20, b"\0\0\3\x21\0") + publish(),
        raw_packet(0x40, b"\0"),
        raw_packet(0xD0, b"\0"),
        raw_packet(0xE0, b"\x01"),
        b"\x30\x80\x80\x80\x80\x01",
        b"\x30\x86\x80\x00" + text("a/b") + b"\0",
        publish(properties=b"\x21\0\1"),
        publish(properties=b"\x7f\0"),
    ],
)
def test_malformed_packets(data: bytes) -> None:
    assert refused(data)


@pytest.mark.parametrize(
    "properties",
    [
        b"\x08" + text("a/+"),
        b"\x08" + text("a\0"),
        b"\x08" + text(""),
        b"\x01\x02",
        b"\x03" + text("\1"),
        pair("\0", ""),
    ],
)
def test_what_a_publisher_may_have_smuggled_through_its_server_ends_no_connection(properties: bytes) -> None:
    assert len(decoded(publish(properties=properties))) == 1


def test_a_packet_longer_than_allowed_is_refused_and_those_before_it_are_kept() -> None:
    small, large = publish(payload=b"x" * 10), publish(payload=b"x" * 11)
    found: list[Packet] = []
    with pytest.raises(ProtocolViolation) as caught:
        decode(memoryview(small + large + small), found, len(small))
    assert caught.value.reason_code == 0x95
    assert str(caught.value) == f"a packet of {len(large)} bytes, and the maximum is {len(small)}"
    assert len(found) == 1


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (b"", None),
        (b"\x30", None),
        (b"\x30\x80", None),
        (b"\x30\xff\xff\xff", None),
        (b"\x30\x00", 2),
        (b"\x30\x7f", 129),
        (b"\x30\x80\x01", 131),
        (b"\x30\xff\xff\xff\x7f", PACKET_BYTES_MAX),
    ],
)
def test_the_length_of_a_packet_is_known_from_its_fixed_header(data: bytes, length: int | None) -> None:
    assert packet_bytes(memoryview(data)) == length


def test_a_remaining_length_has_at_most_four_bytes() -> None:
    with pytest.raises(MalformedPacket, match=r"more than four bytes \[MQTT-1.5.5-1\]"):
        packet_bytes(memoryview(b"\x30\x80\x80\x80\x80"))


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "a" * 65_536},
        {"topic": "\ud800"},
        {"topic": ""},
        {"topic": "a/#"},
        {"content_type": "a" * 65_536},
        {"correlation_data": bytes(65_536)},
        {"user_properties": (("a", "\udfff"),)},
    ],
)
def test_a_message_that_cannot_be_encoded(change: dict[str, object]) -> None:
    fields: dict[str, object] = {"topic": "a", "payload": b"", **change}
    message = Message(**fields)  # type: ignore[arg-type]
    with pytest.raises(LocalViolation, match="a message that cannot be encoded: ") as caught:
        encode_publish(message, None, False, message.topic, None)
    assert caught.value.reason_code == 0x95


@codec_panics
def test_a_message_longer_than_mqtt_can_carry(capfd: pytest.CaptureFixture[str]) -> None:
    message = Message("a", bytes(PACKET_BYTES_MAX))
    with pytest.raises(LocalViolation, match="a message longer than an MQTT packet can be"):
        encode_publish(message, None, False, message.topic, None)
    capfd.readouterr()


def test_a_programming_error_in_encoding_is_not_hidden() -> None:
    with pytest.raises(OverflowError):
        encode_publish(Message("a", b"", message_expiry_seconds=-1), None, False, "a", None)


@pytest.mark.parametrize(
    ("encode", "first_byte"),
    [(packets.encode_puback, 0x40), (packets.encode_pubrec, 0x50), (packets.encode_pubcomp, 0x70)],
)
def test_acknowledgements(encode: Callable[..., bytes], first_byte: int) -> None:
    assert encode(0x1234) == bytes([first_byte, 2, 0x12, 0x34])
    refusal = 0x92 if first_byte == 0x70 else 0x97
    assert encode(0x1234, refusal) == bytes([first_byte, 3, 0x12, 0x34, refusal])


def test_disconnect_and_auth() -> None:
    assert packets.encode_disconnect(0) == b"\xe0\x00"
    [disconnect] = decoded(packets.encode_disconnect(0x82, 0))
    assert isinstance(disconnect, DisconnectPacket)
    assert (int(disconnect.reason_code), disconnect.session_expiry_interval) == (0x82, 0)
    [auth] = decoded(packets.encode_auth(0x19, "K8S-SAT", b"token"))
    assert isinstance(auth, AuthPacket)
    assert (int(auth.reason_code), auth.authentication_method, auth.authentication_data) == (0x19, "K8S-SAT", b"token")
    assert packets.PINGREQ == b"\xc0\x00"


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
TOPIC = st.text(st.characters(codec="utf-8", exclude_characters="+#\0"), min_size=1, max_size=20)
MESSAGES = st.builds(
    Message,
    topic=TOPIC,
    payload=st.binary(max_size=200),
    qos=st.sampled_from([0, 1, 2]),
    retain=st.booleans(),
    payload_format_indicator=st.sampled_from([0, 1]),
    message_expiry_seconds=st.none() | st.integers(0, 2**32 - 1),
    content_type=st.none() | TEXT,
    response_topic=st.none() | TOPIC,
    correlation_data=st.none() | st.binary(max_size=20),
    user_properties=st.lists(st.tuples(TEXT, TEXT), max_size=4).map(tuple),
)


@given(MESSAGES, st.integers(1, 65_535), st.booleans(), st.none() | st.integers(1, 65_535))
def test_a_message_comes_back_as_it_was_sent(
    message: Message, packet_id: int, duplicate: bool, topic_alias: int | None
) -> None:
    identifier = packet_id if message.qos else None
    duplicate = duplicate and message.qos > 0
    [packet] = decoded(encode_publish(message, identifier, duplicate, message.topic, topic_alias))
    assert isinstance(packet, PublishPacket)
    assert (packet.packet_id, packet.duplicate, packet.topic_alias) == (identifier, duplicate, topic_alias)
    assert message == Message(
        packet.topic,
        packet.payload,
        int(packet.qos),
        packet.retain,
        packet.payload_format_indicator,
        packet.message_expiry_interval,
        packet.content_type,
        packet.response_topic,
        packet.correlation_data,
        tuple(packet.user_properties),
    )


PACKET_ID = st.integers(1, 65_535)
Code = TypeVar("Code", bound=IntEnum)


def codes(kind: type[Code]) -> st.SearchStrategy[Code]:
    """Return a strategy for the members of an enumeration of the codec, which cannot be iterated over."""
    return st.sampled_from([member for member in vars(kind).values() if isinstance(member, kind)])


PROPERTIES = st.lists(st.tuples(TEXT, TEXT), max_size=3)
SERVER_PACKETS = st.one_of(
    st.builds(
        ConnAckPacket,
        session_present=st.booleans(),
        session_expiry_interval=st.none() | st.integers(0, 2**32 - 1),
        server_keep_alive=st.none() | st.integers(0, 65_535),
        reason_str=st.none() | TEXT,
        receive_max=PACKET_ID,
        topic_alias_max=st.integers(0, 65_535),
        max_qos=codes(packets.QoS),
        retain_available=st.booleans(),
        max_packet_size=st.none() | st.integers(1, 2**32 - 1),
        user_properties=PROPERTIES,
    ),
    st.builds(
        PubAckPacket,
        PACKET_ID,
        reason_code=codes(packets.PubAckReasonCode),
        reason_str=st.none() | TEXT,
        user_properties=PROPERTIES,
    ),
    st.builds(PubRelPacket, PACKET_ID, reason_str=st.none() | TEXT),
    st.builds(
        SubAckPacket,
        PACKET_ID,
        st.lists(codes(packets.SubAckReasonCode), min_size=1, max_size=5),
        reason_str=st.none() | TEXT,
    ),
    st.builds(UnsubAckPacket, PACKET_ID, st.lists(codes(packets.UnsubAckReasonCode), min_size=1, max_size=5)),
    st.just(PingRespPacket()),
    st.builds(DisconnectPacket, reason_code=codes(packets.DisconnectReasonCode), reason_str=st.none() | TEXT),
    st.builds(AuthPacket, reason_code=codes(packets.AuthReasonCode), authentication_method=st.none() | TEXT),
)


@given(st.lists(SERVER_PACKETS, max_size=6))
def test_what_a_server_writes_comes_back_as_it_was_written(written: list[Packet]) -> None:
    assert decoded(b"".join(packet.write() for packet in written)) == written


def test_a_reserved_subscription_option_is_malformed() -> None:
    assert "[MQTT-3.8.3-5]" in refused(raw_packet(0x82, b"\x00\x01\x00" + text("a") + b"\x40"))
    assert decoded(raw_packet(0x82, b"\x00\x01\x00" + text("a") + b"\x2e"))
