"""One message encoded once for many."""

import mqtt5
from hypothesis import given
from hypothesis import strategies as st

from tidegate.broker.image import Image
from tidegate.message import Message
from tidegate.mqtt.wire import Wire


@given(
    st.text("abc/ä", min_size=1, max_size=200),
    st.binary(max_size=300),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from(Wire),
)
def test_the_shared_form_has_the_bytes_of_the_single_one(
    topic: str, payload: bytes, qos: int, retain: bool, wire: Wire
) -> None:
    message = Message(topic, payload, 2)
    shared = Image(message)
    for packet_id in (1, 258, 65_535):
        given_id = packet_id if qos else None
        single = wire.publish(message, qos, retain, given_id)
        assert shared.packet(wire, qos, retain, given_id, None, ()) == single


def test_what_differs_is_encoded_by_itself() -> None:
    image = Image(Message("a", b"x", 1, message_expiry_seconds=9))
    first, _ = mqtt5.read(memoryview(image.packet(Wire.V5, 1, False, 1, 9, (4,))))
    other, _ = mqtt5.read(memoryview(image.packet(Wire.V5, 1, False, 1, 8, ())))
    assert isinstance(first, mqtt5.PublishPacket) and isinstance(other, mqtt5.PublishPacket)
    assert (first.message_expiry_interval, first.subscription_ids) == (9, [4])
    assert (other.message_expiry_interval, other.subscription_ids) == (8, [])
