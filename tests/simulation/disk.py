"""A disk of a world: what the batches committed so far hold, with the meaning that `store/broker_store.py` gives them.

Knows records and the order in which a batch's changes count. Does not know when a commit is through, or fails.
"""

from msgspec.structs import replace

from tidegate.broker.journal import (
    JournalBatch,
    QueuedRecord,
    RetainedRecord,
    SessionRecord,
    StateRecord,
    StoredState,
    SubscriptionRecord,
)
from tidegate.message import Message, message_bytes

__all__ = ["Disk"]


class Disk:
    """The tables of one broker."""

    def __init__(self) -> None:
        self._sessions: dict[int, SessionRecord] = {}
        self._subscriptions: dict[tuple[int, str], SubscriptionRecord] = {}
        self._retained: dict[str, RetainedRecord] = {}
        self._queued: dict[int, QueuedRecord] = {}
        self._received_qos2: set[tuple[int, int]] = set()
        self._state: dict[bytes, StateRecord] = {}
        self._last_number = 0
        self._last_sequence = 0

    def commit(self, batch: JournalBatch) -> None:
        """Take the changes of a batch."""
        self._last_number = max(self._last_number, *batch.sessions, 0)
        for number, session in batch.sessions.items():
            if session is not None:
                self._sessions[number] = session
        for key, subscription in batch.subscriptions.items():
            if subscription is None:
                self._subscriptions.pop(key, None)
            else:
                self._subscriptions[key] = subscription
        for topic, retained in batch.retained.items():
            if retained is None:
                self._retained.pop(topic, None)
            else:
                self._retained[topic] = retained
        for (_, sequence), queued in batch.queued.items():
            self._queued[sequence] = queued
            self._last_sequence = max(self._last_sequence, sequence)
        for (_, sequence), (packet_id, is_released) in batch.sent.items():
            if sequence in self._queued:
                stored = self._queued[sequence]
                self._queued[sequence] = replace(stored, packet_id=packet_id, is_released=is_released)
        for _, sequence in batch.removed:
            self._queued.pop(sequence, None)
        for received, is_kept in batch.received_qos2.items():
            if is_kept:
                self._received_qos2.add(received)
            else:
                self._received_qos2.discard(received)
        for key_of_state, record in batch.state.items():
            if record is None:
                self._state.pop(key_of_state, None)
            else:
                self._state[key_of_state] = record
        for number, session in batch.sessions.items():
            if session is None:
                self._end(number)

    def state(self, queue_head: int) -> StoredState:
        """Return what a new core is to be restored from, of each session's queue the oldest `queue_head`."""
        state = StoredState(
            sessions=[self._sessions[number] for number in sorted(self._sessions)],
            subscriptions=[self._subscriptions[key] for key in sorted(self._subscriptions)],
            retained=[self._retained[topic] for topic in sorted(self._retained)],
            received_qos2=sorted(self._received_qos2),
            state=[self._state[key] for key in sorted(self._state)],
            last_number=self._last_number,
            last_sequence=self._last_sequence,
        )
        for number in sorted(self._sessions):
            stored = [self._queued[sequence] for sequence in sorted(self._queued)]
            waiting = [each for each in stored if each.session == number and not each.packet_id]
            state.queued += [each for each in stored if each.session == number and each.packet_id]
            state.queued += waiting[:queue_head]
            rest = waiting[queue_head:]
            if rest:
                state.waiting[number] = (len(rest), sum(message_bytes(each.message) for each in rest))
        return state

    def read_queue(self, session: int, after_sequence: int, count: int) -> list[QueuedRecord]:
        """Return a session's oldest waiting messages after a sequence, at most `count`."""
        found = [
            each
            for sequence, each in sorted(self._queued.items())
            if each.session == session and sequence > after_sequence and not each.packet_id
        ]
        return found[:count]

    def queued_for(self, client_id: str) -> list[Message]:
        """Return the messages that wait for a client or are in flight to it."""
        number = self._number_of(client_id)
        return [each.message for each in self._queued.values() if each.session == number]

    def received_from(self, client_id: str) -> set[int]:
        """Return the packet ids of a client's QoS 2 messages that were taken and are not released."""
        number = self._number_of(client_id)
        return {packet_id for session, packet_id in self._received_qos2 if session == number}

    def lose_everything(self) -> None:
        """Be a new disk."""
        self.__dict__.update(vars(Disk()))

    def forget_what_was_sent(self) -> None:
        """Have of each QoS 1 message that it waits, as if the broker had been killed before it noted that it was sent."""
        for sequence, queued in self._queued.items():
            if queued.message.qos == 1:
                self._queued[sequence] = replace(queued, packet_id=0)

    def _number_of(self, client_id: str) -> int:
        return next((number for number, each in self._sessions.items() if each.client_id == client_id), 0)

    def _end(self, number: int) -> None:
        self._sessions.pop(number, None)
        self._subscriptions = {key: each for key, each in self._subscriptions.items() if key[0] != number}
        self._queued = {sequence: each for sequence, each in self._queued.items() if each.session != number}
        self._received_qos2 = {key for key in self._received_qos2 if key[0] != number}
