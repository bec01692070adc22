"""`tidegate get`."""

import json

import pytest
from tests.cli.stores import Shell
from tests.engine.control_stand_in import answering
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.cli.get import age
from tidegate.engine.given import given_by
from tidegate.settings import Settings

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: canary, b: canary}\n---\n"
LISTENER = """
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: BrokerListener
metadata: {name: open}
spec: {ports: [{port: 1883}, {port: 8080, protocol: WebSockets}]}
---
"""


@pytest.fixture
def filled(shell: Shell) -> Shell:
    shell.write("all.yaml", DEFAULT, CLOUD, UPLINK, SECRET, LISTENER)
    assert shell.type("apply", "-f", "all.yaml") == 0
    return shell


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_table_for_each_kind(filled: Shell) -> None:
    assert filled.type("get", "dataflows") == 0
    assert rows(filled.out) == [
        ["NAME", "PROFILE", "MODE", "SOURCE", "DESTINATION", "GENERATION", "AGE", "FROM"],
        ["uplink", "default", "Enabled", "default", "cloud", "1", "0s", "store"],
    ]
    assert filled.type("get", "-o", "table") == 0
    found = rows(filled.out)
    assert ["open", "ClusterIp", "1883,8080", "1", "0s", "store"] in found
    assert ["client", "a,b", "1", "0s", "store"] in found
    assert ["cloud", "Mqtt", "Broker.example.com", "Anonymous", "1", "0s", "store"] in found
    assert [row[0] for row in found if row and row[0].isupper()] == [
        "BROKERLISTENER", "DATAFLOW", "DATAFLOWENDPOINT", "SECRET",
    ]  # fmt: skip


def test_what_is_shown_can_be_applied_again_and_is_no_change(filled: Shell) -> None:
    assert filled.type("get", "endpoint/cloud", "dataflow/uplink", "-o", "yaml") == 0
    assert 'resourceVersion: "' in filled.out
    assert filled.type("apply", "-f", "-", stdin=filled.out) == 0
    assert filled.out == "Dataflow/uplink unchanged\nDataflowEndpoint/cloud unchanged\n"
    assert filled.type("get", "endpoints", "-o", "json") == 0
    assert filled.type("apply", "-f", "-", stdin=filled.out) == 0
    assert filled.out.count("unchanged") == 2


def test_data_is_one_resource_or_a_list(filled: Shell) -> None:
    assert filled.type("get", "endpoint", "cloud", "-o", "json") == 0
    assert json.loads(filled.out)["metadata"]["generation"] == 1
    assert filled.type("get", "endpoints", "--query", "items[].metadata.name", "-o", "tsv") == 0
    assert filled.out == "cloud\ndefault\n"
    assert filled.type("get", "endpoints", "-o", "name") == 0
    assert filled.out == "DataflowEndpoint/cloud\nDataflowEndpoint/default\n"


@pytest.mark.parametrize("form", ["text", "json", "yaml", "table", "tsv"])
def test_promise_06_contents_of_secrets_are_not_shown(filled: Shell, form: str) -> None:
    assert filled.type("get", "secret", "client", "-o", form) == 0
    assert "canary" not in filled.out and "Y2FuYXJ5" not in filled.out


def test_a_secret_as_it_is_shown_replaces_no_content(filled: Shell) -> None:
    filled.type("get", "secret", "client", "-o", "yaml")
    assert filled.type("apply", "-f", "-", stdin=filled.out) == 1
    assert "the value is not base64" in filled.err


def test_what_is_not_there_exits_3(filled: Shell) -> None:
    assert filled.type("get", "endpoint", "clout") == 3
    assert filled.err == "error: there is no DataflowEndpoint/clout\n  hint: did you mean `cloud`?\n"
    assert filled.type("get", "endpoitn") == 2
    assert filled.type("get", "profiles") == 0
    assert filled.out == "there is nothing yet\n"


def test_resources_of_the_engines_files_are_shown_with_their_file(filled: Shell) -> None:
    name = filled.write("files/cloud.yaml", CLOUD.replace("Broker.", "File."))
    given = given_by([str(filled.folder / "files")], Settings(data_dir=filled.data, uses_store=True))
    with answering(filled.data, given=given, reload=b"null"):
        assert filled.type("get", "endpoints") == 0
    assert ["cloud", "Mqtt", "File.example.com", "Anonymous", "-", "-", str(filled.folder / name)] in rows(filled.out)


def test_ages() -> None:
    assert [age(seconds) for seconds in (-1, 59.9, 60, 7200, 200_000)] == ["0s", "59s", "1m", "2h", "2d"]
