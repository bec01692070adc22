"""Packet identifiers in turn, skipping those in use."""

import pytest

from tidegate.exceptions import LocalViolation
from tidegate.mqtt.packet_ids import PACKET_ID_MAX, PacketIds


def test_identifiers_are_given_in_turn_and_not_reused_at_once() -> None:
    packet_ids = PacketIds()
    assert [packet_ids.allocate() for _ in range(3)] == [1, 2, 3]
    packet_ids.release(2)
    assert packet_ids.allocate() == 4
    assert len(packet_ids) == 3


def test_the_turn_wraps_and_skips_those_in_use() -> None:
    packet_ids = PacketIds()
    for _ in range(PACKET_ID_MAX):
        packet_ids.allocate()
    for packet_id in (2, 3, 65_535):
        packet_ids.release(packet_id)
    assert [packet_ids.allocate() for _ in range(3)] == [2, 3, 65_535]


def test_there_are_no_more_than_all() -> None:
    packet_ids = PacketIds()
    assert {packet_ids.allocate() for _ in range(PACKET_ID_MAX)} == set(range(1, PACKET_ID_MAX + 1))
    with pytest.raises(LocalViolation, match="all packet identifiers are in use"):
        packet_ids.allocate()
    packet_ids.release(40_000)
    assert packet_ids.allocate() == 40_000


def test_releasing_what_is_not_in_use_does_nothing() -> None:
    packet_ids = PacketIds()
    packet_ids.release(7)
    assert len(packet_ids) == 0


def test_what_is_in_flight_is_in_use_as_long_as_it_is() -> None:
    inflight = {1: "a", 2: "b"}
    packet_ids = PacketIds(inflight)
    assert packet_ids.allocate() == 3
    assert len(packet_ids) == 3
    packet_ids.clear()
    del inflight[1]
    assert packet_ids.next_free() == 1


def test_an_identifier_that_was_only_looked_at_is_not_in_use() -> None:
    packet_ids = PacketIds()
    assert packet_ids.next_free() == 1
    assert len(packet_ids) == 0
    packet_ids.take(2)
    assert packet_ids.next_free() == 3
    packet_ids.release(2)
    assert len(packet_ids) == 0
