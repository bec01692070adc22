"""The broker's state on disk."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tidegate.broker.identity import Identity
from tidegate.broker.journal import (
    JournalBatch,
    QueuedRecord,
    RetainedRecord,
    SessionRecord,
    StateRecord,
    StoredState,
    SubscriptionRecord,
    WillRecord,
)
from tidegate.broker.logical_clock import LogicalTime
from tidegate.exceptions import StoreFailed
from tidegate.message import Message, message_bytes
from tidegate.store.broker_store import BrokerStore
from tidegate.store.database import SetAside

WALL = 1_700_000_000.0
MESSAGE = Message("a/b", b"payload", 1, user_properties=(("k", "v"),), correlation_data=b"\x00\xff")


def opened(path: Path, head: int = 100) -> tuple[BrokerStore, StoredState, SetAside | None]:
    return BrokerStore.open(path, now_wall=WALL, queue_head=head)


def filled() -> JournalBatch:
    batch = JournalBatch(1)
    will = WillRecord(Message("w", b"gone"), 5)
    batch.sessions[1] = SessionRecord(1, "one", Identity("one", "s", (("a", "b"),)), 5, 100, WALL, will)
    batch.subscriptions[1, "a/#"] = SubscriptionRecord(1, "a/#", 1, True, False, 7, True)
    batch.retained["r"] = RetainedRecord(Message("r", b"kept", 1, True), Identity("p"), None)
    for sequence in range(1, 6):
        batch.add(QueuedRecord(1, sequence, MESSAGE, (7,), WALL + 9.0))
    batch.mark_sent(1, 1, 44)
    batch.received_qos2[1, 9] = True
    batch.state[b"k\xff"] = StateRecord(b"k\xff", b"v", LogicalTime(7, 1, "n"), LogicalTime(6, 0, "m"), WALL + 9.0)
    return batch


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "broker.db"
    store, state, set_aside = opened(path)
    assert (state, set_aside) == (StoredState(), None)
    batch = filled()
    store.commit(batch)
    store.close()
    store, state, set_aside = opened(path, head=2)
    assert set_aside is None
    assert state.sessions == list(batch.sessions.values())
    assert state.subscriptions == list(batch.subscriptions.values())
    assert state.retained == list(batch.retained.values())
    assert state.queued == list(batch.queued.values())[:3]
    assert state.waiting == {1: (2, 2 * message_bytes(MESSAGE))}
    assert state.received_qos2 == [(1, 9)]
    assert state.state == list(batch.state.values())
    assert (state.last_number, state.last_sequence) == (1, 5)
    assert [each.sequence for each in store.read_queue(1, 3, 10)] == [4, 5]
    store.close()


def test_changes_and_removals(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path / "broker.db")
    store.commit(filled())
    second = JournalBatch(2)
    second.mark_sent(1, 2, 45, is_released=True)
    second.remove(1, 1)
    second.subscriptions[1, "a/#"] = None
    second.retained["r"] = None
    second.received_qos2[1, 9] = False
    second.state[b"k\xff"] = None
    store.commit(second)
    store.close()
    store, state, _ = opened(tmp_path / "broker.db")
    assert (state.subscriptions, state.retained, state.received_qos2, state.state) == ([], [], [], [])
    assert [(each.sequence, each.packet_id, each.is_released) for each in state.queued[:2]] == [
        (2, 45, True),
        (3, 0, False),
    ]
    third = JournalBatch(3)
    third.end_session(1)
    store.commit(third)
    store.close()
    _, state, _ = opened(tmp_path / "broker.db")
    assert (state.sessions, state.queued, state.last_number, state.last_sequence) == ([], [], 1, 5)


def test_a_file_of_the_first_layout_is_brought_to_this_one(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    store, _, _ = opened(path)
    store.commit(filled())
    store.close()
    with closing(sqlite3.connect(path)) as database:
        database.executescript("DROP TABLE state; PRAGMA user_version = 1")
    store, state, set_aside = opened(path)
    assert set_aside is None
    assert (len(state.sessions), state.state) == (1, [])
    store.commit(filled())
    store.close()
    assert len(opened(path)[1].state) == 1


def test_promise_05_nobody_else_reads_it_and_every_commit_is_synced(tmp_path: Path) -> None:
    path = tmp_path / "state" / "broker.db"
    before = os.umask(0)
    try:
        store, _, _ = opened(path)
        store.commit(filled())
    finally:
        os.umask(before)
    assert {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {
        "broker.db": 0o600,
        "broker.db-wal": 0o600,
        "broker.db-shm": 0o600,
    }
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


@pytest.mark.parametrize("kind", ["text", "foreign", "later", "torn"])
def test_what_is_not_ours_is_set_aside_and_kept(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broker.db"
    if kind == "text":
        path.write_bytes(b"these are notes and no database\n" * 200)
    elif kind == "foreign":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE recipes (name TEXT)")
        database.close()
    else:
        store, _, _ = opened(path)
        store.commit(filled())
        store.close()
        if kind == "later":
            with sqlite3.connect(path) as database:
                database.execute("PRAGMA user_version = 99")
            database.close()
        else:
            data = bytearray(path.read_bytes())
            data[4096 : 4096 * 3] = b"\xff" * 8192
            path.write_bytes(bytes(data))
    before = path.read_bytes()
    store, state, set_aside = opened(path)
    assert set_aside is not None and state == StoredState()
    assert Path(set_aside.set_aside).read_bytes() == before
    assert set_aside.reason and "20231114T221320Z" in set_aside.set_aside
    store.commit(filled())
    store.close()


def test_failure_26_a_torn_last_record_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    store, _, _ = opened(path)
    first = filled()
    store.commit(first)
    size = (tmp_path / "broker.db-wal").stat().st_size
    second = JournalBatch(2)
    second.add(QueuedRecord(1, 50, MESSAGE))
    store.commit(second)
    copy = tmp_path / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"broker.db{suffix}", copy / f"broker.db{suffix}")
    store.close()
    with (copy / "broker.db-wal").open("r+b") as log:
        log.truncate(size + 100)
    _, state, set_aside = opened(copy / "broker.db")
    assert set_aside is None
    assert [each.sequence for each in state.queued] == [1, 2, 3, 4, 5]


def test_failure_26_a_full_disk_fails_the_commit_and_nothing_else(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path / "broker.db")
    store.commit(filled())
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count = {pages + 1}")
    large = JournalBatch(2)
    for sequence in range(100, 200):
        large.add(QueuedRecord(1, sequence, Message("a", bytes(1_000), 1)))
    with pytest.raises(StoreFailed) as raised:
        store.commit(large)
    assert raised.value.is_full and "space" in raised.value.hint
    store._database.execute("PRAGMA max_page_count = 1000000")
    store.commit(large)
    store.close()
    _, state, _ = opened(tmp_path / "broker.db", head=1_000)
    assert len(state.queued) == 105


WRITER = """
import sys, time
from pathlib import Path
from tidegate.broker.identity import Identity
from tidegate.broker.journal import JournalBatch, QueuedRecord, SessionRecord
from tidegate.message import Message, message_bytes
from tidegate.store.broker_store import BrokerStore

store, state, _ = BrokerStore.open(Path(sys.argv[1]), now_wall=time.time(), queue_head=10)
first = state.last_sequence
number = 0
while True:
    number += 1
    batch = JournalBatch(number)
    batch.sessions[1] = SessionRecord(1, "one", Identity("one"), 5, 100)
    for sequence in range(first + number * 10, first + number * 10 + 10):
        batch.add(QueuedRecord(1, sequence, Message("a", b"x" * 200, 1)))
    store.commit(batch)
    print(first + number * 10 + 9, flush=True)
"""


def test_what_was_committed_survives_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    for commits in (3, 1, 20, 7):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(commits):
            last = int(process.stdout.readline())
        process.kill()
        process.wait()
        process.stdout.close()
        store, state, set_aside = opened(path, head=100_000)
        assert set_aside is None
        sequences = {each.sequence for each in state.queued}
        assert set(range(last - 9, last + 1)) <= sequences
        assert len(sequences) % 10 == 0, "a batch is there whole or not at all"
        store.close()


def test_a_subscription_that_was_stored_without_what_it_is_owed_is_owed_nothing(tmp_path: Path) -> None:
    store, _, _ = BrokerStore.open(tmp_path / "broker.db", now_wall=0.0, queue_head=10)
    store.close()
    fields = {"session": 1, "topic_filter": "a", "qos": 1, "no_local": False, "retain_as_published": False}
    with closing(sqlite3.connect(tmp_path / "broker.db", isolation_level=None)) as database:
        record = msgspec.msgpack.encode({**fields, "identifier": None})
        database.execute("INSERT INTO subscription VALUES (1, 'a', ?)", (record,))
    store, state, set_aside = BrokerStore.open(tmp_path / "broker.db", now_wall=0.0, queue_head=10)
    store.close()
    assert set_aside is None and state.subscriptions == [SubscriptionRecord(1, "a", 1, False, False, None)]
