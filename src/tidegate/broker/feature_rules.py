"""What a client is told that asks for a part of MQTT that is not offered.

Knows the reason codes. Does not know which parts those are (`features`).
"""

from tidegate.broker.features import BrokerFeatures
from tidegate.exceptions import ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt.packets import (
    AuthPacket,
    ConnectPacket,
    DisconnectPacket,
    PubAckPacket,
    SubscribePacket,
    UnsubscribePacket,
)
from tidegate.mqtt.server import ServerEvent
from tidegate.mqtt.topics import split_share
from tidegate.mqtt.wire import Wire

__all__ = ["check_connect", "check_message", "check_packet"]

IMPLEMENTATION_SPECIFIC_ERROR = 0x83
UNSUPPORTED_PROTOCOL_VERSION = 0x84
RETAIN_NOT_SUPPORTED = 0x9A
QOS_NOT_SUPPORTED = 0x9B
SHARED_NOT_SUPPORTED = 0x9E
SUBSCRIPTION_ID_NOT_SUPPORTED = 0xA1


def check_connect(features: BrokerFeatures, packet: ConnectPacket, wire: Wire) -> None:
    """Raise `ProtocolViolation` for a CONNECT that asks for what is not offered."""
    if wire is Wire.V3 and not features.version_3:
        raise ProtocolViolation("MQTT 3.1.1, and only MQTT 5 is spoken here", UNSUPPORTED_PROTOCOL_VERSION)
    will = packet.will
    if will is not None and int(will.qos) > features.maximum_qos:
        raise ProtocolViolation(f"a will of QoS {int(will.qos)} [MQTT-3.2.2-12]", QOS_NOT_SUPPORTED)
    if will is not None and will.retain and not features.retain:
        raise ProtocolViolation("a will with RETAIN [MQTT-3.2.2-13]", RETAIN_NOT_SUPPORTED)
    _check_user_properties(features, packet)


def check_packet(features: BrokerFeatures, packet: ServerEvent) -> None:
    """Raise `ProtocolViolation` for a packet, neither CONNECT nor PUBLISH, that asks for what is not offered."""
    if isinstance(packet, SubscribePacket):
        if packet.subscription_id is not None and not features.subscription_identifiers:
            raise ProtocolViolation(
                "a Subscription Identifier (section 3.2.2.3.12 of MQTT 5)", SUBSCRIPTION_ID_NOT_SUPPORTED
            )
        is_shared = any(split_share(each.pattern)[0] is not None for each in packet.topic_filters)
        if is_shared and not features.shared_subscriptions:
            raise ProtocolViolation("a shared subscription (section 3.2.2.3.13 of MQTT 5)", SHARED_NOT_SUPPORTED)
    if isinstance(packet, SubscribePacket | UnsubscribePacket | PubAckPacket | AuthPacket | DisconnectPacket):
        _check_user_properties(features, packet)


def check_message(features: BrokerFeatures, message: Message) -> None:
    """Raise `ProtocolViolation` for a PUBLISH that asks for what is not offered."""
    if message.qos > features.maximum_qos:
        raise ProtocolViolation(f"a message of QoS {message.qos} [MQTT-3.2.2-11]", QOS_NOT_SUPPORTED)
    if message.retain and not features.retain:
        raise ProtocolViolation("a message with RETAIN [MQTT-3.2.2-14]", RETAIN_NOT_SUPPORTED)


def _check_user_properties(
    features: BrokerFeatures,
    packet: ConnectPacket | SubscribePacket | UnsubscribePacket | PubAckPacket | AuthPacket | DisconnectPacket,
) -> None:
    if packet.user_properties and not features.user_properties_outside_publish:
        name = type(packet).__name__.removesuffix("Packet").upper()
        raise ProtocolViolation(f"user properties in {name}", IMPLEMENTATION_SPECIFIC_ERROR)
