"""The first bytes of a client."""

import mqtt5
import pytest

from tidegate.exceptions import MqttError
from tidegate.mqtt.opening import Opening
from tidegate.mqtt.wire import Wire

FIVE = mqtt5.ConnectPacket("one").write()
THREE = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03one"
OLD = b"\x10\x11\x00\x06MQIsdp\x03\x02\x00\x0a\x00\x03old"


BRIDGE = THREE.replace(b"MQTT\x04", b"MQTT\x84")


@pytest.mark.parametrize(("data", "wire"), [(FIVE, Wire.V5), (THREE, Wire.V3), (OLD, Wire.V3), (BRIDGE, Wire.V3)])
def test_the_version_is_known_from_the_head_however_it_comes(data: bytes, wire: Wire) -> None:
    assert Opening(1_000).feed(data) == (wire, data)
    opening = Opening(1_000)
    given = b""
    for index in range(len(data)):
        given += data[index : index + 1]
        found = opening.feed(data[index : index + 1])
        if found is not None:
            break
    assert found == (wire, given)


@pytest.mark.parametrize(
    ("data", "reason_code"),
    [
        (b"\x30\x00", 0x82),
        (b"GET / HTTP/1.1", 0x82),
        (b"\x16\x03\x01", 0x82),
        (b"\x10\xff\xff\xff\x7f", 0x95),
        (b"\x10\xff\xff\xff\xff\x01", 0x81),
        (b"\x10\x0a\x00\x04MQTX\x05\x02\x00\x00", 0x81),
        (b"\x10\x06\x00\x04MQTT", 0x81),
        (b"\x10\x05\x00\x04MQT", 0x81),
        (b"\x10\x00", 0x81),
        (FIVE.replace(b"MQTT\x05", b"MQTT\x06"), 0x84),
        (FIVE.replace(b"MQTT\x05", b"MQTT\x85"), 0x84),
        (THREE.replace(b"MQTT\x04", b"MQTT\x03"), 0x84),
    ],
)
def test_promise_08_what_is_no_connect_is_refused_at_once(data: bytes, reason_code: int) -> None:
    with pytest.raises(MqttError) as raised:
        Opening(1_000).feed(data)
    assert raised.value.reason_code == reason_code
