"""Declared resources on disk: versions, history, secrets, several writers, kills."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.resource_stores import ANNA, WALL, document, opened, store_in

from tidegate.exceptions import CredentialError, StoreConflict, StoreFailed
from tidegate.resources.resource_key import ResourceKey
from tidegate.store import resource_store
from tidegate.store.resource_store import ResourceStore, stored_names
from tidegate.store.stored import Author, Document, StoredResource

BEN = Author("ben", "tidegate delete")
HUSH = "aHVzaC1odXNo"


def put(store: ResourceStore, *documents: Document, author: Author = ANNA, expected: int = -1) -> StoredResource:
    with store.transaction(author, WALL) as transaction:
        return [transaction.put(each, expected) for each in documents][-1]


def test_versions_and_generations(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert (store.version(), store.get(ResourceKey("ConfigMap", "a")), store.resources()) == (0, None, [])
    first = put(store, document("a", data={"k": "1"}))
    assert (first.version, first.generation, first.created_by, first.changed_wall) == (1, 1, "anna", WALL)
    again = put(store, document("a", data={"k": "1"}), author=BEN)
    assert again == first
    labelled: Document = {**document("a", data={"k": "1"}), "metadata": {"name": "a", "labels": {"x": "y"}}}
    second = put(store, labelled, author=BEN)
    assert (second.version, second.generation, second.created_by, second.changed_by) == (2, 1, "anna", "ben")
    third = put(store, document("a", data={"k": "2"}))
    assert (third.version, third.generation) == (3, 2)
    store.close()
    store = store_in(tmp_path)
    assert store.get(ResourceKey("ConfigMap", "a")) == third
    assert store.version() == 3


def test_a_change_for_another_version_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, document("a"))
    with pytest.raises(StoreConflict, match="ConfigMap/a was changed by somebody else: it has version 1 now"):
        put(store, document("b"), document("a", data={}), expected=0)
    assert store.get(ResourceKey("ConfigMap", "b")) is None
    put(store, document("a", data={}), expected=1)
    with pytest.raises(StoreConflict, match="it is not there now, the change is for version 7"):
        put(store, document("b"), expected=7)
    with pytest.raises(StoreConflict), store.transaction(BEN, WALL) as transaction:
        transaction.delete(ResourceKey("ConfigMap", "a"), 1)
    with store.transaction(BEN, WALL) as transaction:
        gone = transaction.delete(ResourceKey("ConfigMap", "a"), 2)
        assert gone is not None and gone.version == 2
        assert transaction.delete(ResourceKey("ConfigMap", "a")) is None


def test_pages(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, *(document(name, kind) for kind in ("ConfigMap", "Dataflow") for name in ("a", "b", "c")))
    first = store.resources(limit=4)
    assert first[-1].key == ("Dataflow", "a")
    assert [each.key.name for each in store.resources(after=first[-1].key, limit=4)] == ["b", "c"]
    assert [each.key.name for each in store.resources("ConfigMap", after=ResourceKey("ConfigMap", "a"))] == ["b", "c"]


def test_history_says_who_changed_what_when_and_by_what(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, document("a", data={"k": "1"}))
    put(store, document("b"))
    with store.transaction(BEN, WALL + 5) as transaction:
        transaction.delete(ResourceKey("ConfigMap", "a"))
    put(store, document("a", data={"k": "2"}))
    shown = [
        (each.version, each.action, each.author.name, each.document)
        for each in store.history(ResourceKey("ConfigMap", "a"))
    ]
    assert shown == [
        (4, "created", "anna", document("a", data={"k": "2"})),
        (3, "deleted", "ben", None),
        (1, "created", "anna", document("a", data={"k": "1"})),
    ]
    assert [each.version for each in store.history(before=4, limit=2)] == [3, 2]
    assert store.history()[1].author == BEN and store.history()[1].at_wall == WALL + 5


def test_history_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource_store, "CHANGES_PER_RESOURCE_MAX", 3)
    monkeypatch.setattr(resource_store, "CHANGES_MAX", 6)
    store = store_in(tmp_path)
    put(store, document("b"))
    for number in range(5):
        put(store, document("a", data={"k": str(number)}))
    assert [each.version for each in store.history()] == [6, 5, 4, 1]
    put(store, document("c"))
    assert [each.version for each in store.history()] == [7, 6, 5, 4]


def test_a_change_is_seen_by_others(tmp_path: Path) -> None:
    store, other = store_in(tmp_path), store_in(tmp_path)
    before = store.data_version()
    assert store.data_version() == before
    put(store, document("a"))
    assert store.data_version() == before
    put(other, document("b"))
    assert store.data_version() != before
    assert [each.key.name for each in store.resources()] == ["a", "b"]


def test_an_error_inside_a_transaction_changes_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    with pytest.raises(KeyError), store.transaction(ANNA, WALL) as transaction:
        transaction.put(document("a"))
        raise KeyError
    assert store.resources() == []
    put(store, document("b"))


def test_a_resource_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource_store, "DOCUMENT_BYTES_MAX", 200)
    store = store_in(tmp_path)
    with pytest.raises(StoreFailed, match="ConfigMap/a is larger"):
        put(store, document("a", data={"k": "x" * 200}))
    with pytest.raises(StoreFailed, match="Secret/a is larger"):
        put(store, document("a", "Secret", data={"k": "x" * 200}))


def secret(name: str = "client", **fields: object) -> Document:
    return document(name, "Secret", type="Opaque", data={"key": HUSH}, **fields)


def test_promise_05_the_content_of_secrets_is_encrypted_and_the_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = store_in(tmp_path)
        stored = put(store, secret(stringData={"pass": "canary-text"}))
    finally:
        os.umask(before)
    assert stored.document == secret(stringData={"pass": "canary-text"})
    assert store.get(ResourceKey("Secret", "client")) == stored
    assert store.history()[0].document == stored.document
    files = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "data").iterdir()}
    assert files == {"resources.db": 0o600, "resources.db-wal": 0o600, "resources.db-shm": 0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "config" / "secrets.key").stat().st_mode & 0o777 == 0o600
    store.close()
    for path in (tmp_path / "data").iterdir():
        written = path.read_bytes()
        assert HUSH.encode() not in written and b"canary" not in written and b"hush" not in written


def test_the_same_secret_again_is_no_change(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert put(store, secret()) == put(store, secret())
    assert put(store, secret(immutable=True)).generation == 2


@pytest.mark.parametrize("loss", ["removed", "another"])
def test_a_lost_key_leaves_all_else_readable(tmp_path: Path, loss: str) -> None:
    store = store_in(tmp_path)
    put(store, document("a", data={"k": "v"}), secret())
    store.close()
    key = tmp_path / "config" / "secrets.key"
    key.unlink()
    if loss == "another":
        key.write_bytes(bytes(32))
        key.chmod(0o600)
    store = store_in(tmp_path)
    found = store.get(ResourceKey("Secret", "client"))
    assert found is not None and found.is_locked
    assert found.document == {**secret(), "data": {"key": ""}}
    other = store.get(ResourceKey("ConfigMap", "a"))
    assert other is not None and not other.is_locked
    assert [each.is_locked for each in store.history()] == [True, False]
    given_anew = put(store, secret())
    assert (given_anew.is_locked, given_anew.generation) == (False, 2)
    assert store.get(ResourceKey("Secret", "client")) == given_anew


def test_a_sealed_content_belongs_to_its_secret(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, secret("one"), secret("two"))
    store.close()
    with closing(sqlite3.connect(tmp_path / "data" / "resources.db")) as database:
        database.execute("UPDATE resource SET sealed = (SELECT sealed FROM resource WHERE name = 'one')")
        database.commit()
    store = store_in(tmp_path)
    assert [each.is_locked for each in store.resources()] == [False, True]


def test_a_key_inside_the_data_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="inside the data directory"):
        opened(tmp_path, key=tmp_path / "data" / "x" / ".." / "secrets.key")


@pytest.mark.parametrize("kind", ["text", "foreign", "torn"])
def test_what_is_not_ours_is_set_aside_and_kept(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data" / "resources.db"
    store = store_in(tmp_path)
    put(store, *(document(f"entry-{number}", data={"k": "v" * 500}) for number in range(50)))
    store.close()
    if kind == "text":
        path.write_bytes(b"these are notes and no database\n" * 200)
    elif kind == "foreign":
        path.unlink()
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE recipes (name TEXT)")
    else:
        data = bytearray(path.read_bytes())
        data[4096:12288] = os.urandom(8192)
        path.write_bytes(data)
    before = path.read_bytes()
    store, set_aside = opened(tmp_path)
    assert set_aside is not None and Path(set_aside.set_aside).read_bytes() == before
    assert store.resources() == []
    put(store, document("a"))


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreFailed):
        opened(tmp_path)


def test_a_writer_that_does_not_end_is_waited_for_and_then_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource_store, "BUSY_SECONDS_MAX", 0.05)
    store, other = store_in(tmp_path), store_in(tmp_path)
    with store.transaction(ANNA, WALL):
        assert other.resources() == []
        with pytest.raises(StoreFailed, match="another process writes to it"):
            put(other, document("a"))


WRITER = [sys.executable, "-m", "tests.store.resource_stores"]


def test_concurrent_writers_lose_no_update(tmp_path: Path) -> None:
    writers = [subprocess.Popen([*WRITER, "count", str(tmp_path), "25"]) for _ in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    store = store_in(tmp_path)
    counter = store.get(ResourceKey("ConfigMap", "counter"))
    assert counter is not None
    assert (counter.document["data"], counter.version, counter.generation) == ({"n": "100"}, 100, 100)


@pytest.mark.parametrize("statements", range(40, 56))
def test_a_killed_writer_leaves_every_acknowledged_write(tmp_path: Path, statements: int) -> None:
    command = [*WRITER, "write", str(tmp_path), str(statements)]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    said = list(map(int, killed.stdout.split()))
    assert len(said) > 1
    store = store_in(tmp_path)
    kept = {each.key.name for each in store.resources()}
    assert {f"entry-{number}" for number in said} <= kept
    last = store.get(ResourceKey("ConfigMap", "last"))
    assert last is not None and isinstance(last.document["data"], dict)
    # Both resources of one transaction, or neither; and every change of either.
    assert kept == {"last", *(f"entry-{number}" for number in range(int(str(last.document["data"]["n"])) + 1))}
    assert len(store.history()) == 2 * (len(kept) - 1) == store.version()
    put(store, document("after"))


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_names_are_read_without_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "data" / "resources.db"
    path.parent.mkdir(mode=0o700)
    with pytest.raises(StoreFailed):
        stored_names(path, "ConfigMap")
    assert names_in(path.parent) == []
    store = store_in(tmp_path)
    put(store, document("b", data={"k": "1"}), document("a", data={"k": "1"}))
    with store.transaction(ANNA, WALL) as transaction:
        transaction.delete(ResourceKey("ConfigMap", "b"))
    files = names_in(path.parent)
    assert stored_names(path, "ConfigMap") == ["a"], "beside a writer"
    assert names_in(path.parent) == files
    store.close()
    files = names_in(path.parent)
    assert stored_names(path, "ConfigMap") == ["a"], "with nobody there"
    assert stored_names(path, "ConfigMap", with_deleted=True) == ["a", "b"]
    assert stored_names(path, "Secret") == []
    assert names_in(path.parent) == files


def test_names_of_what_is_no_store_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreFailed):
        stored_names(path, "ConfigMap")
    assert names_in(tmp_path) == [path.name]
