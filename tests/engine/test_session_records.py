from pathlib import Path

from tests.engine.skipping_loop import run

from tidegate.engine.session_records import SessionRecords

CLIENT_ID = "tidegate-a/b-0-source"


def test_what_was_recorded_last_is_what_the_next_start_sees(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a/#", "b"))
    records.record(CLIENT_ID, ("b",))
    records.close()
    assert run(SessionRecords(tmp_path).held_filters(CLIENT_ID)) == {"b"}


def test_nothing_is_known_of_another_client_id(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    assert run(records.held_filters("another")) == frozenset()


def test_an_ended_session_is_forgotten(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",))
    records.forget(CLIENT_ID)
    records.forget(CLIENT_ID).result()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",)).result()
    (path,) = tmp_path.iterdir()
    for damaged in (b"", b"{", b"[1]", b'{"client_id": "other"}', path.read_bytes().replace(b'["a"]', b"7")):
        path.write_bytes(damaged)
        assert run(records.held_filters(CLIENT_ID)) == frozenset()


def test_an_unchanged_record_is_not_written_again(tmp_path: Path) -> None:
    records = SessionRecords(tmp_path)
    records.record(CLIENT_ID, ("a",)).result()
    (path,) = tmp_path.iterdir()
    before = path.stat().st_ino
    records.record(CLIENT_ID, ("a",)).result()
    assert path.stat().st_ino == before
