"""What a client connection tells its owner."""

import pytest

from tidegate.message import Message
from tidegate.mqtt.events import MessageReceived, PublishSettled


def test_events_compare_by_content_and_do_not_change() -> None:
    event = MessageReceived(Message("a", b""), 1, False)
    assert event == MessageReceived(Message("a", b""), 1, False)
    assert PublishSettled("token", 0, None) != PublishSettled("token", 0x80, None)
    with pytest.raises(AttributeError):
        event.packet_id = 2  # type: ignore[misc]
