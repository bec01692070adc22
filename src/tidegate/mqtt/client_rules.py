"""What the codec lets pass and a client must not send.

Knows rules about one packet by itself. Does not know connections or sessions.
"""

from tidegate.exceptions import MalformedPacket, ProtocolViolation
from tidegate.mqtt.packets import ConnectPacket, PublishPacket, SubscribePacket, UnsubscribePacket
from tidegate.mqtt.server_settings import ServerSettings
from tidegate.mqtt.topics import SHARE_PREFIX, topic_error

__all__ = ["check_connect", "check_publish", "check_subscribe", "check_unsubscribe", "topic_limit_error"]

TOPIC_NAME_INVALID = 0x90
QUOTA_EXCEEDED = 0x97


def check_connect(packet: ConnectPacket, settings: ServerSettings) -> None:
    """Check a CONNECT.

    Raises:
        MalformedPacket, ProtocolViolation: with the reason code for CONNACK.
    """
    _check_user_properties(len(packet.user_properties), settings)
    if packet.authentication_method is None and packet.authentication_data is not None:
        raise ProtocolViolation("Authentication Data without an Authentication Method (section 3.1.2.11.10)")
    if "\0" in packet.client_id:
        raise MalformedPacket("a client identifier with NUL [MQTT-1.5.4-2]")
    will = packet.will
    if will is not None:
        _check_user_properties(len(will.user_properties), settings)
        error = topic_error(will.topic) or topic_limit_error(will.topic, settings)
        if error is not None:
            raise ProtocolViolation(f"the Will Topic: {error}", TOPIC_NAME_INVALID)
        _check_response_topic(will.response_topic)


def check_publish(packet: PublishPacket, topic: str, settings: ServerSettings) -> None:
    """Check a PUBLISH whose topic alias was resolved to `topic`.

    Raises:
        ProtocolViolation: with the reason code for DISCONNECT.
    """
    if len(topic) * 4 > settings.topic_bytes_max or not topic or topic.count("/") >= settings.topic_levels_max:
        if not topic:
            raise ProtocolViolation("neither a topic name nor a topic alias [MQTT-3.3.2-1]")
        error = topic_limit_error(topic, settings)
        if error is not None:
            raise ProtocolViolation(error, TOPIC_NAME_INVALID)
    if packet.subscription_ids:
        raise ProtocolViolation("a Subscription Identifier from a client [MQTT-3.3.4-6]")
    if packet.response_topic is not None:
        _check_response_topic(packet.response_topic)
    if packet.user_properties:
        _check_user_properties(len(packet.user_properties), settings)


def check_subscribe(packet: SubscribePacket, settings: ServerSettings) -> None:
    """Check a SUBSCRIBE; what is wrong with one filter alone is answered in SUBACK and not looked at here.

    Raises:
        ProtocolViolation: with the reason code for DISCONNECT.
    """
    _check_user_properties(len(packet.user_properties), settings)
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
    _check_user_properties(len(packet.user_properties), settings)
    if not packet.patterns:
        raise ProtocolViolation("UNSUBSCRIBE without a topic filter [MQTT-3.10.3-2]")


def topic_limit_error(topic: str, settings: ServerSettings) -> str | None:
    """Say which limit of this server a topic name or filter breaks, None when it is within all."""
    if topic.count("/") >= settings.topic_levels_max:
        return f"more than {settings.topic_levels_max} levels"
    length = len(topic.encode())
    if length > settings.topic_bytes_max:
        return f"{length} bytes, and at most {settings.topic_bytes_max} are taken"
    return None


def _check_response_topic(response_topic: str | None) -> None:
    if response_topic is not None and ("+" in response_topic or "#" in response_topic):
        raise ProtocolViolation("a wildcard in the Response Topic [MQTT-3.3.2-14]")


def _check_user_properties(count: int, settings: ServerSettings) -> None:
    if count > settings.user_properties_max:
        raise ProtocolViolation(
            f"{count} user properties, and at most {settings.user_properties_max} are taken", QUOTA_EXCEEDED
        )
