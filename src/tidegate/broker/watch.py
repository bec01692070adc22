"""When a connection has to end by itself: no CONNECT, silence, or a credential that has expired.

Knows those three deadlines. Does not know what they are called by: `deadlines` does.
"""

from collections.abc import Callable

from tidegate.broker.connection import Connection
from tidegate.broker.deadlines import Deadlines
from tidegate.broker.limits import BrokerLimits
from tidegate.moment import Moment
from tidegate.mqtt.state import ServerState

__all__ = ["LOOK_AGAIN_SECONDS", "Watch"]

KEEP_ALIVE_TIMEOUT = 0x8D

LOOK_AGAIN_SECONDS = 60.0
"""How often a credential's end is looked at by the wall clock, which may jump."""


class Watch:
    """Looks at connections when something of theirs may be due."""

    def __init__(
        self,
        limits: BrokerLimits,
        deadlines: Deadlines,
        *,
        close: Callable[[Connection, int, str, Moment], None],
        leave: Callable[[Connection, int | None, str, Moment], None],
        mark: Callable[[Connection], None],
    ) -> None:
        self._limits = limits
        self._deadlines = deadlines
        self._close = close
        self._leave = leave
        self._mark = mark

    def look_at(self, connection: Connection, at: float) -> None:
        """Look at a connection at a time; what is due is found out then."""
        if connection.due_at is None or at < connection.due_at:
            self.forget(connection)
            connection.due_at = at
            connection.deadline = self._deadlines.add(at, lambda now: self._check(connection, now))

    def forget(self, connection: Connection) -> None:
        """Look at a connection no more."""
        if connection.deadline is not None:
            self._deadlines.cancel(connection.deadline)
            connection.deadline = connection.due_at = None

    def _check(self, connection: Connection, now: Moment) -> None:
        """End a connection whose time is up, else look again when it may be."""
        if connection.is_lost or connection.due_at is None or connection.due_at > now.monotonic:
            return
        connection.due_at = None
        if connection.wants_close:
            return
        due: list[float] = []
        if connection.protocol.state is not ServerState.CONNECTED:
            due.append(connection.opened_at + self._limits.connect_timeout_seconds)
            if due[0] <= now.monotonic:
                self._close(connection, 0, "no CONNECT in time", now)
                return
        elif connection.keep_alive_seconds:
            # [MQTT-3.1.2-22]; whoever is not read cannot be heard.
            since = connection.protocol.received_at if connection.wants_reading else now.monotonic
            due.append(since + connection.keep_alive_seconds * 1.5)
            if due[0] <= now.monotonic:
                detail = "nothing came for one and a half keep alive times"
                self._close(connection, KEEP_ALIVE_TIMEOUT, detail, now)
                return
        expires_wall = connection.credential_expires_wall
        if expires_wall is not None:
            left = expires_wall - now.wall
            if left <= 0:
                self._expire(connection, now)
                return
            due.append(now.monotonic + min(left, LOOK_AGAIN_SECONDS))
        if due:
            self.look_at(connection, min(due))

    def _expire(self, connection: Connection, now: Moment) -> None:
        """End a connection whose credential has expired: without DISCONNECT, as facts 1.9 have it."""
        self._leave(connection, None, "the credential expired", now)
        connection.wants_close = True
        connection.protocol.close()
        self._mark(connection)
