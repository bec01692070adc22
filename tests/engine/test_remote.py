"""`engine/remote.py`: a store behind a server, used as one that lies here."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.web.served import served

from tidegate.engine.changes import Edit
from tidegate.engine.remote import RemoteWorkspace
from tidegate.exceptions import CredentialError, ServerFailed
from tidegate.resources.manifest import parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import SourceText
from tidegate.store.stored import Author

ME = Author("me", "tidegate apply")
KEY = ResourceKey("DataflowEndpoint", "cloud")


def test_what_is_changed_there_is_read_there(tmp_path: Path) -> None:
    with served(tmp_path) as (api, server), RemoteWorkspace(server) as there:
        assert there.store.get(KEY) is None
        outcome = there.apply(Edit(put=parse([SourceText("cloud.yaml", CLOUD)]), expected={KEY: 0}), ME, 0.0)
        assert [(each.key, each.action, each.version) for each in outcome.changes] == [(KEY, "created", 1)]
        assert there.ring().how == "no-engine"
        stored = there.store.get(KEY)
        assert stored is not None and stored.changed_by == "api"
        with api.workspace() as workspace:
            assert workspace.store.get(KEY) == stored
            assert workspace.store.history() == there.store.history(KEY)
        with pytest.raises(ServerFailed, match="was changed by somebody else"):
            there.apply(Edit(delete=(KEY,), expected={KEY: 9}), ME, 0.0)
        with pytest.raises(ServerFailed, match="was changed by somebody else"):
            there.apply(Edit(delete=(KEY,), store_version=9), ME, 0.0)


def test_findings_point_into_the_text_that_was_read_here(tmp_path: Path) -> None:
    text = CLOUD + CLOUD.replace("cloud", "other").replace(
        "Anonymous}", "X509Certificate,\n        x509CertificateSettings: {secretRef: gone}}"
    )
    with served(tmp_path) as (api, server), RemoteWorkspace(server) as there, api.workspace() as here:
        edit = Edit(put=parse([SourceText("two.yaml", text)]))
        remote = there.apply(edit, ME, 0.0, dry_run=True)
        local = here.apply(edit, ME, 0.0, dry_run=True)
    assert local.diagnostics and remote.diagnostics == local.diagnostics
    assert remote.changes == local.changes
    assert remote.lines["two.yaml"] == local.lines["two.yaml"]


@pytest.mark.parametrize("written", ['"$1 >> 5"', "'$1 >> 5'", "$1 >> 5", "|-\n              $1 +\n              >> 5"])
def test_findings_within_a_text_point_at_the_very_characters(tmp_path: Path, written: str) -> None:
    step = (
        "    - operationType: BuiltInTransformation\n"
        "      builtInTransformationSettings:\n"
        f"        filter:\n          - inputs: [temperature]\n            expression: {written}\n"
    )
    flow = UPLINK.replace("    - operationType: Destination", f"{step}    - operationType: Destination")
    with served(tmp_path) as (api, server), RemoteWorkspace(server) as there, api.workspace() as here:
        edit = Edit(put=parse([SourceText("flow.yaml", DEFAULT + CLOUD + flow)]))
        remote = there.apply(edit, ME, 0.0, dry_run=True)
        local = here.apply(edit, ME, 0.0, dry_run=True)
    assert "expression" in {each.code for each in local.diagnostics}
    assert remote.diagnostics == local.diagnostics


def test_an_edit_with_errors_of_its_own_is_not_sent(tmp_path: Path) -> None:
    with served(tmp_path) as (_, server):
        there = RemoteWorkspace(replace(server, url="https://localhost:1"))
        outcome = there.apply(Edit(put=parse([SourceText("cloud.yaml", "kind: [")])), ME, 0.0)
        assert outcome.is_refused and outcome.diagnostics


def test_a_server_that_cannot_be_asked_is_named_with_a_remedy(tmp_path: Path) -> None:
    with served(tmp_path) as (_, server):
        (tmp_path / "other").mkdir()
        with served(tmp_path / "other") as (_, other):
            with pytest.raises(ServerFailed, match="certificate is not trusted") as caught:
                RemoteWorkspace(replace(server, ca_file=other.ca_file)).store.resources()
            assert "--ca-file" in str(caught.value.hint)
        with pytest.raises(ServerFailed, match="does not answer: connection refused"):
            RemoteWorkspace(replace(server, url="https://localhost:1")).store.resources()
        server.token_file.write_text("x" * 32)
        with pytest.raises(ServerFailed, match="bearer token is not one of this server"):
            RemoteWorkspace(server).store.resources()
        for url in ("http://localhost:8443", "localhost:8443", "https://localhost:x", "https://localhost/a"):
            with pytest.raises(ServerFailed, match="no address of a server"):
                RemoteWorkspace(replace(server, url=url))
        with pytest.raises(CredentialError, match="there is none"):
            RemoteWorkspace(replace(server, token_file=tmp_path / "none"))
        with pytest.raises(CredentialError, match=r"none: no such file or directory"):
            RemoteWorkspace(replace(server, ca_file=tmp_path / "none"))
        server.token_file.chmod(0o644)
        with pytest.raises(CredentialError):
            RemoteWorkspace(server)
