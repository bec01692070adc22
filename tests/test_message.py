"""The one value that the pipeline moves."""

import pytest

from tidegate.message import PROPERTY_BYTES, Message, message_bytes


def test_a_message_without_properties_has_none() -> None:
    message = Message("plant/line", b"on")
    assert (message.qos, message.retain, message.payload_format_indicator) == (0, False, 0)
    assert message.message_expiry_seconds is None
    assert message.content_type is None
    assert message.response_topic is None
    assert message.correlation_data is None
    assert message.user_properties == ()


def test_messages_compare_by_content_and_do_not_change() -> None:
    message = Message("plant/line", b"on", user_properties=(("unit", "mm"), ("unit", "cm")))
    assert message == Message("plant/line", b"on", user_properties=(("unit", "mm"), ("unit", "cm")))
    assert message != Message("plant/line", b"on", user_properties=(("unit", "cm"), ("unit", "mm")))
    with pytest.raises(AttributeError):
        message.topic = "plant/other"  # type: ignore[misc]


def test_what_a_message_counts_against_a_limit() -> None:
    assert message_bytes(Message("ab", b"123")) == 5
    full = Message(
        "ab",
        b"123",
        content_type="c",
        response_topic="rr",
        correlation_data=b"ddd",
        user_properties=(("", ""), ("name", "v")),
    )
    assert message_bytes(full) == 5 + 1 + 2 + 3 + 2 * PROPERTY_BYTES + 5
