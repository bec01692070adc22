"""The broker's own topics `$SYS`, renewed from time to time, and what the broker holds.

Knows when they are due and what is counted for them. Does not know who subscribes to them.
"""

from heapq import nlargest

from tidegate.broker.deadlines import Deadlines
from tidegate.broker.identity import Identity
from tidegate.broker.intake import Intake
from tidegate.broker.retained import RetainedMessages
from tidegate.broker.router import Router
from tidegate.broker.sessions import Sessions
from tidegate.broker.statistics import Holdings, QueueLength, Statistics
from tidegate.message import Message
from tidegate.moment import Moment

__all__ = ["QUEUES_SHOWN_MAX", "SystemTopics"]

QUEUES_SHOWN_MAX = 10
"""Of how many sessions, those with the longest queues, the queue is shown by itself."""

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

    def holdings(self) -> Holdings:
        """Return what the broker holds now."""
        sessions = self._sessions.everyone()
        longest = nlargest(
            QUEUES_SHOWN_MAX, (each for each in sessions if len(each.queue)), lambda each: len(each.queue)
        )
        return Holdings(
            clients_connected=sum(session.connection is not None for session in sessions),
            sessions=len(sessions),
            durable_sessions=sum(session.is_durable for session in sessions),
            subscriptions=len(self._router),
            retained=len(self._retained),
            retained_bytes=self._retained.size,
            queued=sum(len(session.queue) for session in sessions),
            queued_bytes=sum(session.queue.size for session in sessions),
            inflight=sum(len(session.inflight) for session in sessions),
            longest=tuple(
                QueueLength(
                    each.client_id, each.connection is not None, len(each.queue), each.queue.size, len(each.inflight)
                )
                for each in longest
            ),
        )

    def _renew(self, now: Moment) -> None:
        for topic in self._retained.expired(now.monotonic):
            self._intake.retain(Message(topic, b""), NOBODY, now)
        assert self._began_at is not None, "nothing is due before it has begun"
        topics = self._statistics.topics(self.holdings(), now.monotonic - self._began_at)
        for topic, value in topics.items():
            self._intake.publish(Message(topic, value.encode(), 0, retain=True), None, NOBODY, now)
        self._deadlines.add(now.monotonic + self._period_seconds, self._renew)
