"""Batches: which change undoes which."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.broker.identity import Identity
from tidegate.broker.journal import JournalBatch, QueuedRecord, SessionRecord, SubscriptionRecord, merge
from tidegate.message import Message

MESSAGE = Message("a", b"x", 1)


def test_what_is_settled_in_the_same_batch_never_reaches_the_disk() -> None:
    batch = JournalBatch(1)
    assert not batch
    batch.add(QueuedRecord(1, 5, MESSAGE))
    batch.mark_sent(1, 5, 9)
    assert batch.queued[1, 5].packet_id == 9
    batch.remove(1, 5)
    assert not batch
    batch.mark_sent(1, 4, 8)
    batch.remove(1, 4)
    assert (batch.sent, batch.removed) == ({}, {(1, 4)})


def test_a_session_that_ends_takes_all_it_holds_along() -> None:
    batch = JournalBatch(1)
    batch.sessions[1] = SessionRecord(1, "one", Identity("one"), 5, 100)
    batch.subscriptions[1, "a"] = SubscriptionRecord(1, "a", 1, False, False, None)
    batch.add(QueuedRecord(1, 5, MESSAGE))
    batch.add(QueuedRecord(2, 6, MESSAGE))
    batch.remove(1, 3)
    batch.received_qos2[1, 7] = True
    batch.end_session(1)
    assert batch.sessions == {1: None}
    assert (batch.subscriptions, batch.removed, batch.received_qos2) == ({}, set(), {})
    assert list(batch.queued) == [(2, 6)]


ACTIONS = st.lists(st.tuples(st.sampled_from(["add", "sent", "remove"]), st.integers(1, 4)), max_size=12)


@given(ACTIONS, ACTIONS)
def test_merging_is_doing_both(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> None:
    """Batches that never were: whatever was committed, the queue that comes of it is the same."""

    def apply(queue: dict[int, int], batch: JournalBatch) -> dict[int, int]:
        queue = queue | {sequence: record.packet_id for (_, sequence), record in batch.queued.items()}
        queue.update({sequence: sent[0] for (_, sequence), sent in batch.sent.items() if sequence in queue})
        return {sequence: packet_id for sequence, packet_id in queue.items() if (1, sequence) not in batch.removed}

    live: set[int] = {100}
    batches = []
    for number, actions in enumerate((first, second), 1):
        batch = JournalBatch(number)
        for action, index in actions:
            sequence = {1: 100, 2: 101, 3: 102, 4: 103}[index]
            if action == "add" and sequence not in live and sequence != 100:
                live.add(sequence)
                batch.add(QueuedRecord(1, sequence, MESSAGE))
            elif action == "sent" and sequence in live:
                batch.mark_sent(1, sequence, index)
            elif action == "remove" and sequence in live:
                live.discard(sequence)
                batch.remove(1, sequence)
        batches.append(batch)
    stored = {100: 0}
    merged = merge(*batches)
    assert merged.number == 2
    assert apply(stored, merged).keys() == apply(apply(stored, batches[0]), batches[1]).keys() == live
