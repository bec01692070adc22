"""What the broker counts, and the `$SYS` topics that show it.

Knows counts and their topics. Does not know who reads them.
"""

from collections import Counter
from dataclasses import dataclass

__all__ = ["Holdings", "QueueLength", "Statistics"]


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How much waits for one session, and how much was sent to it and not acknowledged. `size` is in bytes."""

    client_id: str
    is_connected: bool
    messages: int
    size: int
    inflight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the broker holds now, over all sessions; `*_bytes` with topics and properties. `longest` queue first."""

    clients_connected: int
    sessions: int
    durable_sessions: int
    subscriptions: int
    retained: int
    retained_bytes: int
    queued: int
    queued_bytes: int
    inflight: int
    longest: tuple[QueueLength, ...]


class Statistics:
    """Counts since the start of the process.

    `dropped` is by reason; `connections_refused` by the reason code of CONNACK, and `connections_shut_out` counts those that
    were closed before a word was read: one too many, or of an address with too many failed authentications.
    """

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.connections = 0
        self.connections_refused: Counter[int] = Counter()
        self.connections_shut_out = 0
        self.dropped: Counter[str] = Counter()

    def drop(self, reason: str) -> None:
        """Count a message that one session does not get."""
        self.dropped[reason] += 1

    def topics(self, holdings: Holdings, uptime_seconds: float) -> dict[str, str]:
        """Return the topics under `$SYS/broker/`, by the names that other brokers use, and their values."""
        return {
            "$SYS/broker/uptime": f"{uptime_seconds:.0f} seconds",
            "$SYS/broker/clients/connected": str(holdings.clients_connected),
            "$SYS/broker/clients/disconnected": str(holdings.sessions - holdings.clients_connected),
            "$SYS/broker/clients/total": str(holdings.sessions),
            "$SYS/broker/subscriptions/count": str(holdings.subscriptions),
            "$SYS/broker/retained messages/count": str(holdings.retained),
            "$SYS/broker/store/messages/count": str(holdings.queued),
            "$SYS/broker/publish/messages/received": str(self.received),
            "$SYS/broker/publish/messages/sent": str(self.sent),
            "$SYS/broker/publish/messages/dropped": str(sum(self.dropped.values())),
            "$SYS/broker/bytes/received": str(self.bytes_received),
            "$SYS/broker/bytes/sent": str(self.bytes_sent),
        }
