"""What a relay tells its surroundings, as values. `telemetry/events.py` turns them into log lines and metrics.

Knows what happened and to which side. Does not know how it is shown.
"""

from dataclasses import dataclass
from enum import Enum

from tidegate.flow.policy import Retry

__all__ = [
    "ConnectionEnded",
    "ConnectionOpened",
    "CredentialRenewed",
    "Drained",
    "FlowRefused",
    "MessageDropped",
    "MessageHeld",
    "PromiseWeakened",
    "RelayEvent",
    "SessionLost",
    "Side",
    "StallEnded",
    "StallSuspected",
    "Stalled",
    "SubscriptionsHeld",
]


class Side(Enum):
    """The two connections of a data flow."""

    SOURCE = "source"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """The server accepted the connection (CONNACK 0x00)."""

    side: Side
    session_present: bool


@dataclass(frozen=True, slots=True)
class ConnectionEnded:
    """A Network Connection ended, or was refused; `retry` says how it is tried again.

    `reason_code` is that of the CONNACK, of a DISCONNECT, or of the rule that was broken; None when the socket just closed.
    `by_us` tells who ended it. `remedy` is what to do, where the endpoint's settings tell more than the reason code.
    """

    side: Side
    reason_code: int | None
    detail: str
    retry: Retry
    by_us: bool
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class CredentialRenewed:
    """The server accepted a new credential on the live connection (AUTH 0x00)."""

    side: Side


@dataclass(frozen=True, slots=True)
class SessionLost:
    """The server has no session where one was expected: the source may have lost messages, the destination duplicates."""

    side: Side


@dataclass(frozen=True, slots=True)
class SubscriptionsHeld:
    """The filters that the source session holds now, to be recorded for the next start."""

    topic_filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowRefused:
    """The server lacks what this flow needs, so it does not run; `remedy` says what to change."""

    side: Side
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class PromiseWeakened:
    """The server granted less than was asked (QoS, session expiry): messages may be lost, and the flow is Degraded."""

    side: Side
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MessageDropped:
    """One message ended without being delivered; `reason` is the counter's label."""

    reason: str
    topic: str
    detail: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class MessageHeld:
    """The destination refused a message for now; it and all behind it wait for the next connection."""

    reason_code: int
    detail: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class StallSuspected:
    """Messages have been in flight for half of the stall time without an acknowledgement."""

    side: Side
    seconds: float


@dataclass(frozen=True, slots=True)
class Stalled:
    """No acknowledgement for the whole stall time: the connection is re-made with its session kept."""

    side: Side
    seconds: float
    next_seconds: float


@dataclass(frozen=True, slots=True)
class StallEnded:
    """An acknowledgement came after a suspected stall."""

    side: Side


@dataclass(frozen=True, slots=True)
class Drained:
    """A stopping relay has settled what was pending (`unsettled` 0) or was told to leave it to the source's session."""

    unsettled: int


RelayEvent = (
    ConnectionOpened
    | ConnectionEnded
    | CredentialRenewed
    | SessionLost
    | SubscriptionsHeld
    | FlowRefused
    | PromiseWeakened
    | MessageDropped
    | MessageHeld
    | StallSuspected
    | Stalled
    | StallEnded
    | Drained
)
