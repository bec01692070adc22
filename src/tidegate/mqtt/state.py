"""The states of a Network Connection seen from either half, and which packets may come in each.

All transitions live in this table; an absent packet is the error. Does not know what the packets do.
"""

from enum import Enum

from tidegate.mqtt.packets import (
    AuthPacket,
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckRun,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    ReceivedPacket,
    SubAckPacket,
    SubscribePacket,
    UnsubAckPacket,
    UnsubscribePacket,
)
from tidegate.mqtt.received import MessageReceived

__all__ = ["RECEIVED", "RECEIVED_BY_SERVER", "ServerState", "State"]


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


# Received packet type to next state.
RECEIVED: dict[State, dict[type[ReceivedPacket], State]] = {
    State.IDLE: {},
    State.CONNECTING: {
        AuthPacket: State.CONNECTING,
        ConnAckPacket: State.CONNECTED,
    },
    State.CONNECTED: {
        MessageReceived: State.CONNECTED,
        PublishPacket: State.CONNECTED,
        PubAckPacket: State.CONNECTED,
        PubAckRun: State.CONNECTED,
        PubRecPacket: State.CONNECTED,
        PubRelPacket: State.CONNECTED,
        PubCompPacket: State.CONNECTED,
        SubAckPacket: State.CONNECTED,
        UnsubAckPacket: State.CONNECTED,
        PingRespPacket: State.CONNECTED,
        AuthPacket: State.CONNECTED,
        DisconnectPacket: State.CLOSING,
    },
    State.CLOSING: {},
}


class ServerState(Enum):
    """The life of a Network Connection, seen from the server."""

    AWAITING_CONNECT = "awaiting CONNECT"
    """The socket is open and nothing whole has come."""
    AUTHENTICATING = "authenticating"
    """CONNECT has come, CONNACK has not left (section 4.12)."""
    CONNECTED = "connected"
    """CONNACK 0x00 has left."""
    CLOSING = "closing"
    """The connection is over for us: what still comes is not read."""


# What the server decides (CONNACK) changes the state as well; a packet alone does so only where another state stands here.
RECEIVED_BY_SERVER: dict[ServerState, dict[type[ReceivedPacket], ServerState]] = {
    ServerState.AWAITING_CONNECT: {
        ConnectPacket: ServerState.AUTHENTICATING,
    },
    ServerState.AUTHENTICATING: {
        AuthPacket: ServerState.AUTHENTICATING,
        DisconnectPacket: ServerState.CLOSING,
    },
    ServerState.CONNECTED: {
        MessageReceived: ServerState.CONNECTED,
        PublishPacket: ServerState.CONNECTED,
        PubAckPacket: ServerState.CONNECTED,
        PubAckRun: ServerState.CONNECTED,
        PubRecPacket: ServerState.CONNECTED,
        PubRelPacket: ServerState.CONNECTED,
        PubCompPacket: ServerState.CONNECTED,
        SubscribePacket: ServerState.CONNECTED,
        UnsubscribePacket: ServerState.CONNECTED,
        PingReqPacket: ServerState.CONNECTED,
        AuthPacket: ServerState.CONNECTED,
        DisconnectPacket: ServerState.CLOSING,
    },
    ServerState.CLOSING: {},
}
