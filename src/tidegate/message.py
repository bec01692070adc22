"""The Application Message, the one value the pipeline moves.

Knows the properties that travel with a message from one broker to another. Does not know packets, packet
ids, topic aliases or subscription identifiers: those belong to one Network Connection [MQTT-3.3.2-6].
"""

import msgspec

__all__ = ["PROPERTY_BYTES", "Message", "message_bytes"]

PROPERTY_BYTES = 150
"""What a user property takes in memory beside its text."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """An Application Message with the MQTT 5 properties that travel.

    `qos` is the QoS it was received or is to be published with (0 to 2). `message_expiry_seconds` is what was
    left of its life when it was received, or None for a message that does not expire.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    payload_format_indicator: int = 0
    message_expiry_seconds: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation_data: bytes | None = None
    user_properties: tuple[tuple[str, str], ...] = ()


def message_bytes(message: Message) -> int:
    """Return what a message counts against a limit in bytes: its payload, its topic and all properties of any length."""
    size = len(message.payload) + len(message.topic)
    if message.user_properties:
        size += sum(PROPERTY_BYTES + len(name) + len(value) for name, value in message.user_properties)
    # Written out, because every message that waits somewhere comes by here.
    if message.content_type is not None:
        size += len(message.content_type)
    if message.response_topic is not None:
        size += len(message.response_topic)
    if message.correlation_data is not None:
        size += len(message.correlation_data)
    return size
