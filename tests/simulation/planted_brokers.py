"""Broker cores with a bug planted on purpose: the worlds have to find each of them, or they prove nothing of the brokers.

Knows the core's public calls, and the parts of it in which a bug cannot be planted from outside.
"""

from mqtt5 import ConnectPacket, PublishPacket

from tests.simulation.publication import split
from tests.simulation.server import CoreMaker
from tidegate.broker.broker import Broker
from tidegate.broker.connection import Connection
from tidegate.broker.journal import JournalBatch, StoredState
from tidegate.broker.limits import BrokerLimits
from tidegate.moment import Moment

__all__ = ["PLANTED_BROKERS"]

DUPLICATE = 0x08


class _AcknowledgesBeforeTheCommit(Broker):
    """Says what is promised as soon as the batch is taken."""

    def take_batch(self) -> JournalBatch | None:
        """Return the batch, and let go all that waits for it."""
        batch = super().take_batch()
        if batch is not None:
            self._promises.committed = batch.number
            for connection in list(self.connections):
                connection.release()
                self._mark(connection)
        return batch


class _DropsTheQueueOnTakeOver(Broker):
    """Forgets what waits for a client whose connection is taken over."""

    def receive_data(self, connection: Connection, data: bytes, now: Moment) -> None:
        """Take bytes; a CONNECT with the identifier of somebody who is here costs that session its queue."""
        if data[0] == 0x10:
            for packet, _ in split(data)[0]:
                session = self._sessions.get(packet.client_id) if isinstance(packet, ConnectPacket) else None
                if session is not None and session.connection is not None:
                    session.queue.clear()
        super().receive_data(connection, data, now)


class _KeepsRemovedRetainedMessagesOnDisk(Broker):
    """Forgets to write down that a retained message was removed."""

    def take_batch(self) -> JournalBatch | None:
        """Return the batch without the removals."""
        batch = super().take_batch()
        if batch is not None:
            batch.retained = {topic: record for topic, record in batch.retained.items() if record is not None}
        return batch


class _ForgetsWhatWasSettled(Broker):
    """Forgets to write down what was acknowledged, and sends it again after a restart."""

    def take_batch(self) -> JournalBatch | None:
        """Return the batch without the removals."""
        batch = super().take_batch()
        if batch is not None:
            batch.removed.clear()
        return batch


class _ForgetsReceivedIdentifiers(Broker):
    """Does not know after a restart which QoS 2 messages it has."""

    def restore(self, state: StoredState, now: Moment) -> None:
        """Take what an earlier process left, but for the packet ids of QoS 2."""
        state.received_qos2.clear()
        super().restore(state, now)


class _ForgetsWhatWasInFlight(Broker):
    """Does not know after a restart what it had sent and nobody had acknowledged."""

    def restore(self, state: StoredState, now: Moment) -> None:
        """Take what an earlier process left, but for what was in flight."""
        state.queued = [record for record in state.queued if not record.packet_id]
        super().restore(state, now)


class _ForgetsSubscriptions(Broker):
    """Does not know after a restart who has subscribed."""

    def restore(self, state: StoredState, now: Moment) -> None:
        """Take what an earlier process left, but for the subscriptions."""
        state.subscriptions.clear()
        super().restore(state, now)


class _SendsBeyondTheReceiveMaximum(Broker):
    """Has more in flight than the client said."""

    def receive_data(self, connection: Connection, data: bytes, now: Moment) -> None:
        """Take bytes, and be generous."""
        super().receive_data(connection, data, now)
        if data[0] == 0x10:
            connection.send_quota += 1


class _ForgetsTheDuplicateFlag(Broker):
    """Sends again as if it were new."""

    def take_output(self, connection: Connection, now: Moment) -> list[bytes]:
        """Return what to write, without DUP."""
        whole, rest = split(b"".join(super().take_output(connection, now)))
        return [
            bytes((data[0] & ~DUPLICATE,)) + data[1:] if isinstance(packet, PublishPacket) else data
            for packet, data in whole
        ] + [rest]


def _maker(kind: type[Broker]) -> CoreMaker:
    def make(limits: BrokerLimits) -> Broker:
        return kind(limits, new_id=lambda: "")

    return make


PLANTED_BROKERS: dict[str, CoreMaker] = {
    "acknowledges_before_the_commit": _maker(_AcknowledgesBeforeTheCommit),
    "drops_the_queue_on_take_over": _maker(_DropsTheQueueOnTakeOver),
    "keeps_removed_retained_messages_on_disk": _maker(_KeepsRemovedRetainedMessagesOnDisk),
    "forgets_what_was_settled": _maker(_ForgetsWhatWasSettled),
    "forgets_received_identifiers": _maker(_ForgetsReceivedIdentifiers),
    "forgets_what_was_in_flight": _maker(_ForgetsWhatWasInFlight),
    "forgets_subscriptions": _maker(_ForgetsSubscriptions),
    "sends_beyond_the_receive_maximum": _maker(_SendsBeyondTheReceiveMaximum),
    "forgets_the_duplicate_flag": _maker(_ForgetsTheDuplicateFlag),
}
