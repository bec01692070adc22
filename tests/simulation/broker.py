"""A model of an MQTT 5 server: its sessions, what happens to them, and who is connected.

Knows the specification from the server's side. Does not know the relay's promise, which is the ledger's; the packets of one
connection are `server_connection`'s.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.simulation.publication import Announcement, Observer, Publication
from tests.simulation.timeline import Appointment, Timeline
from tidegate.mqtt.topics import matches

__all__ = ["Broker", "Connected", "Session"]


@dataclass(slots=True)
class Session:
    """What outlives a connection. `unanswered` are received packet ids without PUBACK."""

    client_id: str
    filters: dict[str, int] = field(default_factory=dict)
    queue: deque[Publication] = field(default_factory=deque)
    inflight: dict[int, Publication] = field(default_factory=dict)
    unanswered: dict[int, int] = field(default_factory=dict)
    last_packet_id: int = 0
    expiry_seconds: int = 0
    expiry: Appointment | None = None


class Connected(Protocol):
    """What a broker needs of a connection."""

    def send_queued(self) -> None:
        """Send what the client may be sent now."""

    def abandon(self) -> None:
        """Drop the connection without a word."""

    def disconnect(self, reason_code: int) -> None:
        """Say why, and close."""

    def inject(self, data: bytes) -> None:
        """Write bytes that are no packet."""


class Broker:
    """One server with its sessions and its connections.

    `announce` gives the next CONNACK, `verdict` the reason code for a publish of QoS 1, `answer_seconds` how long a PUBACK
    takes. With `applies_late` a message counts as received when it is answered, else when it comes.
    """

    def __init__(
        self,
        name: str,
        timeline: Timeline,
        observer: Observer,
        *,
        announce: Callable[[], Announcement],
        verdict: Callable[[int], int],
        answer_seconds: Callable[[], float],
        answers_in_order: bool,
        applies_late: bool,
        uses_aliases: bool,
    ) -> None:
        self.name = name
        self.timeline = timeline
        self.observer = observer
        self.announce = announce
        self.verdict = verdict
        self.answer_seconds = answer_seconds
        self.answers_in_order = answers_in_order
        self.applies_late = applies_late and answers_in_order
        self.uses_aliases = uses_aliases
        self.client_window = 65_535
        """What the client says that it keeps in flight at most, whatever the server would take."""
        self.excess = 1
        """How many times a client's Receive Maximum this server sends; more than once is wrong, and some do it."""
        self.is_up = True
        self.sessions: dict[str, Session] = {}
        self.connections: dict[str, Connected] = {}

    def publish(self, publication: Publication) -> None:
        """Route a message of the world's publisher."""
        for session in self.sessions.values():
            if any(matches(topic_filter, publication.topic) for topic_filter in session.filters):
                connection = self.connections.get(session.client_id)
                if publication.qos or connection is not None:
                    self.observer.routed(publication)
                    session.queue.append(publication)
                if connection is not None:
                    connection.send_queued()

    def stop(self) -> None:
        """End all connections without a word."""
        self.is_up = False
        for connection in list(self.connections.values()):
            connection.abandon()

    def start(self) -> None:
        """Take connections again."""
        self.is_up = True

    def lose_sessions(self) -> None:
        """Forget every session, as a restart without persistence does."""
        for session in list(self.sessions.values()):
            self.end_session(session)

    def requeue_inflight(self) -> None:
        """Forget what was sent and not what was queued, so that it is sent again as new: some servers do on a restart."""
        for session in self.sessions.values():
            session.queue.extendleft(reversed(session.inflight.values()))
            session.inflight.clear()

    def forget_unanswered(self, client_id: str) -> None:
        """Take note that a client began anew, and that its packet ids mean nothing any more."""
        if client_id in self.sessions:
            self.sessions[client_id].unanswered.clear()

    def end_session(self, session: Session) -> None:
        """Forget one session with all it holds."""
        if session.expiry is not None:
            session.expiry.cancel()
        if self.sessions.pop(session.client_id, None) is not None:
            self.observer.note(self.name, f"session of {session.client_id} ended")
            self.observer.forgotten([*session.inflight.values(), *session.queue])
