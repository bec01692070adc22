"""What must be on disk, as values: the records, and the batch of changes that one commit makes.

Knows what outlives the process and which change undoes which. Does not know how it is stored (`store`). Times are wall
clock, since monotonic time means nothing to the next process.
"""

from dataclasses import dataclass, field

import msgspec

from tidegate.broker.identity import Identity
from tidegate.broker.logical_clock import LogicalTime
from tidegate.message import Message

__all__ = [
    "JournalBatch",
    "QueuedRecord",
    "RetainedRecord",
    "SessionRecord",
    "StateRecord",
    "StoredState",
    "SubscriptionRecord",
    "WillRecord",
    "merge",
]


class WillRecord(msgspec.Struct, frozen=True):
    """A Will Message and its Will Delay Interval in seconds."""

    message: Message
    delay_seconds: int


class SessionRecord(msgspec.Struct, frozen=True):
    """A session. `number` is never used again for another; `disconnected_wall` is None while a client is connected."""

    number: int
    client_id: str
    identity: Identity
    protocol_version: int
    expiry_seconds: int
    disconnected_wall: float | None = None
    will: WillRecord | None = None


class SubscriptionRecord(msgspec.Struct, frozen=True):
    """A subscription with its options (section 3.8.3.1). `topic_filter` has its `$share/` prefix.

    `is_owed_retained` says that its retained messages are still to be sent.
    """

    session: int
    topic_filter: str
    qos: int
    no_local: bool
    retain_as_published: bool
    identifier: int | None
    is_owed_retained: bool = False


class RetainedRecord(msgspec.Struct, frozen=True):
    """A retained message, who published it, and when it ends (None: never)."""

    message: Message
    publisher: Identity
    expires_wall: float | None


class QueuedRecord(msgspec.Struct, frozen=True):
    """A message of QoS 1 or 2 that a session has not acknowledged.

    `sequence` orders the messages of one session. `message.qos` and `message.retain` are as they are to be sent.
    `packet_id` is 0 while it waits; `is_released` says that its PUBREC has come (QoS 2).
    """

    session: int
    sequence: int
    message: Message
    subscription_ids: tuple[int, ...] = ()
    expires_wall: float | None = None
    packet_id: int = 0
    is_released: bool = False


class StateRecord(msgspec.Struct, frozen=True):
    """A key of the state store: its value, since which version, its fencing token, and when it ends (None: never)."""

    key: bytes
    value: bytes
    version: LogicalTime
    fence: LogicalTime | None = None
    expires_wall: float | None = None


@dataclass(slots=True)
class JournalBatch:
    """Changes that are committed together. A key is in one of the containers of its kind only; None means removed.

    A session that is None goes with its subscriptions, its queue and its QoS 2 packet ids.
    """

    number: int
    sessions: dict[int, SessionRecord | None] = field(default_factory=dict)
    subscriptions: dict[tuple[int, str], SubscriptionRecord | None] = field(default_factory=dict)
    retained: dict[str, RetainedRecord | None] = field(default_factory=dict)
    queued: dict[tuple[int, int], QueuedRecord] = field(default_factory=dict)
    """New messages."""
    sent: dict[tuple[int, int], tuple[int, bool]] = field(default_factory=dict)
    """Stored messages whose packet id and release changed."""
    removed: set[tuple[int, int]] = field(default_factory=set)
    """Stored messages that are settled."""
    received_qos2: dict[tuple[int, int], bool] = field(default_factory=dict)
    """Packet ids of a session's publisher: True where the PUBREC has promised, False once PUBREL has come."""
    state: dict[bytes, StateRecord | None] = field(default_factory=dict)
    """Keys of the state store."""

    def __bool__(self) -> bool:
        return bool(
            self.queued
            or self.removed
            or self.sent
            or self.retained
            or self.sessions
            or self.subscriptions
            or self.received_qos2
            or self.state
        )

    def add(self, record: QueuedRecord) -> None:
        """Queue a message."""
        self.queued[record.session, record.sequence] = record

    def mark_sent(self, session: int, sequence: int, packet_id: int, is_released: bool = False) -> None:
        """Note the packet id under which a queued message was sent, or that its PUBREC has come."""
        record = self.queued.get((session, sequence))
        if record is None:
            self.sent[session, sequence] = (packet_id, is_released)
        else:
            self.queued[session, sequence] = msgspec.structs.replace(
                record, packet_id=packet_id, is_released=is_released
            )

    def remove(self, session: int, sequence: int) -> None:
        """Settle a message; one that was queued in this same batch never reaches the disk."""
        key = (session, sequence)
        if self.queued.pop(key, None) is None:
            self.sent.pop(key, None)
            self.removed.add(key)

    def end_session(self, number: int) -> None:
        """Remove a session with all it holds."""
        self.sessions[number] = None
        for key in [key for key in self.subscriptions if key[0] == number]:
            del self.subscriptions[key]
        for changes in (self.queued, self.sent, self.received_qos2):
            for message in [message for message in changes if message[0] == number]:
                del changes[message]
        self.removed = {key for key in self.removed if key[0] != number}


def merge(older: JournalBatch, newer: JournalBatch) -> JournalBatch:
    """Make one batch of two, of which the older could not be committed; it has the newer one's number."""
    merged = JournalBatch(
        newer.number,
        sessions=dict(older.sessions),
        subscriptions=older.subscriptions | newer.subscriptions,
        retained=older.retained | newer.retained,
        queued=dict(older.queued),
        sent=dict(older.sent),
        removed=set(older.removed),
        received_qos2=older.received_qos2 | newer.received_qos2,
        state=older.state | newer.state,
    )
    for number, session in newer.sessions.items():
        if session is None:
            merged.end_session(number)
        else:
            merged.sessions[number] = session
    merged.queued.update(newer.queued)
    for (number, sequence), (packet_id, is_released) in newer.sent.items():
        merged.mark_sent(number, sequence, packet_id, is_released)
    for number, sequence in newer.removed:
        merged.remove(number, sequence)
    return merged


@dataclass(slots=True)
class StoredState:
    """What the store held at the start. `queued` has of each session the oldest messages, in order.

    `waiting` counts, for each session, the messages in the store beyond those and their size (`message_bytes`);
    `last_number` and `last_sequence` are the highest session number and message sequence ever stored.
    """

    sessions: list[SessionRecord] = field(default_factory=list)
    subscriptions: list[SubscriptionRecord] = field(default_factory=list)
    retained: list[RetainedRecord] = field(default_factory=list)
    queued: list[QueuedRecord] = field(default_factory=list)
    received_qos2: list[tuple[int, int]] = field(default_factory=list)
    waiting: dict[int, tuple[int, int]] = field(default_factory=dict)
    state: list[StateRecord] = field(default_factory=list)
    last_number: int = 0
    last_sequence: int = 0
