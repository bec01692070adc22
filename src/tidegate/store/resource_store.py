"""Declared resources in one SQLite file that several processes share: versions, history, encrypted secrets.

Knows documents, and which part of a `Secret` is its content. Does not know what resources mean or whether they are valid
(`engine/changes.py`), nor where the key of secrets lies.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tidegate.exceptions import StoreConflict, StoreFailed
from tidegate.resources.differences import differences
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Json
from tidegate.store.database import Layout, SetAside, open_database, store_failed
from tidegate.store.stored import (
    Action,
    Author,
    Cipher,
    Document,
    StoredChange,
    StoredResource,
)

__all__ = ["ANY_VERSION", "APPLICATION_ID", "DOCUMENT_BYTES_MAX", "ResourceStore", "Transaction", "stored_names"]

APPLICATION_ID = 0x7467_7273
"""`tgrs`, by which SQLite's header says whose file it is."""

DOCUMENT_BYTES_MAX = 4 * 1024 * 1024
"""The largest resource, as JSON."""

CHANGES_PER_RESOURCE_MAX = 100
"""So many of the latest changes of one resource are kept."""

CHANGES_MAX = 100_000
"""So many of the latest changes of all resources are kept."""

BUSY_SECONDS_MAX = 30.0
"""How long a writer waits for another."""

ANY_VERSION = -1
"""Stands for whatever version a resource has, or for its absence, where a change says which one it expects."""

_LAYOUT_1 = """
CREATE TABLE resource (kind TEXT, name TEXT, version INTEGER NOT NULL, generation INTEGER NOT NULL,
    created_wall REAL NOT NULL, created_by TEXT NOT NULL, changed_wall REAL NOT NULL, changed_by TEXT NOT NULL,
    document TEXT NOT NULL, sealed BLOB, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE change (version INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL,
    action TEXT NOT NULL, generation INTEGER NOT NULL, at_wall REAL NOT NULL, author TEXT NOT NULL, means TEXT NOT NULL,
    document TEXT, sealed BLOB);
CREATE INDEX change_of_resource ON change (kind, name, version);
"""
_LAYOUT = Layout(APPLICATION_ID, {1: _LAYOUT_1})

_RESOURCE = (
    "SELECT kind, name, version, generation, created_wall, created_by, changed_wall, changed_by, document, sealed"
    " FROM resource "
)
_CHANGE = "SELECT version, kind, name, action, generation, at_wall, author, means, document, sealed FROM change "
_NAMES = "SELECT name FROM resource WHERE kind = :kind"
_NAMES_OF_CHANGES = "SELECT name FROM change WHERE kind = :kind"
_BEFORE_ALL = ResourceKey("", "")
_SECRET_FIELDS = ("data", "stringData")


class ResourceStore:
    """One open file. Its methods are called by one thread at a time; other processes may use the file meanwhile."""

    def __init__(self, path: Path, database: sqlite3.Connection, cipher: Cipher) -> None:
        self._path = path
        self._database = database
        self._cipher = cipher

    @classmethod
    def open(cls, path: Path, cipher: Cipher, *, now_wall: float) -> "tuple[ResourceStore, SetAside | None]":
        """Open the file, or make it. What is damaged or not ours is set aside and reported, never removed.

        Raises:
            StoreFailed: the folder or file cannot be used.
        """
        try:
            database, set_aside = open_database(path, _LAYOUT, now_wall=now_wall, busy_seconds=BUSY_SECONDS_MAX)
        except (sqlite3.Error, OSError) as error:
            raise store_failed(path, error) from error
        return cls(path, database, cipher), set_aside

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def version(self) -> int:
        """Return the version of the last change of all, 0 where there was none. Raises `StoreFailed`, as all below."""
        with self._failures():
            row = self._database.execute("SELECT max(version) FROM change").fetchone()
            return int(row[0] or 0)

    def data_version(self) -> int:
        """Return a number that differs from the last one when another process has changed the file; cheap to poll."""
        with self._failures():
            return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def get(self, key: ResourceKey) -> StoredResource | None:
        """Return one resource, None when there is none."""
        with self._failures():
            row = self._database.execute(_RESOURCE + "WHERE kind = ? AND name = ?", key).fetchone()
            return self._resource(row) if row is not None else None

    def resources(
        self, kind: str | None = None, *, after: ResourceKey = _BEFORE_ALL, limit: int | None = None
    ) -> list[StoredResource]:
        """Return the resources of one kind, or all, in the order of kind and name, as of one moment.

        Args:
            after: the last one of the page before.
            limit: how many at most.
        """
        where = "WHERE (kind, name) > (?, ?) "
        values = [*after]
        if kind is not None:
            where += "AND kind = ? "
            values.append(kind)
        with self._failures():
            ordered = f"{_RESOURCE}{where}ORDER BY kind, name LIMIT ?"
            rows = self._database.execute(ordered, (*values, -1 if limit is None else limit)).fetchall()
            return [self._resource(row) for row in rows]

    def history(
        self, key: ResourceKey | None = None, *, before: int | None = None, limit: int | None = None
    ) -> list[StoredChange]:
        """Return changes, the latest first, of one resource or of all.

        Args:
            before: only versions below this one.
            limit: how many at most.
        """
        where = "WHERE version < ? "
        values: list[object] = [before if before is not None else 2**63 - 1]
        if key is not None:
            where += "AND kind = ? AND name = ? "
            values += key
        with self._failures():
            ordered = f"{_CHANGE}{where}ORDER BY version DESC LIMIT ?"
            rows = self._database.execute(ordered, (*values, -1 if limit is None else limit)).fetchall()
            return [self._change(row) for row in rows]

    @contextmanager
    def transaction(self, author: Author, now_wall: float) -> "Iterator[Transaction]":
        """Change resources while no other process does; all of it is on the disk when this ends, or none.

        What is read from the store inside is what the changes are made to.

        Raises:
            StoreFailed: another process holds the file for too long, or it cannot be written; nothing was changed.
        """
        database = self._database
        with self._failures():
            try:
                database.execute("BEGIN IMMEDIATE")
                yield Transaction(self, author, now_wall)
                database.execute("COMMIT")
            finally:
                if database.in_transaction:
                    database.execute("ROLLBACK")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise store_failed(self._path, error) from error

    def _resource(self, row: tuple[str, str, int, int, float, str, float, str, str, bytes | None]) -> StoredResource:
        kind, name, version, generation, created_wall, created_by, changed_wall, changed_by, text, sealed = row
        key = ResourceKey(kind, name)
        document, is_locked = self._whole(key, text, sealed)
        return StoredResource(
            key=key,
            document=document,
            version=version,
            generation=generation,
            created_wall=created_wall,
            created_by=created_by,
            changed_wall=changed_wall,
            changed_by=changed_by,
            is_locked=is_locked,
        )

    def _change(
        self, row: tuple[int, str, str, Action, int, float, str, str, str | None, bytes | None]
    ) -> StoredChange:
        version, kind, name, action, generation, at_wall, author, means, text, sealed = row
        key = ResourceKey(kind, name)
        document, is_locked = self._whole(key, text, sealed) if text is not None else (None, False)
        return StoredChange(
            version=version,
            key=key,
            action=action,
            generation=generation,
            at_wall=at_wall,
            author=Author(author, means),
            document=document,
            is_locked=is_locked,
        )

    def _whole(self, key: ResourceKey, text: str, sealed: bytes | None) -> tuple[Document, bool]:
        document: Document = json.loads(text)
        if sealed is None:
            return document, False
        plain = self._cipher.unseal(sealed, _context(key))
        if plain is None:
            return document, True
        return {**document, **json.loads(plain)}, False

    def _parted(self, key: ResourceKey, document: Document) -> tuple[str, bytes | None]:
        """Return what is stored as it is, and the content of a secret, encrypted."""
        sealed = None
        if key.kind == "Secret":
            content = {name: document[name] for name in _SECRET_FIELDS if document.get(name)}
            if content:
                sealed = self._cipher.seal(_text(content).encode(), _context(key))
                document = {name: _emptied(value) if name in content else value for name, value in document.items()}
        text = _text(document)
        if len(text.encode()) + len(sealed or b"") > DOCUMENT_BYTES_MAX:
            raise StoreFailed(
                str(self._path),
                f"{key} is larger than {DOCUMENT_BYTES_MAX // 1024 // 1024} MiB",
                hint="make it smaller",
            )
        return text, sealed


class Transaction:
    """Changes that are made together. See `ResourceStore.transaction`."""

    def __init__(self, store: ResourceStore, author: Author, now_wall: float) -> None:
        self._store = store
        self._author = author
        self._now_wall = now_wall

    def put(self, document: Document, expected: int = ANY_VERSION) -> StoredResource:
        """Create or replace a resource; where nothing of it changes, nothing is written.

        Args:
            expected: the version that it has; 0 when it must not be there.

        Raises:
            StoreConflict: it has another version.
            StoreFailed: it is too large.
        """
        key = _key(document)
        before = self._expect(key, expected)
        if before is not None and not before.is_locked and not differences(before.document, document):
            return before
        generation = 1
        if before is not None:
            generation = before.generation + (
                before.is_locked or bool(differences(_said(before.document), _said(document)))
            )
        text, sealed = self._store._parted(key, document)
        version = self._record(key, "created" if before is None else "updated", generation, text, sealed)
        created = (
            (before.created_wall, before.created_by) if before is not None else (self._now_wall, self._author.name)
        )
        row = (*key, version, generation, *created, self._now_wall, self._author.name, text, sealed)
        self._run("REPLACE INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return self._store._resource(row)

    def delete(self, key: ResourceKey, expected: int = ANY_VERSION) -> StoredResource | None:
        """Remove a resource and return what it was, None when there was none. Raises as `put`."""
        found = self._expect(key, expected)
        if found is not None:
            self._record(found.key, "deleted", found.generation, None, None)
            self._run("DELETE FROM resource WHERE kind = ? AND name = ?", found.key)
        return found

    def _expect(self, key: ResourceKey, expected: int) -> StoredResource | None:
        found = self._store.get(key)
        version = found.version if found is not None else 0
        if expected not in (ANY_VERSION, version):
            raise StoreConflict(str(key), expected, version)
        return found

    def _record(self, key: ResourceKey, action: Action, generation: int, text: str | None, sealed: bytes | None) -> int:
        row = (*key, action, generation, self._now_wall, *self._author, text, sealed)
        inserted = self._run(
            "INSERT INTO change (kind, name, action, generation, at_wall, author, means, document, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        version = inserted.lastrowid
        assert version is not None
        self._run(
            "DELETE FROM change WHERE kind = ? AND name = ? AND version <="
            " (SELECT version FROM change WHERE kind = ? AND name = ? ORDER BY version DESC LIMIT 1 OFFSET ?)",
            (*key, *key, CHANGES_PER_RESOURCE_MAX),
        )
        self._run("DELETE FROM change WHERE version <= ?", (version - CHANGES_MAX,))
        return version

    def _run(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        return self._store._database.execute(statement, values)


def stored_names(path: Path, kind: str, *, with_deleted: bool = False) -> list[str]:
    """Return the names of one kind, in order, for whoever must leave no trace and not wait: nothing is made, mended or set aside.

    Raises:
        StoreFailed: there is no file, or it cannot be read just now.
    """
    # Where there is no log nobody writes, and SQLite would make a log and its index only to read.
    at_rest = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    names = f"{_NAMES} UNION {_NAMES_OF_CHANGES}" if with_deleted else _NAMES
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{at_rest}", uri=True, timeout=0)) as database:
            return [name for (name,) in database.execute(f"{names} ORDER BY name", {"kind": kind})]
    except sqlite3.Error as error:
        raise store_failed(path, error) from error


def _key(document: Document) -> ResourceKey:
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    return ResourceKey(str(document["kind"]), str(metadata["name"]))


def _said(document: Document) -> Document:
    """Return what a resource says: everything but its metadata."""
    return {name: value for name, value in document.items() if name != "metadata"}


def _text(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _emptied(content: Json) -> Json:
    return dict.fromkeys(content, "") if isinstance(content, dict) else {}


def _context(key: ResourceKey) -> bytes:
    return str(key).encode()
