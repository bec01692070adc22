import json
from pathlib import Path

import pytest

from tidegate.engine.session_records import SessionRecords

CLIENT_ID = "tidegate-a/b-0-source"


def test_a_record_is_in_its_file_before_the_next_step(tmp_path: Path) -> None:
    SessionRecords(tmp_path).record(CLIENT_ID, ("a",))
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_bytes()) == {"client_id": CLIENT_ID, "topic_filters": ["a"]}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_record_that_cannot_be_written_is_said_and_leaves_the_old_one(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    (path,) = tmp_path.iterdir()
    path.with_suffix(".new").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        records.record(CLIENT_ID, ("b",))
    assert records.held_filters(CLIENT_ID) == {"a"}


def test_what_was_recorded_last_is_what_the_next_start_sees(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a/#", "b"))
    records.record(CLIENT_ID, ("b",))
    records.close()
    assert SessionRecords(tmp_path).held_filters(CLIENT_ID) == {"b"}


def test_nothing_is_known_of_another_client_id(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    assert records.held_filters("another") == frozenset()


def test_of_a_session_that_holds_nothing_there_is_no_record(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    records.record(CLIENT_ID, ())
    records.record(CLIENT_ID, ())
    records.close()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    (path,) = tmp_path.iterdir()
    for damaged in (b"", b"{", b"[1]", b'{"client_id": "other"}', path.read_bytes().replace(b'["a"]', b"7")):
        path.write_bytes(damaged)
        assert records.held_filters(CLIENT_ID) == frozenset()


def test_an_unchanged_record_is_not_written_again(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    (path,) = tmp_path.iterdir()
    before = path.stat().st_ino
    records.record(CLIENT_ID, ("a",))
    assert path.stat().st_ino == before
