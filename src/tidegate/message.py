"""The Application Message, the one value the pipeline moves.

Knows the properties that travel with a message from one broker to another. Does not know packets, packet
ids, topic aliases or subscription identifiers: those belong to one Network Connection [MQTT-3.3.2-6].
"""

import msgspec

__all__ = ["Message"]


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
