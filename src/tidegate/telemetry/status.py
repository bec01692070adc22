"""What flows show of themselves, as plain values: the JSON of `/status` and the source of every metric.

Knows shapes, and how figures of several processes are summed. Does not know where the figures come from.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from tidegate.flow.accounting import LATENCY_BUCKETS_SECONDS, Counters
from tidegate.flow.plan import FlowPlan, SidePlan

__all__ = [
    "NOT_ERRORS",
    "BrokerStatus",
    "CredentialKind",
    "CredentialStatus",
    "DataflowHealth",
    "DatasetStatus",
    "EngineStatus",
    "Figures",
    "FlowStatus",
    "Health",
    "PortStatus",
    "QueueStatus",
    "ReloadStatus",
    "SideStatus",
    "iso_time",
]

Health = Literal["Available", "Degraded", "Unavailable", "Unknown"]

CredentialKind = Literal["token", "certificate", "intermediate", "authority"]

NOT_ERRORS = frozenset({"busy", "echo", "joined", "returned", "unsubscribed"})
"""Reasons for which a message is dropped though nothing is wrong with it: it is not wanted here, or comes again."""


class Figures(msgspec.Struct, kw_only=True):
    """The counters of one data flow since its process started.

    `received = delivered + filtered + expired + sum(dropped) + pending` holds together with the flow's `pending`.
    `latency_buckets` counts messages from arrival to acknowledgement, one bucket for each of
    `accounting.LATENCY_BUCKETS_SECONDS` and one above; they are not cumulative.
    """

    received: int = 0
    redelivered: int = 0
    delivered: int = 0
    filtered: int = 0
    expired: int = 0
    dropped: dict[str, int] = {}
    retried: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    latency_buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_SECONDS) + 1))
    latency_sum_seconds: float = 0.0

    def payload_errors(self) -> int:
        """Return how many messages were dropped for something wrong with them (`PayloadError` of facts 8.1)."""
        return sum(count for reason, count in self.dropped.items() if reason not in NOT_ERRORS)

    def add(self, other: "Figures | Counters") -> None:
        """Add the figures of an earlier relay of the same flow, or of another instance."""
        self.received += other.received
        self.redelivered += other.redelivered
        self.delivered += other.delivered
        self.filtered += other.filtered
        self.expired += other.expired
        self.retried += other.retried
        self.bytes_received += other.bytes_received
        self.bytes_sent += other.bytes_sent
        self.latency_sum_seconds += other.latency_sum_seconds
        for reason, count in other.dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count
        for index, count in enumerate(other.latency_buckets):
            self.latency_buckets[index] += count


class CredentialStatus(msgspec.Struct, kw_only=True):
    """Something with an end that a connection authenticates with or trusts. `expires` is RFC 3339 in UTC.

    `kind` is `token`, `certificate`, `intermediate` (sent along with the certificate) or `authority` (trusted).
    """

    kind: CredentialKind
    name: str
    expires: str


class SideStatus(msgspec.Struct, kw_only=True):
    """One connection of a data flow. `since` is when `state` was entered, RFC 3339 in UTC.

    `reconnects` counts connections that ended and were to be re-made, by reason; `errors` counts by `error_code` of
    facts 8.1. `next_retry_seconds` is None when no retry is waiting. `renewals` counts credentials that were renewed on a
    live connection, `credential_expires` is when what is presented ends, RFC 3339 in UTC, None for what does not;
    `credentials` are all that have an end, the soonest first.
    """

    endpoint: str
    service_type: str
    state: str
    connected: bool
    client_id: str
    inflight: int
    reconnects: dict[str, int]
    errors: dict[str, int]
    last_error: str | None
    next_retry_seconds: float | None
    since: str | None
    renewals: int = 0
    credential_expires: str | None = None
    credentials: list[CredentialStatus] = []

    @classmethod
    def idle(cls, plan: SidePlan) -> "SideStatus":
        """Return what a side shows before it was tried."""
        return cls(
            endpoint=plan.endpoint.name,
            service_type=plan.endpoint.service_type,
            state="idle",
            connected=False,
            client_id=plan.client_id,
            inflight=0,
            reconnects={},
            errors={},
            last_error=None,
            next_retry_seconds=None,
            since=None,
        )


class DatasetStatus(msgspec.Struct, kw_only=True):
    """One data set: how many records are used, None before it is loaded, and what is wrong with what its key holds now."""

    key: str
    records: int | None
    problem: str | None


class FlowStatus(msgspec.Struct, kw_only=True):
    """One running copy of a data flow. `since` is when `health` was entered, RFC 3339 in UTC."""

    name: str
    profile: str
    ordinal: int
    health: Health
    reason_code: str | None
    message: str
    since: str | None
    counters: Figures
    pending: int
    oldest_pending_seconds: float | None
    source: SideStatus
    destination: SideStatus
    datasets: list[DatasetStatus] = []

    @classmethod
    def starting(cls, plan: FlowPlan, message: str) -> "FlowStatus":
        """Return what a flow shows before it runs; `message` says what it waits for."""
        return cls(
            name=plan.name,
            profile=plan.profile,
            ordinal=plan.ordinal,
            health="Unknown",
            reason_code=None,
            message=message,
            since=None,
            counters=Figures(),
            pending=0,
            oldest_pending_seconds=None,
            source=SideStatus.idle(plan.source),
            destination=SideStatus.idle(plan.destination),
        )


class DataflowHealth(msgspec.Struct, kw_only=True):
    """The health of a data flow over all its instances (facts 8.2)."""

    name: str
    health: Health
    reason_code: str | None
    message: str


class ReloadStatus(msgspec.Struct, kw_only=True):
    """How the last look at the declared files went. `at` is RFC 3339 in UTC; `errors` are sentences with their places."""

    at: str
    applied: bool
    errors: list[str]


class PortStatus(msgspec.Struct, kw_only=True):
    """A port of the embedded broker. `problem` says why nobody can connect, or why its certificate is not the newest."""

    port: int
    listener: str
    protocol: str
    tls: bool
    listening: bool
    problem: str | None


class QueueStatus(msgspec.Struct, kw_only=True):
    """What waits for one session of the embedded broker, in messages and bytes."""

    client_id: str
    connected: bool
    messages: int
    bytes: int
    inflight: int


class BrokerStatus(msgspec.Struct, kw_only=True):
    """The embedded broker: what it holds now, and what it has counted since the process started.

    `connections_refused` is by reason in the words of the specification, `shut out` beside them; `dropped` is by reason, one
    for each session that did not get a message. `queues` are the longest.
    """

    ports: list[PortStatus]
    clients_connected: int
    sessions: int
    durable_sessions: int
    subscriptions: int
    retained: int
    retained_bytes: int
    queued: int
    queued_bytes: int
    inflight: int
    queues: list[QueueStatus]
    connections: int
    connections_refused: dict[str, int]
    received: int
    sent: int
    bytes_received: int
    bytes_sent: int
    dropped: dict[str, int]


class EngineStatus(msgspec.Struct, kw_only=True):
    """Everything that `/status` and `tidegate status` show. `flows` are instances, `dataflows` what they add up to.

    `broker` is None where no embedded broker runs.
    """

    flows: list[FlowStatus]
    dataflows: list[DataflowHealth]
    last_reload: ReloadStatus
    problems: list[str]
    process_id: int
    version: str
    uptime_seconds: float
    broker: BrokerStatus | None = None


def iso_time(wall: float) -> str:
    """Return seconds since 1970 as RFC 3339 in UTC."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
