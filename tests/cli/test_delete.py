"""`tidegate delete`."""

import pytest
from tests.cli.stores import Shell
from tests.engine.control_stand_in import answering
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.engine.given import given_by
from tidegate.settings import Settings


@pytest.fixture
def filled(shell: Shell) -> Shell:
    shell.write("all.yaml", DEFAULT, CLOUD, UPLINK)
    assert shell.type("apply", "-f", "all.yaml") == 0
    return shell


def names(shell: Shell) -> list[str]:
    with shell.workspace() as workspace:
        return [record.key.name for record in workspace.store.resources()]


def test_by_name_and_by_file(filled: Shell) -> None:
    assert filled.type("delete", "dataflow", "uplink", "--dry-run") == 0
    assert filled.out == "Dataflow/uplink deleted (dry run)\n"
    assert filled.type("delete", "dataflow", "uplink") == 0
    assert names(filled) == ["cloud", "default"]
    filled.write("cloud.yaml", CLOUD)
    assert filled.type("delete", "-f", "cloud.yaml") == 0
    assert names(filled) == ["default"]
    assert filled.type("delete", "-f", "none.yaml") == 1
    assert "there is no such file" in filled.err
    filled.write("broken.yaml", CLOUD, "kind: [")
    assert filled.type("delete", "-f", "broken.yaml") == 1
    assert "does not parse" in filled.err


def test_what_others_need_stays(filled: Shell) -> None:
    assert filled.type("delete", "endpoint", "cloud") == 1
    assert "endpointRef is `cloud`, which is not declared" in filled.err
    assert "error: nothing was changed" in filled.err
    assert len(names(filled)) == 3
    assert filled.type("delete", "endpoint/cloud", "dataflow/uplink") == 0


def test_what_is_not_there(filled: Shell) -> None:
    assert filled.type("delete", "endpoint/clout", "dataflow/uplink") == 3
    assert "did you mean `cloud`?" in filled.err and len(names(filled)) == 3
    assert filled.type("delete", "endpoint/clout", "dataflow/uplink", "--ignore-not-found") == 0
    assert filled.out == "DataflowEndpoint/clout absent\nDataflow/uplink deleted\n"


def test_default_is_asked_for_and_the_built_in_one_comes_back(filled: Shell) -> None:
    assert filled.type("delete", "endpoint", "default") == 2
    assert "goes back to its built-in values" in filled.err and "say --yes" in filled.err
    assert "default" in names(filled)
    assert filled.type("delete", "endpoint", "default", "--yes") == 0
    assert "default" not in names(filled)


def test_a_secret_of_that_name_is_not_asked_for(filled: Shell) -> None:
    assert filled.type("create", "secret", "generic", "default", "--from-literal", "k=v") == 0
    assert filled.type("delete", "secret", "default") == 0


def test_something_has_to_be_named_in_one_way(filled: Shell) -> None:
    assert filled.type("delete") == 2
    assert filled.type("delete", "dataflow", "uplink", "-f", "all.yaml") == 2
    assert filled.type("delete", "dataflow") == 2


def test_what_a_file_gives_is_read_only(filled: Shell) -> None:
    filled.write("files/other.yaml", CLOUD.replace("name: cloud", "name: other"))
    given = given_by([str(filled.folder / "files")], Settings(data_dir=filled.data, uses_store=True))
    with answering(filled.data, given=given, reload=b"null"):
        assert filled.type("delete", "endpoint", "other") == 1
    assert "files/other.yaml, line" in filled.err and "is read-only here" in filled.err
