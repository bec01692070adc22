"""The broker's state in one SQLite file: write-ahead log, every commit synced to the disk.

Knows tables. Does not know what becomes of a file that is torn or not ours (`database`), threads (`journal_writer`) or
what the records mean to the broker.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

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
from tidegate.store.database import Layout, SetAside, open_anew, open_database, store_failed

__all__ = ["APPLICATION_ID", "BrokerStore"]

APPLICATION_ID = 0x7467_6272
"""`tgbr`, by which SQLite's header says whose file it is."""

_LAYOUT_1 = """
CREATE TABLE session (number INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE subscription (session INTEGER, topic_filter TEXT, record BLOB NOT NULL,
    PRIMARY KEY (session, topic_filter)) WITHOUT ROWID;
CREATE TABLE retained (topic TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE queued (sequence INTEGER PRIMARY KEY, session INTEGER NOT NULL, packet_id INTEGER NOT NULL,
    is_released INTEGER NOT NULL, expires_wall REAL, payload_bytes INTEGER NOT NULL, subscription_ids BLOB,
    message BLOB NOT NULL);
CREATE INDEX queued_of_session ON queued (session, sequence);
CREATE TABLE received_qos2 (session INTEGER, packet_id INTEGER, PRIMARY KEY (session, packet_id)) WITHOUT ROWID;
CREATE TABLE highest (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

_LAYOUT_2 = "CREATE TABLE state (key BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;"
_LAYOUT = Layout(APPLICATION_ID, {1: _LAYOUT_1, 2: _LAYOUT_2})

_SELECT_QUEUED = "SELECT session, sequence, message, subscription_ids, expires_wall, packet_id, is_released FROM queued"
_SELECT_WAITING = _SELECT_QUEUED + " WHERE session = ? AND sequence > ? AND packet_id = 0 ORDER BY sequence LIMIT ?"
_SELECT_SENT = _SELECT_QUEUED + " WHERE session = ? AND packet_id > 0 ORDER BY sequence"
_END_SESSION = (
    "DELETE FROM session WHERE number = ?",
    "DELETE FROM subscription WHERE session = ?",
    "DELETE FROM queued WHERE session = ?",
    "DELETE FROM received_qos2 WHERE session = ?",
)

_encode = msgspec.msgpack.Encoder().encode
_decode_message = msgspec.msgpack.Decoder(Message).decode
_decode_ids = msgspec.msgpack.Decoder(tuple[int, ...]).decode


class BrokerStore:
    """One open file. Its methods are called by one thread at a time."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self._path = path
        self._database = database

    @classmethod
    def open(
        cls, path: Path, *, now_wall: float, queue_head: int
    ) -> "tuple[BrokerStore, StoredState, SetAside | None]":
        """Open the file, or make it; read what it holds, of each session's queue the oldest `queue_head`.

        A file that is corrupt, another program's or a later version's is set aside and reported, never removed.

        Raises:
            StoreFailed: the folder or file cannot be used.
        """
        try:
            database, set_aside = open_database(path, _LAYOUT, now_wall=now_wall)
            store = cls(path, database)
            try:
                state = store._read(queue_head)
            except (msgspec.DecodeError, sqlite3.DatabaseError) as error:
                database.close()
                reason = f"a record that cannot be read: {error}"
                database, set_aside = open_anew(path, _LAYOUT, reason, now_wall=now_wall)
                store = cls(path, database)
                state = StoredState()
        except (sqlite3.Error, OSError) as error:
            raise store_failed(path, error) from error
        return store, state, set_aside

    def commit(self, batch: JournalBatch) -> None:
        """Write a batch in one transaction, synced before this returns.

        Raises:
            StoreFailed: nothing of it was written.
        """
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            self._write(batch)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            raise store_failed(self._path, error) from error
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")

    def read_queue(self, session: int, after_sequence: int, count: int) -> list[QueuedRecord]:
        """Return a session's oldest waiting messages after a sequence, at most `count`.

        Raises:
            StoreFailed: the file cannot be read.
        """
        try:
            rows = self._database.execute(_SELECT_WAITING, (session, after_sequence, count))
            return [_queued(row) for row in rows]
        except sqlite3.Error as error:
            raise store_failed(self._path, error) from error

    def close(self) -> None:
        """Write the log back and close the file."""
        self._database.close()

    def _write(self, batch: JournalBatch) -> None:
        many = self._database.executemany
        ended = [(number,) for number, record in batch.sessions.items() if record is None]
        if batch.sessions:
            many(
                "REPLACE INTO session VALUES (?, ?)",
                [(number, _encode(record)) for number, record in batch.sessions.items() if record is not None],
            )
            self._raise("number", max(batch.sessions))
        if batch.subscriptions:
            many(
                "REPLACE INTO subscription VALUES (?, ?, ?)",
                [(*key, _encode(record)) for key, record in batch.subscriptions.items() if record is not None],
            )
            gone = [key for key, record in batch.subscriptions.items() if record is None]
            many("DELETE FROM subscription WHERE session = ? AND topic_filter = ?", gone)
        if batch.retained:
            many(
                "REPLACE INTO retained VALUES (?, ?)",
                [(topic, _encode(record)) for topic, record in batch.retained.items() if record is not None],
            )
            many(
                "DELETE FROM retained WHERE topic = ?",
                [(topic,) for topic, record in batch.retained.items() if record is None],
            )
        if batch.queued:
            many("REPLACE INTO queued VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(batch.queued.values()))
            self._raise("sequence", max(sequence for _, sequence in batch.queued))
        if batch.sent:
            many(
                "UPDATE queued SET packet_id = ?, is_released = ? WHERE sequence = ?",
                [(*changed, sequence) for (_, sequence), changed in batch.sent.items()],
            )
        if batch.removed:
            many("DELETE FROM queued WHERE sequence = ?", [(sequence,) for _, sequence in batch.removed])
        if batch.received_qos2:
            many(
                "REPLACE INTO received_qos2 VALUES (?, ?)",
                [key for key, is_kept in batch.received_qos2.items() if is_kept],
            )
            gone_ids = [key for key, is_kept in batch.received_qos2.items() if not is_kept]
            many("DELETE FROM received_qos2 WHERE session = ? AND packet_id = ?", gone_ids)
        if batch.state:
            many(
                "REPLACE INTO state VALUES (?, ?)",
                [(key, _encode(record)) for key, record in batch.state.items() if record is not None],
            )
            many("DELETE FROM state WHERE key = ?", [(key,) for key, record in batch.state.items() if record is None])
        if ended:
            for statement in _END_SESSION:
                many(statement, ended)

    def _raise(self, name: str, value: int) -> None:
        """Keep the highest number ever given, which outlives what it was given to."""
        self._database.execute(
            "INSERT INTO highest VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (name, value),
        )

    def _read(self, queue_head: int) -> StoredState:
        run = self._database.execute
        state = StoredState()
        decode_session = msgspec.msgpack.Decoder(SessionRecord).decode
        decode_subscription = msgspec.msgpack.Decoder(SubscriptionRecord).decode
        decode_retained = msgspec.msgpack.Decoder(RetainedRecord).decode
        state.sessions = [decode_session(row[0]) for row in run("SELECT record FROM session ORDER BY number")]
        state.subscriptions = [decode_subscription(row[0]) for row in run("SELECT record FROM subscription")]
        state.retained = [decode_retained(row[0]) for row in run("SELECT record FROM retained ORDER BY topic")]
        decode_state = msgspec.msgpack.Decoder(StateRecord).decode
        state.state = [decode_state(row[0]) for row in run("SELECT record FROM state ORDER BY key")]
        state.received_qos2 = list(run("SELECT session, packet_id FROM received_qos2"))
        highest = dict(run("SELECT name, value FROM highest"))
        state.last_number, state.last_sequence = highest.get("number", 0), highest.get("sequence", 0)
        for session in state.sessions:
            number = (session.number,)
            state.queued += [_queued(row) for row in run(_SELECT_SENT, number)]
            head = self.read_queue(session.number, 0, queue_head)
            state.queued += head
            last = head[-1].sequence if head else 0
            count, size = run(
                "SELECT count(*), coalesce(sum(payload_bytes), 0) FROM queued"
                " WHERE session = ? AND sequence > ? AND packet_id = 0",
                (session.number, last),
            ).fetchone()
            if count:
                state.waiting[session.number] = (count, size)
        return state


def _rows(records: Iterable[QueuedRecord]) -> Iterable[tuple[object, ...]]:
    # A message for many sessions is encoded once.
    last: Message | None = None
    encoded = b""
    for record in records:
        message = record.message
        if message is not last:
            last, encoded = message, _encode(message)
        ids = _encode(record.subscription_ids) if record.subscription_ids else None
        yield (
            record.sequence,
            record.session,
            record.packet_id,
            record.is_released,
            record.expires_wall,
            message_bytes(message),
            ids,
            encoded,
        )


def _queued(row: tuple[int, int, bytes, bytes | None, float | None, int, int]) -> QueuedRecord:
    session, sequence, message, ids, expires_wall, packet_id, is_released = row
    return QueuedRecord(
        session,
        sequence,
        _decode_message(message),
        _decode_ids(ids) if ids is not None else (),
        expires_wall,
        packet_id,
        bool(is_released),
    )
