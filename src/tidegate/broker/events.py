"""What the broker core tells its host.

Knows what happened and what it asks for. Does not know log lines or sockets.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.broker.identity import Presented

if TYPE_CHECKING:
    from tidegate.broker.connection import Connection

__all__ = [
    "AuthenticationRequested",
    "BrokerEvent",
    "ClientConnected",
    "ClientDisconnected",
    "ClientRefused",
    "QueueWanted",
    "SubscriptionRevoked",
]


@dataclass(frozen=True, slots=True)
class AuthenticationRequested:
    """A client presented something; `Broker.authentication_decided` answers."""

    connection: "Connection"
    presented: Presented


@dataclass(frozen=True, slots=True)
class ClientConnected:
    """A client was let in."""

    client_id: str
    peer: str
    protocol_version: int
    session_present: bool


@dataclass(frozen=True, slots=True)
class ClientRefused:
    """A client was not let in; `detail` is for our log alone."""

    client_id: str
    peer: str
    reason_code: int
    detail: str


@dataclass(frozen=True, slots=True)
class ClientDisconnected:
    """A client that was let in is gone. `reason_code` is that of the DISCONNECT of either side, None without one."""

    client_id: str
    peer: str
    reason_code: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class SubscriptionRevoked:
    """A subscription that its client may not have any more was ended."""

    client_id: str
    topic_filter: str


@dataclass(frozen=True, slots=True)
class QueueWanted:
    """A durable session has sent what it had in memory; `Broker.queue_read` answers with the next messages from disk."""

    session: int
    after_sequence: int
    count: int


BrokerEvent = (
    AuthenticationRequested | ClientConnected | ClientRefused | ClientDisconnected | SubscriptionRevoked | QueueWanted
)
