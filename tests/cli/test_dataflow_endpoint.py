"""`tidegate dataflow endpoint`; most of what it does is in the golden cases."""

import json

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


def test_show_config_writes_nothing(shell: Shell) -> None:
    assert shell.type(*CREATE, "-n", "cloud", "--show-config") == 0
    assert json.loads(shell.out)["endpointType"] == "Mqtt"
    assert shell.type("dataflow", "endpoint", "show", "-n", "cloud") == 3


def test_a_configuration_that_is_no_text(shell: Shell) -> None:
    (shell.folder / "x.json").write_bytes(b"\xff")
    assert shell.type("dataflow", "endpoint", "apply", "-n", "cloud", "--config-file", "x.json") == 2
    assert "not UTF-8" in shell.err
