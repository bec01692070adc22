"""`tidegate rollback`."""

import pytest
from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.resources.resource_key import ResourceKey
from tidegate.store import resource_store

KEY = ResourceKey("DataflowEndpoint", "cloud")


def host(shell: Shell) -> str | None:
    with shell.workspace() as workspace:
        found = workspace.store.get(KEY)
        return None if found is None else str(found.document["spec"]["mqttSettings"]["host"])  # type: ignore[index,call-overload]  # it is an endpoint


@pytest.fixture
def edited(shell: Shell) -> Shell:
    """An endpoint with the hosts 1, 2 and 3 in the versions 1 to 3."""
    for number in (1, 2, 3):
        shell.write("a.yaml", CLOUD.replace("Broker", str(number)))
        assert shell.type("apply", "-f", "a.yaml") == 0
    return shell


def test_the_last_change_is_undone_and_that_is_a_change_too(edited: Shell) -> None:
    assert edited.type("rollback", "endpoint", "cloud", "--dry-run") == 0
    assert host(edited) == "3.example.com"
    assert edited.type("rollback", "endpoint", "cloud") == 0
    assert (edited.out, host(edited)) == ("DataflowEndpoint/cloud updated\n", "2.example.com")
    with edited.workspace() as workspace:
        assert workspace.store.history()[0].author.means == "tidegate rollback to 2"
    assert edited.type("rollback", "endpoint", "cloud") == 0
    assert host(edited) == "3.example.com"


def test_any_version_before_and_back_again(edited: Shell) -> None:
    assert edited.type("rollback", "endpoint/cloud", "--to", "1") == 0
    assert host(edited) == "1.example.com"
    assert edited.type("delete", "endpoint", "cloud") == 0
    assert edited.type("rollback", "endpoint", "cloud") == 0
    assert host(edited) == "1.example.com"
    assert edited.type("rollback", "endpoint", "cloud", "--to", "0") == 0
    assert host(edited) is None
    assert edited.type("rollback", "endpoint", "cloud", "--to", "5") == 0
    assert edited.out == "DataflowEndpoint/cloud unchanged\n" or host(edited) is None


def test_what_would_be_an_error_now_is_refused(edited: Shell) -> None:
    edited.write("b.yaml", DEFAULT, UPLINK)
    assert edited.type("apply", "-f", "b.yaml") == 0
    assert edited.type("rollback", "endpoint", "cloud", "--to", "0") == 1
    assert "endpointRef is `cloud`, which is not declared" in edited.err
    assert host(edited) == "3.example.com"


def test_what_is_not_there_or_not_kept(edited: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert edited.type("rollback", "endpoint", "clout") == 3
    monkeypatch.setattr(resource_store, "CHANGES_PER_RESOURCE_MAX", 2)
    edited.write("a.yaml", CLOUD)
    edited.type("apply", "-f", "a.yaml")
    assert edited.type("rollback", "endpoint", "cloud", "--to", "1") == 2
    assert "what is kept of DataflowEndpoint/cloud begins with version 3" in edited.err


def test_a_secret_comes_back_and_without_its_key_it_does_not(shell: Shell) -> None:
    for text in ("one", "two"):
        shell.type("create", "secret", "generic", "client", "--from-literal", f"k={text}", "--replace")
    assert shell.type("rollback", "secret", "client") == 0
    assert "one" not in shell.out + shell.err
    with shell.workspace() as workspace:
        found = workspace.store.get(ResourceKey("Secret", "client"))
        assert found is not None and found.document["data"] == {"k": "b25l"}
    (shell.folder / "config" / "tidegate" / "secrets.key").unlink()
    assert shell.type("rollback", "secret", "client") == 2
    assert "its key is missing" in shell.err
