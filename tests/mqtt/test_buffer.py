"""Bytes in, whole packets out, bounded."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mqtt.wire import publish, raw_packet

from tidegate.exceptions import MalformedPacket, ProtocolViolation
from tidegate.mqtt.buffer import ReceiveBuffer
from tidegate.mqtt.packets import ReceivedPacket
from tidegate.mqtt.received import MessageReceived


def payloads(packets: list[ReceivedPacket]) -> list[bytes]:
    """Return the payloads of plain PUBLISH packets."""
    assert all(isinstance(packet, MessageReceived) for packet in packets)
    return [packet.message.payload for packet in packets if isinstance(packet, MessageReceived)]


def test_a_read_that_ends_with_a_packet_leaves_nothing() -> None:
    buffer = ReceiveBuffer()
    packets: list[ReceivedPacket] = []
    buffer.feed(publish(payload=b"1") + publish(payload=b"2"), packets)
    assert payloads(packets) == [b"1", b"2"]
    assert len(buffer) == 0


def test_the_rest_of_a_read_waits_for_the_next_one() -> None:
    data = publish(payload=b"1") + publish(payload=b"2") + publish(payload=b"3")
    one = len(publish(payload=b"1"))
    buffer = ReceiveBuffer()
    packets: list[ReceivedPacket] = []
    buffer.feed(data[: one + 1], packets)
    assert len(buffer) == 1
    buffer.feed(data[one + 1 : one + 5], packets)
    assert payloads(packets) == [b"1"]
    assert len(buffer) == 5
    buffer.feed(data[one + 5 :], packets)
    assert payloads(packets) == [b"1", b"2", b"3"]
    assert len(buffer) == 0


@pytest.mark.parametrize("header_bytes", [1, 2, 3])
def test_a_claim_that_is_too_long_is_refused_before_its_bytes_are_kept(header_bytes: int) -> None:
    buffer = ReceiveBuffer(1_000)
    packets: list[ReceivedPacket] = []
    header = b"\x30\xe6\x07"  # A Remaining Length of 998: 1001 bytes in all.
    buffer.feed(header[: header_bytes - 1], packets)
    with pytest.raises(ProtocolViolation) as caught:
        buffer.feed(header[header_bytes - 1 :], packets)
    assert caught.value.reason_code == 0x95
    assert str(caught.value) == "a packet of 1001 bytes, and the maximum is 1000"
    assert len(buffer) < 3


def test_a_packet_of_just_the_maximum_is_taken_whole_and_in_pieces() -> None:
    data = publish(payload=bytes(100))
    for pieces in ([data], [data[:1], data[1:]], [bytes([byte]) for byte in data]):
        buffer = ReceiveBuffer(len(data))
        packets: list[ReceivedPacket] = []
        for piece in pieces:
            buffer.feed(piece, packets)
            assert len(buffer) < len(data)
        assert payloads(packets) == [bytes(100)]


def test_a_whole_packet_that_is_too_long_is_refused_and_those_after_it_are_not_taken() -> None:
    small, large = publish(payload=b"1"), publish(payload=b"22")
    buffer = ReceiveBuffer(len(small))
    packets: list[ReceivedPacket] = []
    with pytest.raises(ProtocolViolation):
        buffer.feed(small + large + small, packets)
    assert payloads(packets) == [b"1"]


def test_packets_before_a_malformed_one_are_taken() -> None:
    packets: list[ReceivedPacket] = []
    with pytest.raises(MalformedPacket):
        ReceiveBuffer().feed(publish(payload=b"1") + raw_packet(0) + publish(payload=b"2"), packets)
    assert payloads(packets) == [b"1"]


def test_a_remaining_length_without_end_is_refused() -> None:
    buffer = ReceiveBuffer()
    packets: list[ReceivedPacket] = []
    with pytest.raises(MalformedPacket):
        for _ in range(6):
            buffer.feed(b"\x30\x80"[-1:] if len(buffer) else b"\x30", packets)
    assert len(buffer) <= 5


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(0, 2_000), max_size=8))
def test_the_packets_are_the_same_however_they_are_split(contents: list[bytes], cuts: list[int]) -> None:
    data = b"".join(publish(payload=content) for content in contents)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    buffer = ReceiveBuffer()
    packets: list[ReceivedPacket] = []
    for start, end in pairwise(edges):
        buffer.feed(data[start:end], packets)
    assert payloads(packets) == contents
    assert len(buffer) == 0
