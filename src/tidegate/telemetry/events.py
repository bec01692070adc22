"""Every event with its log line and the error code it counts under.

Knows what each event reads like to a person. Does not know loggers, formats or metrics endpoints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.flow.events import (
    ConnectionEnded,
    ConnectionOpened,
    Drained,
    FlowRefused,
    MessageDropped,
    MessageHeld,
    PromiseWeakened,
    RelayEvent,
    SessionLost,
    Side,
    Stalled,
    StallEnded,
    StallSuspected,
    SubscriptionsHeld,
)
from tidegate.flow.policy import CONNECTION_REMEDIES, SUBSCRIBE_REMEDIES, reason_name
from tidegate.telemetry.credential_events import CREDENTIAL_LINES, CredentialEvent
from tidegate.telemetry.dataset_events import DATASET_LINES, DatasetEvent
from tidegate.telemetry.line import CONFIGURATION_ERROR, CONNECTION_FAILED, Line
from tidegate.telemetry.status import NOT_ERRORS

__all__ = [
    "ConnectionsCutShort",
    "DialFailed",
    "DrainEnded",
    "EngineEvent",
    "FlowHalted",
    "FlowStarted",
    "FlowStopped",
    "SessionNotRecorded",
    "connection_remedy",
    "line_of",
]


@dataclass(frozen=True, slots=True)
class DialFailed:
    """A connection could not be made; `next_seconds` is when it is tried again."""

    side: Side
    detail: str
    hint: str | None
    next_seconds: float


@dataclass(frozen=True, slots=True)
class ConnectionsCutShort:
    """The server closed several connections in a row soon after it had accepted them, and gave no reason.

    Some brokers (mosquitto 2.0.11) do that, without 0x8E, when another client takes the session over.
    """

    side: Side
    count: int
    client_id: str


@dataclass(frozen=True, slots=True)
class FlowStarted:
    """A flow begins to run."""


@dataclass(frozen=True, slots=True)
class FlowStopped:
    """A flow runs no more. `session_kept` tells whether its session at the source lives on."""

    session_kept: bool


@dataclass(frozen=True, slots=True)
class FlowHalted:
    """A flow stopped by itself, until an edit or a restart."""

    side: Side
    detail: str
    hint: str


@dataclass(frozen=True, slots=True)
class DrainEnded:
    """The time to drain was over with `pending` messages unsettled; the source broker sends them again."""

    pending: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SessionNotRecorded:
    """The data directory did not take the record of what the source session holds; `detail` is the system's reason."""

    detail: str


EngineEvent = (
    DialFailed
    | CredentialEvent
    | DatasetEvent
    | ConnectionsCutShort
    | FlowStarted
    | FlowStopped
    | FlowHalted
    | DrainEnded
    | SessionNotRecorded
)


def connection_remedy(event: ConnectionEnded) -> str | None:
    """Return what a person can do about the end of a connection, None where its reason names nothing."""
    if event.remedy is not None or event.reason_code is None:
        return event.remedy
    if not event.by_us:
        return CONNECTION_REMEDIES.get(event.reason_code)
    return SUBSCRIBE_REMEDIES.get(event.reason_code) if event.side is Side.SOURCE else None


def _connection_opened(event: ConnectionOpened) -> Line:
    session = "resumed" if event.session_present else "new"
    return Line("info", "=", f"connected to the {event.side.value}", side=event.side, fields={"session": session})


def _connection_ended(event: ConnectionEnded) -> Line:
    code = {} if event.reason_code is None else {"reason": reason_name(event.reason_code)}
    if event.retry.kind == "never" or (event.by_us and event.retry.kind == "now"):
        return Line(
            "info", "x", f"disconnected from the {event.side.value}: {event.detail}", side=event.side, fields=code
        )
    return Line(
        "warning",
        "x",
        f"the {event.side.value} connection ended: {event.detail}",
        connection_remedy(event),
        side=event.side,
        error_code=CONNECTION_FAILED[event.side],
        fields={**code, "retry": event.retry.kind},
    )


def _session_lost(event: SessionLost) -> Line:
    consequence = {
        Side.SOURCE: "messages sent while the flow was away may be lost; subscribing anew",
        Side.DESTINATION: "messages in flight are published anew and may arrive twice",
    }[event.side]
    return Line(
        "warning",
        "!",
        f"the {event.side.value} broker has no session where one was expected: {consequence}",
        "check sessionExpirySeconds of the endpoint and the broker's persistence",
        side=event.side,
        error_code=CONNECTION_FAILED[event.side],
    )


def _subscriptions_held(event: SubscriptionsHeld) -> Line:
    filters = ", ".join(event.topic_filters) or "no filter"
    return Line("info", "=", f"the source session holds {filters}", side=Side.SOURCE)


def _flow_refused(event: FlowRefused) -> Line:
    return Line(
        "error",
        "!",
        f"the flow does not run: {event.detail}",
        event.remedy,
        side=event.side,
        error_code=CONFIGURATION_ERROR[event.side],
    )


def _promise_weakened(event: PromiseWeakened) -> Line:
    return Line(
        "warning",
        "!",
        f"messages may be lost: {event.detail}",
        event.remedy,
        side=event.side,
        error_code=CONFIGURATION_ERROR[event.side],
    )


def _message_dropped(event: MessageDropped) -> Line:
    return Line(
        "warning",
        "!",
        f"dropped a message: {event.detail}",
        event.remedy,
        side=Side.SOURCE if event.reason in NOT_ERRORS else Side.DESTINATION,
        fields={"drop_reason": event.reason, "topic": event.topic},
    )


def _message_held(event: MessageHeld) -> Line:
    return Line(
        "warning",
        "!",
        f"the destination refused a message, which is held: {event.detail}",
        event.remedy,
        side=Side.DESTINATION,
        error_code=CONNECTION_FAILED[Side.DESTINATION],
        fields={"reason": reason_name(event.reason_code)},
    )


def _stall_suspected(event: StallSuspected) -> Line:
    return Line(
        "warning",
        "!",
        f"messages are in flight and the {event.side.value} has acknowledged none for {event.seconds:g} s",
        side=event.side,
    )


def _stalled(event: Stalled) -> Line:
    return Line(
        "warning",
        "!",
        f"the {event.side.value} has acknowledged nothing for {event.seconds:g} s: the connection is re-made with its "
        f"session kept, the next time after {event.next_seconds:g} s",
        side=event.side,
        error_code=CONNECTION_FAILED[event.side],
    )


def _stall_ended(event: StallEnded) -> Line:
    return Line("info", "=", f"the {event.side.value} acknowledges again", side=event.side)


def _drained(event: Drained) -> Line:
    if event.unsettled:
        return Line(
            "warning", "x", f"stopped with {event.unsettled} messages unsettled; the source broker sends them again"
        )
    return Line("debug", "x", "nothing is pending")


def _dial_failed(event: DialFailed) -> Line:
    return Line(
        "warning",
        "!",
        f"cannot connect to the {event.side.value}: {event.detail}",
        event.hint,
        side=event.side,
        error_code=CONNECTION_FAILED[event.side],
        fields={"next_retry_seconds": round(event.next_seconds, 1)},
    )


def _connections_cut_short(event: ConnectionsCutShort) -> Line:
    return Line(
        "warning",
        "!",
        f"the {event.side.value} closed {event.count} connections in a row soon after it accepted them, without a reason",
        f"another client may use the client id {event.client_id}: is the same data flow deployed twice? "
        "give one of them another clientIdPrefix",
        side=event.side,
        error_code=CONNECTION_FAILED[event.side],
    )


def _flow_started(event: FlowStarted) -> Line:
    return Line("info", "=", "started")


def _flow_stopped(event: FlowStopped) -> Line:
    return Line("info", "x", f"stopped, its session {'kept' if event.session_kept else 'ended'}")


def _flow_halted(event: FlowHalted) -> Line:
    return Line(
        "error",
        "!",
        f"the flow has stopped: {event.detail}",
        event.hint,
        side=event.side,
        error_code=CONNECTION_FAILED[event.side],
    )


def _drain_ended(event: DrainEnded) -> Line:
    return Line("warning", "x", f"still {event.pending} messages pending after draining for {event.seconds:g} s")


def _session_not_recorded(event: SessionNotRecorded) -> Line:
    return Line(
        "error",
        "!",
        f"what the source session holds cannot be written down ({event.detail}): after an edit and a restart it may still "
        "hold a topic filter that is declared no more",
        "free space in the data directory, or make it writable",
        side=Side.SOURCE,
    )


# Any: each function takes the one type it stands beside.
_LINES: dict[type, Callable[[Any], Line]] = {
    ConnectionOpened: _connection_opened,
    ConnectionEnded: _connection_ended,
    SessionLost: _session_lost,
    SubscriptionsHeld: _subscriptions_held,
    FlowRefused: _flow_refused,
    PromiseWeakened: _promise_weakened,
    MessageDropped: _message_dropped,
    MessageHeld: _message_held,
    StallSuspected: _stall_suspected,
    Stalled: _stalled,
    StallEnded: _stall_ended,
    Drained: _drained,
    DialFailed: _dial_failed,
    **CREDENTIAL_LINES,
    **DATASET_LINES,
    ConnectionsCutShort: _connections_cut_short,
    FlowStarted: _flow_started,
    FlowStopped: _flow_stopped,
    FlowHalted: _flow_halted,
    DrainEnded: _drain_ended,
    SessionNotRecorded: _session_not_recorded,
}


def line_of(event: RelayEvent | EngineEvent) -> Line:
    """Return how an event is shown."""
    return _LINES[type(event)](event)
