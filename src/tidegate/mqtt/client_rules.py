"""What the codec lets pass and a client must not send.

Knows rules about one packet by itself. Does not know connections or sessions.
"""

from collections.abc import Sequence

from tidegate.exceptions import MalformedPacket, ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt.packets import (
    AuthPacket,
    ConnectPacket,
    DisconnectPacket,
    PubAckPacket,
    PubCompPacket,
    PubRecPacket,
    PubRelPacket,
    SubscribePacket,
    UnsubscribePacket,
)
from tidegate.mqtt.server_settings import ServerSettings
from tidegate.mqtt.topics import SHARE_PREFIX, topic_error

__all__ = [
    "Explained",
    "check_connect",
    "check_explanation",
    "check_message",
    "check_subscribe",
    "check_topic",
    "check_unsubscribe",
    "topic_limit_error",
]

Explained = PubAckPacket | PubRecPacket | PubRelPacket | PubCompPacket | DisconnectPacket | AuthPacket
"""What may have a Reason String, and user properties, and no other string that a server uses."""

TOPIC_NAME_INVALID = 0x90
QUOTA_EXCEEDED = 0x97


def check_connect(packet: ConnectPacket, settings: ServerSettings) -> None:
    """Check a CONNECT.

    Raises:
        MalformedPacket, ProtocolViolation: with the reason code for CONNACK.
    """
    _check_user_properties(packet.user_properties, settings)
    _check_strings(packet.client_id, packet.username, packet.authentication_method)
    if packet.authentication_method is None and packet.authentication_data is not None:
        raise ProtocolViolation("Authentication Data without an Authentication Method (section 3.1.2.11.10)")
    will = packet.will
    if will is not None:
        _check_user_properties(will.user_properties, settings)
        _check_strings(will.topic, will.content_type, will.response_topic)
        error = topic_error(will.topic) or topic_limit_error(will.topic, settings)
        if error is not None:
            raise ProtocolViolation(f"the Will Topic: {error}", TOPIC_NAME_INVALID)
        _check_payload_format(will.payload_format_indicator)
        _check_response_topic(will.response_topic)


def check_message(message: Message, settings: ServerSettings) -> None:
    """Check what a client publishes; its topic name is the one that a topic alias stood for.

    Raises:
        MalformedPacket, ProtocolViolation: with the reason code for DISCONNECT.
    """
    check_topic(message.topic, settings)
    if message.payload_format_indicator:
        _check_payload_format(message.payload_format_indicator)
    if message.content_type is not None:
        _check_strings(message.content_type)
    if message.response_topic is not None:
        _check_strings(message.response_topic)
        _check_response_topic(message.response_topic)
    if message.user_properties:
        _check_user_properties(message.user_properties, settings)


def check_topic(topic: str, settings: ServerSettings) -> None:
    """Check a topic name that a client publishes to against the limits.

    Raises:
        ProtocolViolation: it is beyond one, reason code 0x90.
    """
    if len(topic) * 4 > settings.topic_bytes_max or topic.count("/") >= settings.topic_levels_max:
        error = topic_limit_error(topic, settings)
        if error is not None:
            raise ProtocolViolation(error, TOPIC_NAME_INVALID)


def check_subscribe(packet: SubscribePacket, settings: ServerSettings) -> None:
    """Check a SUBSCRIBE; what is wrong with one filter alone is answered in SUBACK and not looked at here.

    Raises:
        ProtocolViolation: with the reason code for DISCONNECT.
    """
    _check_user_properties(packet.user_properties, settings)
    _check_strings(*(item.pattern for item in packet.topic_filters))
    if not packet.topic_filters:
        raise ProtocolViolation("SUBSCRIBE without a topic filter [MQTT-3.8.3-2]")
    for item in packet.topic_filters:
        if item.no_local and item.pattern.startswith(SHARE_PREFIX):
            raise ProtocolViolation("No Local on a shared subscription [MQTT-3.8.3-4]")


def check_unsubscribe(packet: UnsubscribePacket, settings: ServerSettings) -> None:
    """Check an UNSUBSCRIBE.

    Raises:
        ProtocolViolation: with the reason code for DISCONNECT.
    """
    _check_user_properties(packet.user_properties, settings)
    _check_strings(*packet.patterns)
    if not packet.patterns:
        raise ProtocolViolation("UNSUBSCRIBE without a topic filter [MQTT-3.10.3-2]")


def check_explanation(packet: Explained, settings: ServerSettings) -> None:
    """Check the Reason String and the user properties of a packet that has nothing else to be checked.

    Raises:
        MalformedPacket, ProtocolViolation: with the reason code for DISCONNECT.
    """
    _check_strings(packet.reason_str)
    _check_user_properties(packet.user_properties, settings)


def topic_limit_error(topic: str, settings: ServerSettings) -> str | None:
    """Say which limit of this server a topic name or filter breaks, None when it is within all."""
    if topic.count("/") >= settings.topic_levels_max:
        return f"more than {settings.topic_levels_max} levels"
    length = len(topic.encode())
    if length > settings.topic_bytes_max:
        return f"{length} bytes, and at most {settings.topic_bytes_max} are taken"
    return None


def _check_strings(*strings: str | None) -> None:
    if any(string is not None and "\0" in string for string in strings):
        raise MalformedPacket("a string with NUL [MQTT-1.5.4-2]")


def _check_payload_format(indicator: int) -> None:
    if indicator > 1:
        raise ProtocolViolation(f"Payload Format Indicator {indicator} (section 3.3.2.3.2)")


def _check_response_topic(response_topic: str | None) -> None:
    if response_topic is not None and ("+" in response_topic or "#" in response_topic):
        raise ProtocolViolation("a wildcard in the Response Topic [MQTT-3.3.2-14]")


def _check_user_properties(properties: Sequence[tuple[str, str]], settings: ServerSettings) -> None:
    if len(properties) > settings.user_properties_max:
        raise ProtocolViolation(
            f"{len(properties)} user properties, and at most {settings.user_properties_max} are taken", QUOTA_EXCEEDED
        )
    for name, value in properties:
        _check_strings(name, value)
