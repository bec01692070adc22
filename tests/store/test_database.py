"""A SQLite file that is private, synced, and set aside when it is not ours."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tidegate.store.database import Layout, SetAside, open_anew, open_database, store_failed

WALL = 1_700_000_000.0
FIRST = Layout(7, {1: "CREATE TABLE one (value TEXT);"})
SECOND = Layout(7, {**FIRST.steps, 2: "CREATE TABLE two (value TEXT);"})


def opened(path: Path, layout: Layout = FIRST) -> sqlite3.Connection:
    database, set_aside = open_database(path, layout, now_wall=WALL)
    assert set_aside is None
    return database


def test_layouts_are_taken_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.db"
    with closing(opened(path)) as database:
        database.execute("INSERT INTO one VALUES ('kept')")
    with closing(opened(path, SECOND)) as database:
        assert database.execute("SELECT value FROM one").fetchall() == [("kept",)]
        assert database.execute("SELECT value FROM two").fetchall() == []
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_later_layout_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    opened(path, SECOND).close()
    database, set_aside = open_database(path, FIRST, now_wall=WALL)
    database.close()
    assert set_aside == SetAside(
        str(path),
        str(tmp_path / "file.db.set-aside-20231114T221320Z"),
        "it was written by a later version of Tidegate (layout 2)",
    )
    assert Path(set_aside.set_aside).exists()


def test_what_only_its_owner_finds_unreadable_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    opened(path).close()
    database, set_aside = open_anew(path, FIRST, "a record that cannot be read", now_wall=WALL)
    database.close()
    assert set_aside.reason == "a record that cannot be read"
    assert Path(set_aside.set_aside).exists()


def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    opened(path).close()
    path.chmod(0o644)
    opened(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


OPENS = """
import sys
from pathlib import Path
from tests.store.test_database import FIRST, WALL
from tidegate.store.database import open_database
database, set_aside = open_database(Path(sys.argv[1]), FIRST, now_wall=WALL, busy_seconds=30)
database.execute("INSERT INTO one VALUES ('row')")
print("aside" if set_aside else "used")
"""


def test_of_many_processes_one_sets_a_foreign_file_aside_and_all_use_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    path.write_bytes(b"notes, and no database\n" * 100)
    command = [sys.executable, "-c", OPENS, str(path)]
    openers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = sorted(opener.communicate(timeout=60)[0].strip() for opener in openers)
    assert said == ["aside", *["used"] * 5]
    with closing(opened(path)) as database:
        assert database.execute("SELECT count(*) FROM one").fetchone() == (6,)
    assert len(list(tmp_path.glob("*.set-aside-*Z"))) == 1


def test_errors_become_ours(tmp_path: Path) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert store_failed(tmp_path, full).is_full
    assert not store_failed(tmp_path, OSError("no")).is_full
    with pytest.raises(FileExistsError):
        open_database(Path("/dev/null/file.db"), FIRST, now_wall=WALL)
