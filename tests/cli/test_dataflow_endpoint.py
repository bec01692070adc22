"""`tidegate dataflow endpoint`: the commands of az on the resource store."""

import json

import pytest
from tests.cli.stores import Shell

CREATE = ["dataflow", "endpoint", "create", "custom-mqtt", "--host", "mqtt.example", "--port", "8883", "--no-auth"]
SETTINGS = "properties.mqttSettings"


def test_create_shows_the_resource(shell: Shell) -> None:
    assert shell.type("iot", "ops", *CREATE, "-n", "cloud", "-g", "group", "-i", "instance") == 0
    assert shell.err == ""
    made = json.loads(shell.out)
    assert (made["name"], made["type"]) == ("cloud", "Microsoft.IoTOperations/instances/dataflowEndpoints")
    assert made["properties"]["mqttSettings"]["host"] == "mqtt.example:8883"
    assert (
        shell.type("dataflow", "endpoint", "show", "--name", "cloud", "--resource-group", "g", "--instance", "i") == 0
    )
    assert json.loads(shell.out) == made


def test_create_replaces(shell: Shell) -> None:
    shell.type(*CREATE, "-n", "cloud", "--qos", "0")
    assert shell.type(*CREATE, "-n", "cloud", "--query", f"{SETTINGS}.qos") == 0
    assert shell.out == "1\n"


def test_show_config_writes_nothing(shell: Shell) -> None:
    assert shell.type(*CREATE, "-n", "cloud", "--show-config") == 0
    assert json.loads(shell.out)["endpointType"] == "Mqtt"
    assert shell.type("dataflow", "endpoint", "show", "-n", "cloud") == 3


@pytest.mark.parametrize("option", ["--dry-run", "--what-if"])
def test_a_dry_run_writes_nothing(shell: Shell, option: str) -> None:
    assert shell.type(*CREATE, "-n", "cloud", option) == 0
    assert shell.out == "DataflowEndpoint/cloud created (dry run)\n"
    assert shell.type("dataflow", "endpoint", "show", "-n", "cloud") == 3


def test_update_changes_what_flags_name(shell: Shell) -> None:
    shell.type(*CREATE, "-n", "cloud", "--client-id-prefix", "p")
    update = ["dataflow", "endpoint", "update", "custom-mqtt", "-n", "cloud"]
    assert shell.type(*update, "--port", "1884", "--query", SETTINGS) == 0
    settings = json.loads(shell.out)
    assert (settings["host"], settings["clientIdPrefix"]) == ("mqtt.example:1884", "p")
    assert shell.type(*update, "--qos", "0", "--show-config") == 0
    assert json.loads(shell.out)["mqttSettings"]["qos"] == 0
    assert shell.type(*update, "--query", f"{SETTINGS}.qos") == 0
    assert shell.out == "1\n"
    assert shell.type("dataflow", "endpoint", "update", "custom-mqtt", "-n", "clud", "--qos", "0") == 3
    assert "did you mean `cloud`?" in shell.err


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--qos", "7"], 1, "--qos"),
        (["--retain", "nevr"], 2, "did you mean `Never`?"),
        (["--scope", "x"], 2, "--scope belongs to UserAssignedManagedIdentity"),
        (["--keep-alive", "soon"], 2, "--keep-alive"),
    ],
)
def test_what_is_wrong_with_flags(shell: Shell, flags: list[str], code: int, said: str) -> None:
    assert shell.type(*CREATE, "-n", "cloud", *flags) == code
    assert shell.out == ""
    assert said in shell.err
    assert "what was typed" not in shell.err


def test_apply_takes_properties_bare_or_in_an_object(shell: Shell) -> None:
    bare = '{"endpointType": "Mqtt", // of Azure\n"mqttSettings": {"authentication": {"method": "Anonymous"}, "host": "h:1"}}'
    shell.write("bare.json", bare)
    shell.write("whole.json", f'{{"properties": {bare.replace("h:1", "h:2")}, "name": "other"}}')
    for name, host in (("bare", "h:1"), ("whole", "h:2")):
        command = ["dataflow", "endpoint", "apply", "-n", "cloud", "--config-file", f"{name}.json"]
        assert shell.type(*command, "--query", f"{SETTINGS}.host") == 0
        assert shell.out == f'"{host}"\n'


def test_apply_of_a_fragment_names_what_is_missing(shell: Shell) -> None:
    shell.write("part.json", '{\n  "mqttSettings": {\n    "qos": 0\n  }\n}')
    assert shell.type("dataflow", "endpoint", "apply", "-n", "cloud", "--config-file", "part.json") == 1
    assert "properties has no endpointType" in shell.err
    assert "part.json:2:3" in shell.err
    assert "`tidegate dataflow endpoint update custom-mqtt -n cloud`" in shell.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "does not parse"),
        (b"[1]", "list"),
        (b"\xff", "not UTF-8"),
        (b"", "no endpointType"),
        (None, "cannot be read"),
    ],
)
def test_apply_of_what_is_no_configuration(shell: Shell, content: bytes | None, said: str) -> None:
    if content is not None:
        (shell.folder / "x.json").write_bytes(content)
    assert shell.type("dataflow", "endpoint", "apply", "-n", "cloud", "--config-file", "x.json") in (1, 2)
    assert said in shell.err


def test_list_has_the_built_in_endpoint_too(shell: Shell) -> None:
    shell.type(*CREATE, "-n", "cloud")
    assert shell.type("dataflow", "endpoint", "list", "--query", "[].name") == 0
    assert json.loads(shell.out) == ["cloud", "default"]


def test_delete(shell: Shell) -> None:
    shell.type(*CREATE, "-n", "cloud")
    delete = ["dataflow", "endpoint", "delete", "-n"]
    assert shell.type(*delete, "cloud") == 2
    assert "say --yes" in shell.err
    assert shell.type(*delete, "cloud", "--yes") == 0
    assert shell.out == "DataflowEndpoint/cloud deleted\n"
    assert shell.type(*delete, "cloud", "-y") == 3
    assert shell.type(*delete, "default", "-y") == 1
    assert "built in" in shell.err
