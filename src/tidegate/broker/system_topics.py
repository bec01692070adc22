"""The broker's own topics `$SYS`, renewed from time to time.

Knows when they are due and what is counted for them. Does not know who subscribes to them.
"""

from tidegate.broker.deadlines import Deadlines
from tidegate.broker.identity import Identity
from tidegate.broker.intake import Intake
from tidegate.broker.retained import RetainedMessages
from tidegate.broker.router import Router
from tidegate.broker.sessions import Sessions
from tidegate.broker.statistics import Statistics
from tidegate.message import Message
from tidegate.moment import Moment

__all__ = ["SystemTopics"]

NOBODY = Identity("")
"""Who publishes the broker's own topics."""


class SystemTopics:
    """Publishes the statistics every `period_seconds`, and at the same time forgets retained messages that have ended."""

    def __init__(
        self,
        period_seconds: float,
        statistics: Statistics,
        sessions: Sessions,
        router: Router,
        retained: RetainedMessages,
        intake: Intake,
        deadlines: Deadlines,
    ) -> None:
        self._period_seconds = period_seconds
        self._statistics = statistics
        self._sessions = sessions
        self._router = router
        self._retained = retained
        self._intake = intake
        self._deadlines = deadlines
        self._began_at: float | None = None

    def begin(self, now: Moment) -> None:
        """Begin to count the uptime and to publish, unless that has begun already."""
        if self._began_at is None:
            self._began_at = now.monotonic
            self._deadlines.add(now.monotonic + self._period_seconds, self._renew)

    def _renew(self, now: Moment) -> None:
        for topic in self._retained.expired(now.monotonic):
            self._intake.retain(Message(topic, b""), NOBODY, now)
        assert self._began_at is not None, "nothing is due before it has begun"
        sessions = self._sessions.everyone()
        topics = self._statistics.topics(
            clients_connected=sum(session.connection is not None for session in sessions),
            sessions=len(sessions),
            subscriptions=len(self._router),
            retained=len(self._retained),
            queued=sum(len(session.queue) for session in sessions),
            uptime_seconds=now.monotonic - self._began_at,
        )
        for topic, value in topics.items():
            self._intake.publish(Message(topic, value.encode(), 0, retain=True), None, NOBODY, now)
        self._deadlines.add(now.monotonic + self._period_seconds, self._renew)
