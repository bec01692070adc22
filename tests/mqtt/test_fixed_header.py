"""Types and lengths of packets."""

import pytest

from tidegate.exceptions import MalformedPacket
from tidegate.mqtt.fixed_header import PACKET_TYPE_NAMES, packet_bytes, packet_too_large


def test_length() -> None:
    assert packet_bytes(memoryview(b"\x30")) is None
    assert packet_bytes(memoryview(b"\x30\x80")) is None
    assert packet_bytes(memoryview(b"\x30\x05")) == 7
    assert packet_bytes(memoryview(b"\x30\x80\x01")) == 131
    with pytest.raises(MalformedPacket):
        packet_bytes(memoryview(b"\x30\x80\x80\x80\x80"))


def test_names_and_the_error() -> None:
    assert len(PACKET_TYPE_NAMES) == 16
    assert packet_too_large(9, 5).reason_code == 0x95
