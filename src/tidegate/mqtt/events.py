"""What a client connection tells its owner.

Knows what happened on the wire, in the owner's terms. Does not know packets.
"""

from dataclasses import dataclass
from typing import Generic, Literal

import msgspec

from tidegate.mqtt.inflight import Token
from tidegate.mqtt.received import MessageReceived
from tidegate.mqtt.server_limits import ServerLimits

__all__ = [
    "AuthenticationContinued",
    "ConnectionAccepted",
    "ConnectionClosing",
    "Event",
    "MessageReceived",
    "PublishReceived",
    "PublishRefused",
    "PublishSettled",
    "PublishesAccepted",
    "Reauthenticated",
    "Subscribed",
    "Unsubscribed",
]


class PublishSettled(msgspec.Struct, Generic[Token], frozen=True, gc=False):
    """The server answered a publish with more than a plain success.

    `reason_code` 0x80 and above is a refusal, final for this packet [MQTT-4.4.0-2].
    """

    token: Token
    reason_code: int
    reason_string: str | None


class PublishesAccepted(msgspec.Struct, Generic[Token], frozen=True, gc=False):
    """The server accepted these publishes (PUBACK 0x00), in the order of its answers."""

    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class PublishReceived(Generic[Token]):
    """The server has a message of QoS 2 (PUBREC below 0x80); PUBREL, which follows, lets it go on to subscribers."""

    token: Token


@dataclass(frozen=True, slots=True)
class PublishRefused(Generic[Token]):
    """A message in flight cannot be resent, for the server's limits have changed; it is no longer in flight."""

    token: Token
    reason_code: int
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionAccepted(Generic[Token]):
    """CONNACK 0x00. `session_lost` says that the server has no session though it had one.

    `unsettled` is what was in flight in a lost session, in order: it is not in flight any more and is the owner's to
    publish anew. With the session present, `resent` messages wait for `resume` to send them again.
    """

    session_present: bool
    session_lost: bool
    limits: ServerLimits
    unsettled: tuple[Token, ...]
    resent: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """SUBACK: for each asked filter the granted QoS, or a failure code of 0x80 and above."""

    results: tuple[tuple[str, int], ...]
    reason_string: str | None


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """UNSUBACK: for each filter the reason code."""

    results: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AuthenticationContinued:
    """The server wants more authentication data (AUTH 0x18) on a live connection."""

    data: bytes | None


@dataclass(frozen=True, slots=True)
class Reauthenticated:
    """The server accepted a re-authentication (AUTH 0x00)."""


@dataclass(frozen=True, slots=True)
class ConnectionClosing:
    """The connection is over; the owner closes the socket once the output is written.

    `cause` is `connack` or `disconnect` where the server said so, `timeout` where it was silent, `violation` where it broke
    a rule. `reason_code` is None where there is none.
    """

    cause: Literal["connack", "disconnect", "timeout", "violation"]
    reason_code: int | None
    detail: str


Event = (
    MessageReceived
    | PublishesAccepted[Token]
    | PublishSettled[Token]
    | PublishReceived[Token]
    | PublishRefused[Token]
    | ConnectionAccepted[Token]
    | Subscribed
    | Unsubscribed
    | AuthenticationContinued
    | Reauthenticated
    | ConnectionClosing
)
