"""The states of a client's Network Connection, and which packets may come in each.

All transitions live in this table; an absent packet is the error. Does not know what the packets do.
"""

from enum import Enum

from tidegate.mqtt.packets import (
    AuthPacket,
    ConnAckPacket,
    DisconnectPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckRun,
    PublishPacket,
    PubRelPacket,
    ReceivedPacket,
    SubAckPacket,
    UnsubAckPacket,
)

__all__ = ["RECEIVED", "State"]


class State(Enum):
    """The life of a Network Connection, seen from the client."""

    IDLE = "idle"
    """Nothing was sent yet."""
    CONNECTING = "connecting"
    """CONNECT was sent; enhanced authentication happens here (section 4.12)."""
    CONNECTED = "connected"
    """CONNACK 0x00 has come."""
    CLOSING = "closing"
    """The connection is over for us: what still comes is not read."""


# Received packet type to next state. PUBREC and PUBCOMP are absent: this client publishes with QoS 0 and 1 only.
RECEIVED: dict[State, dict[type[ReceivedPacket], State]] = {
    State.IDLE: {},
    State.CONNECTING: {
        AuthPacket: State.CONNECTING,
        ConnAckPacket: State.CONNECTED,
    },
    State.CONNECTED: {
        PublishPacket: State.CONNECTED,
        PubAckPacket: State.CONNECTED,
        PubAckRun: State.CONNECTED,
        PubRelPacket: State.CONNECTED,
        SubAckPacket: State.CONNECTED,
        UnsubAckPacket: State.CONNECTED,
        PingRespPacket: State.CONNECTED,
        AuthPacket: State.CONNECTED,
        DisconnectPacket: State.CLOSING,
    },
    State.CLOSING: {},
}
