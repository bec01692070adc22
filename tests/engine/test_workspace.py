"""A data directory from outside the engine."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.engine.control_stand_in import answering
from tests.engine.manifests import write_flow
from tests.engine.stores import declared
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.store.resource_stores import ANNA, WALL

from tidegate.engine.changes import Edit
from tidegate.engine.given import given_by
from tidegate.engine.workspace import Reached, Workspace
from tidegate.exceptions import CredentialError, StoreFailed
from tidegate.settings import Settings


@contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    folder.mkdir(exist_ok=True)
    environment = {"XDG_CONFIG_HOME": str(folder.parent / "config")}
    with Workspace(Settings(data_dir=folder), environment=environment, now_wall=WALL) as workspace:
        yield workspace


def test_without_an_engine_the_store_is_changed_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as workspace:
        outcome = workspace.apply(Edit(put=declared(DEFAULT, CLOUD, UPLINK)), ANNA, WALL)
        assert not outcome.is_refused and workspace.given is None
        assert workspace.ring() == Reached("no-engine")
    with opened(tmp_path / "data") as workspace:
        assert len(workspace.store.resources()) == 3


def test_what_the_engine_was_given_counts(tmp_path: Path) -> None:
    data, manifests = tmp_path / "data", tmp_path / "manifests"
    data.mkdir()
    manifests.mkdir()
    file = write_flow(manifests)
    given = given_by([str(manifests)], Settings(data_dir=data, allow_remote_only=True, uses_store=True))
    applied = json.dumps({"at": "", "applied": True, "errors": []}).encode()
    with answering(data, given=given, reload=applied), opened(data) as workspace:
        outcome = workspace.apply(Edit(put=declared(CLOUD)), ANNA, WALL)
        assert outcome.is_refused and f"by a file, {file}, line" in outcome.diagnostics[0].message
        remote = CLOUD.replace("name: cloud", "name: other")
        flow = UPLINK.replace("endpointRef: default", "endpointRef: other").replace("north/", "x/")
        assert not workspace.apply(Edit(put=declared(remote, flow)), ANNA, WALL, dry_run=True).is_refused
        assert workspace.ring() == Reached("applied")


@pytest.mark.parametrize(
    ("uses_store", "reached"),
    [(True, Reached("rejected", ("an error",))), (False, Reached("not-looking"))],
)
def test_how_a_change_reaches_an_engine(tmp_path: Path, uses_store: bool, reached: Reached) -> None:
    given = given_by([], Settings(data_dir=tmp_path, uses_store=uses_store))
    rejected = json.dumps({"at": "", "applied": False, "errors": ["an error"]}).encode()
    with answering(tmp_path, given=given, reload=rejected), opened(tmp_path) as workspace:
        assert workspace.ring() == reached


def test_an_engine_that_has_ended_since_is_none(tmp_path: Path) -> None:
    given = given_by([], Settings(data_dir=tmp_path, uses_store=True))
    with ExitStack() as stack:
        with answering(tmp_path, given=given, reload=b"null"):
            workspace = stack.enter_context(opened(tmp_path))
        assert workspace.ring() == Reached("no-engine")


def test_a_key_beside_what_it_protects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="inside the data directory"):
        Workspace(Settings(data_dir=tmp_path, secrets_key_file=tmp_path / "key"), environment={}, now_wall=WALL)


def test_the_key_of_secrets_is_the_one_that_the_engine_uses(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: x}\n"
    given = given_by([], Settings(data_dir=data, uses_store=True, secrets_key_file=tmp_path / "its.key"))
    with answering(data, given=given, reload=b"null"), opened(data) as workspace:
        assert not workspace.apply(Edit(put=declared(secret)), ANNA, WALL).is_refused
    assert (tmp_path / "its.key").exists() and not (tmp_path / "config").exists()


def test_another_users_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 987_654)
    with pytest.raises(StoreFailed, match="it belongs to the user") as caught, opened(tmp_path / "data"):
        pass
    assert "sudo -u" in caught.value.hint
    assert not (tmp_path / "data" / "resources.db").exists()
    owner = (tmp_path / "data").stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner)
    with opened(tmp_path / "data"):
        pass


@pytest.mark.parametrize("answer", [None, b'{"paths": []}'])
def test_an_engine_of_another_version_is_said_to_be_one(tmp_path: Path, answer: bytes | None) -> None:
    with (
        answering(tmp_path, given=answer, reload=b"null"),
        pytest.raises(StoreFailed, match="of another version"),
        opened(tmp_path),
    ):
        pass


def test_an_engine_that_was_given_files_alone_has_nothing_to_do_with_the_store(tmp_path: Path) -> None:
    data, manifests = tmp_path / "data", tmp_path / "manifests"
    data.mkdir()
    manifests.mkdir()
    write_flow(manifests)
    given = given_by([str(manifests)], Settings(data_dir=data, secrets_key_file=tmp_path / "its.key"))
    with answering(data, given=given, reload=b"null"), opened(data) as workspace:
        assert workspace.given is None and workspace.settings.secrets_key_file is None
        assert not workspace.apply(Edit(put=declared(CLOUD)), ANNA, WALL).is_refused
        assert workspace.ring() == Reached("not-looking")
