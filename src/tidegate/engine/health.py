"""Health of one running flow in the states and reason codes of facts 8.2.

Knows which event makes a flow degraded or unavailable, and what mends it. Does not know clocks or who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tidegate.flow.events import (
    ConnectionEnded,
    ConnectionOpened,
    CredentialRenewed,
    FlowRefused,
    MessageHeld,
    PromiseWeakened,
    RelayEvent,
    Side,
    Stalled,
    StallEnded,
    StallSuspected,
)
from tidegate.flow.plan import FlowPlan
from tidegate.flow.policy import SUBSCRIBE_RETRY
from tidegate.telemetry.credential_events import CredentialExpiring, CredentialRefused, CredentialsChanged
from tidegate.telemetry.dataset_events import ENRICH_FAILED, DatasetEvent, DatasetLoaded, DatasetRefused, DatasetsLost
from tidegate.telemetry.events import (
    ConnectionsCutShort,
    DialFailed,
    EngineEvent,
    FlowHalted,
    connection_remedy,
    line_of,
)
from tidegate.telemetry.line import CONFIGURATION_ERROR, CONNECTION_FAILED
from tidegate.telemetry.status import DataflowHealth, FlowStatus, Health

__all__ = ["FlowHealth", "Verdict", "dataflow_health"]

SUBSCRIPTION_FAILED = "DataflowMqttSourceSubscriptionFailed"

# Worst last. A flow of which nothing is known yet is worse than one that moves messages with a flaw.
_ORDER: tuple[Health, ...] = ("Available", "Degraded", "Unknown", "Unavailable")


class Verdict(NamedTuple):
    """How a flow is, the reason code of facts 8.2 where it is not well, and a sentence for people."""

    health: Health
    reason_code: str | None
    message: str


WELL = Verdict("Available", None, "messages flow")


@dataclass(slots=True)
class _SideHealth:
    """What is wrong with one side; None is nothing.

    `failure` lasts until the side is up, `weakness` until it connects again, `credential` until a new one is used,
    `cut_short` until a connection lives. `is_open` is that the server has accepted the connection.
    """

    failure: Verdict | None = None
    weakness: Verdict | None = None
    credential: Verdict | None = None
    cut_short: Verdict | None = None
    expiring: Verdict | None = None
    is_open: bool = False
    is_refused: bool = False


class _DatasetHealth:
    """What is wrong with a flow's data sets: it does not run before all are loaded, and is Degraded by what comes later."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._unloaded = set(keys)
        self._problems: dict[str | None, str] = {}
        """By key, None for the store."""

    def handle(self, event: DatasetEvent) -> None:
        """Take note of an event."""
        if isinstance(event, DatasetLoaded):
            self._unloaded.discard(event.key)
            self._problems.pop(event.key, None)
        elif isinstance(event, DatasetRefused):
            self._problems[event.key] = _with_hint(line_of(event).text, event.hint)
        elif isinstance(event, DatasetsLost):
            self._problems[None] = _with_hint(line_of(event).text, event.hint)
        else:
            self._problems.pop(None, None)

    def findings(self) -> list[Verdict]:
        """Return what there is to say."""
        if not self._problems and self._unloaded:
            return [Verdict("Unknown", None, f"reading the data sets {', '.join(sorted(self._unloaded))}")]
        return [
            Verdict("Unavailable" if self._is_in_the_way(key) else "Degraded", ENRICH_FAILED, text)
            for key, text in self._problems.items()
        ]

    def _is_in_the_way(self, key: str | None) -> bool:
        """Tell whether the flow waits for a key, or for any where the store is meant."""
        return bool(self._unloaded) if key is None else key in self._unloaded


class FlowHealth:
    """Follows one flow's events and gives its verdict at any time."""

    def __init__(self, plan: FlowPlan) -> None:
        self._stall_seconds = plan.stall_seconds
        self._declared = _declared_weakness(plan)
        self._sides = {side: _SideHealth() for side in Side}
        self._held: Verdict | None = None
        self._held_delivered = 0
        self._stalls: dict[Side, Verdict] = {}
        self._halted: Verdict | None = None
        self._datasets = _DatasetHealth(() if plan.datasets is None else plan.datasets.keys)

    def handle(self, event: RelayEvent | EngineEvent, delivered: int) -> None:
        """Take note of an event; `delivered` is the flow's counter at that time."""
        if isinstance(event, ConnectionOpened):
            side = self._sides[event.side]
            side.weakness = None
            side.is_open = True
            side.is_refused = False
            if event.side is Side.DESTINATION:
                side.failure = None
        elif isinstance(event, ConnectionEnded):
            self._handle_ended(event)
        elif isinstance(event, FlowRefused):
            side = self._sides[event.side]
            side.failure = Verdict(
                "Unavailable", CONFIGURATION_ERROR[event.side], _with_hint(event.detail, event.remedy)
            )
            side.is_refused = True
        elif isinstance(event, PromiseWeakened):
            message = f"messages may be lost: {event.detail}"
            self._sides[event.side].weakness = Verdict(
                "Degraded", CONFIGURATION_ERROR[event.side], _with_hint(message, event.remedy)
            )
        elif isinstance(event, MessageHeld):
            code = CONNECTION_FAILED[Side.DESTINATION]
            self._held = Verdict("Degraded", code, _with_hint(f"a message is held: {event.detail}", event.remedy))
            self._held_delivered = delivered
        elif isinstance(event, StallSuspected | Stalled):
            message = f"the {event.side.value} has acknowledged nothing for {event.seconds:g} s"
            self._stalls[event.side] = Verdict("Degraded", CONNECTION_FAILED[event.side], message)
        elif isinstance(event, StallEnded):
            self._stalls.pop(event.side, None)
        elif isinstance(event, DialFailed):
            self._sides[event.side].failure = Verdict(
                "Unavailable", CONNECTION_FAILED[event.side], _with_hint(event.detail, event.hint)
            )
        elif isinstance(event, CredentialRefused):
            side = self._sides[event.side]
            code, message = CONFIGURATION_ERROR[event.side], _with_hint(event.detail, event.hint)
            if event.keeps_connection:
                side.credential = Verdict(
                    "Degraded", code, f"the connection goes on with the old credential: {message}"
                )
            else:
                side.failure = Verdict("Unavailable", code, message)
        elif isinstance(event, ConnectionsCutShort):
            line = line_of(event)
            self._sides[event.side].cut_short = Verdict(
                "Degraded", CONNECTION_FAILED[event.side], _with_hint(line.text, line.hint)
            )
        elif isinstance(event, DatasetEvent):
            self._datasets.handle(event)
        elif isinstance(event, CredentialsChanged | CredentialRenewed):
            self._sides[event.side].credential = None
        elif isinstance(event, FlowHalted):
            self._halted = Verdict("Unavailable", CONNECTION_FAILED[event.side], _with_hint(event.detail, event.hint))

    def clear_credential(self, side: Side) -> None:
        """Take note that what is stored is again what the connection uses."""
        self._sides[side].credential = None

    def note_good_connection(self, side: Side) -> None:
        """Take note that a connection has lived long enough."""
        self._sides[side].cut_short = None

    def note_expiring(self, side: Side, event: CredentialExpiring | None) -> None:
        """Take note of what ends soon and is needed, None for nothing."""
        known = self._sides[side]
        if event is None:
            known.expiring = None
            return
        line = line_of(event)
        known.expiring = Verdict("Degraded", CONFIGURATION_ERROR[side], _with_hint(line.text, line.hint))

    def verdict(
        self, source_state: str, destination_state: str, oldest_pending_seconds: float | None, delivered: int
    ) -> Verdict:
        """Judge the flow, given the states of both sides (`Relay.side_state`) and its figures."""
        if self._halted is not None:
            return self._halted
        if self._held is not None and (delivered > self._held_delivered or oldest_pending_seconds is None):
            self._held = None
        findings = self._datasets.findings()
        findings += [finding for finding in (self._held, self._declared, *self._stalls.values()) if finding is not None]
        for side, is_up in (
            (Side.SOURCE, source_state == "subscribed"),
            (Side.DESTINATION, destination_state == "connected"),
        ):
            known = self._sides[side]
            if is_up:
                known.failure = None
            elif known.failure is None and side not in self._stalls:
                findings.append(Verdict("Unknown", None, f"connecting to the {side.value}"))
            flaws = (known.cut_short, known.failure, known.weakness, known.credential, known.expiring)
            findings += [item for item in flaws if item is not None]
        if oldest_pending_seconds is not None and oldest_pending_seconds >= self._stall_seconds / 2:
            message = f"the oldest unacknowledged message is {oldest_pending_seconds:.0f} s old"
            findings.append(Verdict("Degraded", CONNECTION_FAILED[Side.DESTINATION], message))
        return max(findings, key=lambda finding: _ORDER.index(finding.health), default=WELL)

    def _handle_ended(self, event: ConnectionEnded) -> None:
        side = self._sides[event.side]
        was_open, side.is_open = side.is_open, False
        message = _with_hint(event.detail, connection_remedy(event))
        if side.is_refused or event.retry.kind in ("now", "never"):
            return
        if event.side is Side.SOURCE and event.by_us and was_open and event.reason_code in SUBSCRIBE_RETRY:
            side.failure = Verdict("Unavailable", SUBSCRIPTION_FAILED, message)
            return
        # A connection that was good and is being re-made is a flaw; one that cannot be made is a failure.
        was_good = side.failure is None and event.retry.kind == "backoff"
        side.failure = Verdict("Degraded" if was_good else "Unavailable", CONNECTION_FAILED[event.side], message)


def dataflow_health(flows: Sequence[FlowStatus]) -> list[DataflowHealth]:
    """Give each data flow the health of its instances: the worst, and Degraded where only some do not run (facts 8.2)."""
    instances: dict[str, list[FlowStatus]] = {}
    for flow in flows:
        instances.setdefault(flow.name, []).append(flow)
    return [_combine(name, of_one) for name, of_one in instances.items()]


def _combine(name: str, instances: list[FlowStatus]) -> DataflowHealth:
    ordered = sorted(instances, key=lambda flow: _ORDER.index(flow.health))
    best, worst = ordered[0], ordered[-1]
    health, message = worst.health, worst.message
    if worst.health in ("Unavailable", "Unknown") and best.health in ("Available", "Degraded"):
        health, message = "Degraded", f"instance {worst.ordinal}: {worst.message}"
    return DataflowHealth(name=name, health=health, reason_code=worst.reason_code, message=message)


def _declared_weakness(plan: FlowPlan) -> Verdict | None:
    """Say where the plan itself gives the promise up."""
    source = plan.source
    if source.qos == 0:
        setting = "qos: 0"
    elif source.session_expiry_seconds == 0:
        setting = "sessionExpirySeconds: 0"
    else:
        return None
    message = f"messages may be lost: the source endpoint {source.endpoint.name} has {setting}"
    return Verdict("Degraded", CONFIGURATION_ERROR[Side.SOURCE], message)


def _with_hint(message: str, hint: str | None) -> str:
    return message if hint is None else f"{message} (hint: {hint})"
