"""One SQLite file: private, with a write-ahead log, synced at every commit; what is torn or not ours is set aside.

Knows what to do with a file that is damaged, foreign or of another layout. Does not know what the tables mean.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidegate.exceptions import StoreFailed

__all__ = ["Layout", "SetAside", "open_anew", "open_database", "store_failed"]

CHECKPOINT_PAGES = 4_000
"""From this many pages (of 4 KiB) in the write-ahead log on, a commit writes them back."""

# A foreign file may be anything: these are the errors by which SQLite says that it is none of its own, or torn.
_NOT_OURS = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file of ours holds.

    `application_id` stands in SQLite's header and says whose file it is. `steps` has for each layout, from 1 on, the
    statements that make it from the one before.
    """

    application_id: int
    steps: Mapping[int, str]

    @property
    def version(self) -> int:
        """The newest layout."""
        return max(self.steps)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that could not be used was renamed, and a new one begun."""

    path: str
    set_aside: str
    reason: str

    def __str__(self) -> str:
        return f"the store {self.path} was set aside as {self.set_aside}: {self.reason}"


def open_database(
    path: Path, layout: Layout, *, now_wall: float, busy_seconds: float = 5.0
) -> tuple[sqlite3.Connection, SetAside | None]:
    """Open the file, or make it with its folder.

    A file that is corrupt, another program's or of a later layout is set aside and reported, never removed.

    Args:
        now_wall: the time for the name of a file that is set aside.
        busy_seconds: how long a statement waits for another process that writes.

    Raises:
        sqlite3.Error, OSError: the folder or file cannot be used; see `store_failed`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path.parent):
        database, reason = _open(path, layout, busy_seconds)
        if reason is None:
            return database, None
        database.close()
        aside = _set_aside(path, reason, now_wall)
        return _open(path, layout, busy_seconds)[0], aside


def open_anew(path: Path, layout: Layout, reason: str, *, now_wall: float) -> tuple[sqlite3.Connection, SetAside]:
    """Set a closed file aside for a reason that only its owner could see, and begin a new one. Raises as `open_database`."""
    with _alone(path.parent):
        aside = _set_aside(path, reason, now_wall)
        return _open(path, layout, 5.0)[0], aside


def store_failed(path: Path, error: Exception) -> StoreFailed:
    """Say an error of SQLite or of the file system as ours."""
    code = getattr(error, "sqlite_errorcode", None)
    code = code & 0xFF if code is not None else None
    if code == sqlite3.SQLITE_BUSY:
        return StoreFailed(str(path), "another process writes to it and does not end", hint="try again in a while")
    return StoreFailed(str(path), str(error), is_full=code == sqlite3.SQLITE_FULL)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from making or setting aside a file of the same folder meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path, layout: Layout, busy_seconds: float) -> tuple[sqlite3.Connection, str | None]:
    """Open or make the file; return also why it is not for use."""
    try:
        # Made here, with its mode, before SQLite writes anything; the log and its index take the file's mode. A file that
        # is there is not opened: to close it would give up the locks that this process has on it by POSIX's rules.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    database = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        is_new = path.stat().st_size == 0
        owner = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if not is_new and owner != layout.application_id:
            return database, "it is the database of another program"
        if version > layout.version:
            return database, f"it was written by a later version of Tidegate (layout {version})"
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        if version < layout.version:
            if is_new:
                database.execute(f"PRAGMA application_id = {layout.application_id}")
            steps = "".join(statements for step, statements in sorted(layout.steps.items()) if step > version)
            database.executescript(f"BEGIN; {steps} PRAGMA user_version = {layout.version}; COMMIT;")
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        return database, None if found == "ok" else f"it is damaged: {found}"
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _NOT_OURS:
            database.close()
            raise
        return database, f"it is damaged or no database: {error}"


def _set_aside(path: Path, reason: str, now_wall: float) -> SetAside:
    stamp = datetime.fromtimestamp(now_wall, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.set-aside-{stamp}")
    number = 1
    while aside.exists():
        aside = path.with_name(f"{path.name}.set-aside-{stamp}-{number}")
        number += 1
    for suffix in ("", "-wal", "-shm"):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(aside.with_name(aside.name + suffix))
    return SetAside(str(path), str(aside), reason)
