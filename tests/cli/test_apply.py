"""`tidegate apply`."""

import getpass
import json
from itertools import pairwise

import pytest
from tests.cli.stores import Shell
from tests.engine.control_stand_in import answering
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.engine.given import given_by
from tidegate.settings import Settings


def test_files_folders_and_standard_input(shell: Shell) -> None:
    shell.write("m/one.yaml", DEFAULT)
    shell.write("two.yaml", CLOUD)
    assert shell.type("apply", "-f", "m", "two.yaml", "-", stdin=UPLINK) == 0
    assert shell.out == "Dataflow/uplink created\nDataflowEndpoint/cloud created\nDataflowEndpoint/default created\n"
    assert shell.type("apply", "-f", "two.yaml", "-o", "name") == 0
    assert shell.out == "DataflowEndpoint/cloud\n"
    with shell.workspace() as workspace:
        assert len(workspace.store.resources()) == 3
        assert workspace.store.history()[0].author == (getpass.getuser(), "tidegate apply")


def test_a_dry_run_changes_nothing(shell: Shell) -> None:
    shell.write("two.yaml", CLOUD)
    assert shell.type("apply", "-f", "two.yaml", "--dry-run", "-o", "json") == 0
    assert json.loads(shell.out)["changes"][0]["action"] == "created"
    with shell.workspace() as workspace:
        assert workspace.store.resources() == []


def test_what_was_read_before_somebody_else_changed_it_replaces_nothing(shell: Shell) -> None:
    shell.write("two.yaml", CLOUD)
    assert shell.type("apply", "-f", "two.yaml") == 0
    assert shell.type("get", "endpoint", "cloud", "-o", "yaml") == 0
    mine = shell.write("mine.yaml", shell.out.replace("Broker.example.com", "mine.example"))
    shell.write("theirs.yaml", CLOUD.replace("Broker.example.com", "theirs.example"))
    assert shell.type("apply", "-f", "theirs.yaml") == 0
    for more in ([], ["--dry-run"]):
        assert shell.type("apply", "-f", mine, *more) == 1
        assert "was changed by somebody else: it has version 2 now, the change is for version 1" in shell.err
        assert "hint: read it anew" in shell.err
    of_cluster = shell.write(
        "cluster.yaml", (shell.folder / mine).read_text().replace("metadata:", "metadata:\n  uid: a-b")
    )
    assert shell.type("apply", "-f", of_cluster) == 0
    assert shell.type("delete", "endpoint", "cloud") == 0
    assert shell.type("apply", "-f", mine) == 1
    assert "it is not there now" in shell.err


def test_errors_are_shown_with_their_place_and_nothing_is_changed(shell: Shell) -> None:
    shell.write("two.yaml", CLOUD.replace("    host:", "    qos: 7\n    host:"))
    assert shell.type("apply", "-f", "two.yaml") == 1
    assert "two.yaml:8:10" in shell.err and "qos is 7; allowed are 0 and 1" in shell.err
    assert "error: nothing was changed" in shell.err and shell.out == ""
    assert shell.type("apply", "-f", "none.yaml") == 1
    assert "there is no such file" in shell.err
    assert shell.type("apply", "-f", "-", stdin="kind: [") == 1
    assert "standard input:1" in shell.err
    assert shell.type("apply") == 2


@pytest.mark.parametrize(
    ("uses_store", "applied", "said"),
    [
        (True, True, ""),
        (True, False, "error: the engine goes on as before: this is wrong\n"),
        (False, True, "note: the engine that runs here was given files alone"),
    ],
)
def test_the_engine_takes_it_up_or_it_is_said_that_it_does_not(
    shell: Shell, uses_store: bool, applied: bool, said: str
) -> None:
    shell.write("two.yaml", CLOUD)
    shell.data.mkdir()
    given = given_by([], Settings(data_dir=shell.data, uses_store=uses_store))
    answer = json.dumps({"at": "", "applied": applied, "errors": [] if applied else ["this is wrong"]}).encode()
    with answering(shell.data, given=given, reload=answer):
        assert shell.type("apply", "-f", "two.yaml") == 0
        assert shell.err.startswith(said) and bool(shell.err) == bool(said)
        assert shell.type("apply", "-f", "two.yaml", "-n", "other") == (2 if uses_store else 0)
        assert ("the engine that runs here has the namespace azure-iot-operations" in shell.err) == uses_store


def test_a_store_that_is_not_ours_is_reported(shell: Shell) -> None:
    shell.data.mkdir()
    (shell.data / "resources.db").write_bytes(b"notes" * 100)
    shell.write("two.yaml", CLOUD)
    assert shell.type("apply", "-f", "two.yaml") == 0
    assert "was set aside as" in shell.err and shell.out == "DataflowEndpoint/cloud created\n"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n" for before, after in pairwise("abcdefghij")
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "the text holds more than 100000 values"),
        ("[" * 2_000, "values are nested more than 64 deep"),
        ('{"a":' * 2_000, "values are nested more than 64 deep"),
        ("x" * (4 * 1024 * 1024 + 1), "the file is larger than 4 MiB"),
        ('{"kind": "Secret", "kind": "Secret"}', "the field `kind` stands here twice"),
        ("kind: ConfigMap\nmetadata: {name: ca}\ndata: {a: .nan}", "is a number that JSON does not have"),
        ("kind: ConfigMap\nmetadata: {name: ca}\ndata: {a: 1" + "0" * 5_000 + "}", "the number is too large"),
        ("a: !!python/object/apply:os.system [exit]", "the YAML tag"),
    ],
    ids=["bomb", "deep list", "deep JSON", "large", "twice", "nan", "number", "tag"],
)
def test_promise_16_a_text_that_is_made_to_hurt_is_refused_and_nothing_is_stored(
    shell: Shell, text: str, said: str
) -> None:
    assert shell.type("apply", "-f", "-", stdin=text) == 1
    assert said in shell.err and len(shell.err) < 4_000
    with shell.workspace() as workspace:
        assert workspace.store.version() == 0
