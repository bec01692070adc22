"""`tidegate rollback`."""

import pytest
from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.engine import store_wire
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


def documents(shell: Shell) -> dict[ResourceKey, object]:
    with shell.workspace() as workspace:
        return {each.key: each.document for each in workspace.store.resources()}


def actions(shell: Shell) -> set[str]:
    return set(shell.out.splitlines())


@pytest.fixture
def grown(shell: Shell) -> Shell:
    """A store with two endpoints and a data flow in version 3, then changed in every way: a secret, a host, a deletion."""
    shell.write("a.yaml", DEFAULT, CLOUD, UPLINK)
    shell.write("b.yaml", CLOUD.replace("Broker", "other"))
    assert shell.type("apply", "-f", "a.yaml") == 0
    assert shell.type("create", "secret", "generic", "client", "--from-literal", "k=one") == 0
    assert shell.type("create", "secret", "generic", "client", "--from-literal", "k=two", "--replace") == 0
    assert shell.type("apply", "-f", "b.yaml") == 0
    assert shell.type("delete", "dataflow", "uplink") == 0
    return shell


def test_everything_goes_back_together_and_can_go_forth_again(grown: Shell) -> None:
    at_end = documents(grown)
    assert grown.type("rollback", "--all", "--to", "3", "--dry-run") == 0
    assert actions(grown) == {
        "Dataflow/uplink created (dry run)",
        "DataflowEndpoint/cloud updated (dry run)",
        "Secret/client deleted (dry run)",
    }
    assert documents(grown) == at_end
    assert grown.type("rollback", "--all", "--to", "3") == 0
    assert "two" not in grown.out + grown.err
    assert {str(key) for key in documents(grown)} == {
        "Dataflow/uplink",
        "DataflowEndpoint/cloud",
        "DataflowEndpoint/default",
    }
    with grown.workspace() as workspace:
        assert workspace.store.history()[0].author.means == "tidegate rollback --all to 3"
    # Without a version, what was changed together last is undone together: the whole rollback.
    assert grown.type("rollback", "--all") == 0
    assert documents(grown) == at_end
    assert grown.type("rollback", "--all", "--to", "4") == 0
    with grown.workspace() as workspace:
        found = workspace.store.get(ResourceKey("Secret", "client"))
        assert found is not None and found.document["data"] == {"k": "b25l"}


def test_all_or_nothing(grown: Shell) -> None:
    assert grown.type("rollback", "--all", "--to", "6") == 0
    # The endpoint goes first, so that in version 9 there is a data flow without it.
    assert grown.type("delete", "endpoint/cloud", "dataflow/uplink") == 0
    assert grown.type("create", "configmap", "late", "--from-literal", "k=v") == 0
    before = documents(grown)
    assert grown.type("rollback", "--all", "--to", "9") == 1
    assert "endpointRef is `cloud`, which is not declared" in grown.err
    assert documents(grown) == before


def test_without_the_key_no_secret_comes_back_and_nothing_else_does(grown: Shell) -> None:
    (grown.folder / "config" / "tidegate" / "secrets.key").unlink()
    before = documents(grown)
    assert grown.type("rollback", "--all", "--to", "4") == 2
    assert "the content of Secret/client in version 4 is not here: its key is missing" in grown.err
    assert documents(grown) == before
    # Where no secret has changed since, its key is not needed.
    assert grown.type("rollback", "--all", "--to", "5") == 0


def test_all_has_nothing_to_do_or_not_what_it_needs(grown: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert grown.type("rollback", "--all", "--to", "7") == 0
    assert (grown.out, grown.err) == ("", "note: everything is as it was in version 7\n")
    assert grown.type("rollback", "--all", "--to", "8") == 2
    assert "there is no version 8 yet; the latest is 7" in grown.err
    assert grown.type("rollback") == 2
    assert grown.type("rollback", "--all", "endpoint", "cloud") == 2
    monkeypatch.setattr(store_wire, "HISTORY_MAX", 4)
    assert grown.type("rollback", "--all", "--to", "2") == 2
    assert "4 changes at most, to version 3" in grown.err


def test_nothing_has_changed_yet(shell: Shell) -> None:
    assert shell.type("rollback", "--all") == 2
    assert "nothing has changed yet" in shell.err
