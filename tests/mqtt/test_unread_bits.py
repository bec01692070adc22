"""Bits that the codec does not look at."""

import pytest
from tests.mqtt.wire import pair, raw_packet, text

from tidegate.exceptions import MalformedPacket
from tidegate.mqtt.unread_bits import check_connect_flags, check_subscription_options

PROPERTIES = b"\x84\x01" + pair("name", "v" * 123)
VALID = 0x2E


@pytest.mark.parametrize("options", [0x40, 0x80, 0xC0])
@pytest.mark.parametrize("properties", [b"\x00", PROPERTIES])
def test_a_reserved_option_of_any_filter_is_found(options: int, properties: bytes) -> None:
    for filters in ((("a", options),), (("a", VALID), ("b", options)), (("a" * 300, options),), (("", options),)):
        body = b"".join(text(name) + bytes((each,)) for name, each in filters)
        valid = b"".join(text(name) + bytes((VALID,)) for name, _ in filters)
        with pytest.raises(MalformedPacket):
            check_subscription_options(memoryview(raw_packet(0x82, b"\x00\x01" + properties + body)))
        check_subscription_options(memoryview(raw_packet(0x82, b"\x00\x01" + properties + valid)))


@pytest.mark.parametrize("flags", [0x01, 0x08, 0x10, 0x20, 0x03])
def test_connect_flags_that_do_not_go_together(flags: int) -> None:
    for client_id in ("c", "c" * 200):
        rest = b"\x00\x3c\x00" + text(client_id)
        with pytest.raises(MalformedPacket):
            check_connect_flags(memoryview(raw_packet(0x10, text("MQTT") + b"\x05" + bytes((flags,)) + rest)))
        check_connect_flags(memoryview(raw_packet(0x10, text("MQTT") + b"\x05\x02" + rest)))
