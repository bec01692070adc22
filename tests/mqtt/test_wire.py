"""Both ways of speaking to a client."""

import mqtt5
import pytest

from tidegate.message import Message
from tidegate.mqtt.wire import Wire


def is_of_disconnect(reason_code: int) -> bool:
    try:
        mqtt5.DisconnectReasonCode(reason_code)
    except ValueError:
        return False
    return True


def read(data: bytes) -> mqtt5.Packet:
    packet, length = mqtt5.read(memoryview(data))
    assert length == len(data)
    return packet


def test_version_5() -> None:
    wire = Wire.V5
    assert str(read(wire.puback(3, 0x87))) == str(
        mqtt5.PubAckPacket(3, reason_code=mqtt5.PubAckReasonCode.NOT_AUTHORIZED)
    )
    assert str(read(wire.pubrel(3, 0x92))) == str(
        mqtt5.PubRelPacket(3, reason_code=mqtt5.PubRelReasonCode.PACKET_ID_NOT_FOUND)
    )
    suback, unsuback = read(wire.suback(3, [1, 0x8F], None)), read(wire.unsuback(3, [0x11]))
    assert isinstance(suback, mqtt5.SubAckPacket) and [int(code) for code in suback.reason_codes] == [1, 0x8F]
    assert isinstance(unsuback, mqtt5.UnsubAckPacket) and [int(code) for code in unsuback.reason_codes] == [0x11]
    goodbye = wire.disconnect(0x8E)
    assert goodbye is not None and isinstance(read(goodbye), mqtt5.DisconnectPacket)
    assert isinstance(read(wire.auth(0x18, "m", b"x")), mqtt5.AuthPacket)
    assert wire.refusal(0x87) == b"\x20\x03\x00\x87\x00"
    assert wire.refusal(0x8B) == b"\x20\x03\x00\x88\x00"
    assert isinstance(read(wire.publish(Message("a", b"x"), 1, False, 3)), mqtt5.PublishPacket)


@pytest.mark.parametrize("wire", list(Wire))
@pytest.mark.parametrize("reason_code", [code for code in range(0x80, 0xA3) if is_of_disconnect(code)])
def test_whatever_ends_a_connection_can_be_said_before_it_is_accepted(wire: Wire, reason_code: int) -> None:
    refusal = wire.refusal(reason_code)
    assert refusal is None or refusal[0] == 0x20


def test_version_3_1_1_has_no_words_for_most_of_it() -> None:
    wire = Wire.V3
    assert wire.puback(3, 0x87) == b"\x40\x02\x00\x03"
    assert wire.pubrec(3, 0x87) == b"\x50\x02\x00\x03"
    assert wire.pubcomp(3, 0x92) == b"\x70\x02\x00\x03"
    assert wire.pubrel(3, 0x92) == b"\x62\x02\x00\x03"
    assert wire.unsuback(3, [0x11]) == b"\xb0\x02\x00\x03"
    assert wire.disconnect(0x8E) is None
    assert wire.refusal(0x87) == b"\x20\x02\x00\x05"
    assert wire.refusal(0x81) is None
    assert wire.publish(Message("a", b"x", 2), 1, True, 3, 60, (5,)) == b"\x33\x06\x00\x01a\x00\x03x"
