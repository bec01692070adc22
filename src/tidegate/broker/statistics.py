"""What the broker counts, and the `$SYS` topics that show it.

Knows counts and their topics. Does not know who reads them.
"""

from collections import Counter

__all__ = ["Statistics"]


class Statistics:
    """Counts since the start of the process. `dropped` is by reason."""

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.connections = 0
        self.connections_refused: Counter[int] = Counter()
        self.dropped: Counter[str] = Counter()

    def drop(self, reason: str) -> None:
        """Count a message that one session does not get."""
        self.dropped[reason] += 1

    def topics(
        self,
        *,
        clients_connected: int,
        sessions: int,
        subscriptions: int,
        retained: int,
        queued: int,
        uptime_seconds: float,
    ) -> dict[str, str]:
        """Return the topics under `$SYS/broker/`, by the names that other brokers use, and their values."""
        return {
            "$SYS/broker/uptime": f"{uptime_seconds:.0f} seconds",
            "$SYS/broker/clients/connected": str(clients_connected),
            "$SYS/broker/clients/disconnected": str(sessions - clients_connected),
            "$SYS/broker/clients/total": str(sessions),
            "$SYS/broker/subscriptions/count": str(subscriptions),
            "$SYS/broker/retained messages/count": str(retained),
            "$SYS/broker/store/messages/count": str(queued),
            "$SYS/broker/publish/messages/received": str(self.received),
            "$SYS/broker/publish/messages/sent": str(self.sent),
            "$SYS/broker/publish/messages/dropped": str(sum(self.dropped.values())),
            "$SYS/broker/bytes/received": str(self.bytes_received),
            "$SYS/broker/bytes/sent": str(self.bytes_sent),
        }
