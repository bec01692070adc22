"""What a server announced in CONNACK (section 3.2.2.3).

Knows the limits and their defaults. Does not know what follows from them.
"""

from dataclasses import dataclass

from tidegate.mqtt.client_settings import ClientSettings
from tidegate.mqtt.packets import ConnAckPacket

__all__ = ["ServerLimits", "server_limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """What the server announced in CONNACK (section 3.2.2.3); units are in the names."""

    receive_maximum: int = 65_535
    maximum_qos: int = 2
    retain_available: bool = True
    packet_bytes_max: int | None = None
    topic_alias_maximum: int = 0
    wildcard_subscription_available: bool = True
    shared_subscription_available: bool = True
    session_expiry_seconds: int = 0
    keep_alive_seconds: int = 0


def server_limits(packet: ConnAckPacket, settings: ClientSettings) -> ServerLimits:
    """Return the limits of a CONNACK; where it is silent, what we asked in CONNECT or the standard's default holds."""
    expiry = packet.session_expiry_interval
    keep_alive = packet.server_keep_alive
    return ServerLimits(
        receive_maximum=packet.receive_max,
        maximum_qos=int(packet.max_qos),
        retain_available=packet.retain_available,
        packet_bytes_max=packet.max_packet_size,
        topic_alias_maximum=packet.topic_alias_max,
        wildcard_subscription_available=packet.wildcard_subscription_available,
        shared_subscription_available=packet.shared_subscription_available,
        session_expiry_seconds=settings.session_expiry_seconds if expiry is None else expiry,
        keep_alive_seconds=settings.keep_alive_seconds if keep_alive is None else keep_alive,
    )
