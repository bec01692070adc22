"""Commits in a thread, in order."""

import asyncio
from pathlib import Path

from tidegate.broker.identity import Identity
from tidegate.broker.journal import JournalBatch, QueuedRecord, SessionRecord
from tidegate.exceptions import StoreFailed
from tidegate.message import Message
from tidegate.store.broker_store import BrokerStore
from tidegate.store.journal_writer import JournalWriter


def batch(number: int) -> JournalBatch:
    made = JournalBatch(number)
    made.sessions[1] = SessionRecord(1, "one", Identity("one"), 5, 100)
    made.add(QueuedRecord(1, number, Message("a", b"x", 1)))
    return made


def test_answers_come_on_the_loop_in_the_order_of_asking(tmp_path: Path) -> None:
    async def scenario() -> list[object]:
        loop = asyncio.get_running_loop()
        store, _, _ = BrokerStore.open(tmp_path / "broker.db", now_wall=0.0, queue_head=10)
        writer = JournalWriter(store, loop)
        answers: list[object] = []
        done = asyncio.Event()
        writer.submit(batch(1), lambda error: answers.append(("committed", error)))
        writer.submit(batch(2), lambda error: answers.append(("committed", error)))

        def found(records: list[QueuedRecord] | StoreFailed) -> None:
            assert isinstance(records, list)
            answers.append([record.sequence for record in records])
            done.set()

        writer.read_queue(1, 0, 10, found)
        async with asyncio.timeout(10):
            await done.wait()
        writer.submit(batch(3), lambda error: None)
        writer.close()
        return answers

    assert asyncio.run(scenario()) == [("committed", None), ("committed", None), [1, 2]]
    _, state, _ = BrokerStore.open(tmp_path / "broker.db", now_wall=0.0, queue_head=10)
    assert [each.sequence for each in state.queued] == [1, 2, 3], "closing finishes what was asked"


def test_a_fault_of_ours_is_told_and_does_not_end_the_thread(tmp_path: Path) -> None:
    async def scenario() -> list[StoreFailed | None]:
        store, _, _ = BrokerStore.open(tmp_path / "broker.db", now_wall=0.0, queue_head=10)
        writer = JournalWriter(store, asyncio.get_running_loop())
        answers: asyncio.Queue[StoreFailed | None] = asyncio.Queue()
        broken = batch(1)
        broken.retained["r"] = object()  # type: ignore[assignment]
        writer.submit(broken, answers.put_nowait)
        writer.submit(batch(2), answers.put_nowait)
        async with asyncio.timeout(10):
            found = [await answers.get(), await answers.get()]
        writer.close()
        return found

    first, second = asyncio.run(scenario())
    assert first is not None and "internal error" in first.detail
    assert second is None
