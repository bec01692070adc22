"""`tidegate dataflow`: the commands of az on data flows."""

import json

from tests.cli.stores import Shell

PROPERTIES = {
    "mode": "Enabled",
    "operations": [
        {"operationType": "Source", "sourceSettings": {"endpointRef": "default", "dataSources": ["a/#"]}},
        {
            "operationType": "Destination",
            "destinationSettings": {"endpointRef": "default", "dataDestination": "b/${inputTopic}"},
        },
    ],
}


def test_apply_show_list_and_delete(shell: Shell) -> None:
    shell.write("flow.json", json.dumps({"properties": PROPERTIES}))
    shell.type("dataflow", "profile", "create", "-n", "line-1")
    assert shell.type("dataflow", "apply", "-n", "one", "--config-file", "flow.json") == 0
    made = json.loads(shell.out)
    assert made["properties"] == PROPERTIES
    assert made["type"] == "Microsoft.IoTOperations/instances/dataflowProfiles/dataflows"
    assert shell.type("dataflow", "apply", "-n", "two", "-p", "line-1", "--config-file", "flow.json", "--dry-run") == 0
    assert shell.out == "Dataflow/two created (dry run)\n"
    assert shell.type("dataflow", "apply", "-n", "two", "-p", "line-1", "--config-file", "flow.json") == 0
    assert shell.type("dataflow", "show", "-n", "two", "-p", "line-1") == 0
    assert shell.type("dataflow", "list", "--query", "[].name") == 0
    assert json.loads(shell.out) == ["one", "two"]
    assert shell.type("dataflow", "list", "--profile", "line-1", "--query", "[].name") == 0
    assert json.loads(shell.out) == ["two"]
    assert shell.type("dataflow", "delete", "-n", "two", "-y") == 0
    assert shell.type("dataflow", "show", "-n", "two") == 3


def test_findings_point_into_the_file(shell: Shell) -> None:
    shell.write("flow.json", json.dumps(PROPERTIES, indent=1).replace('"default"', '"cloud"'))
    assert shell.type("dataflow", "apply", "-n", "one", "--config-file", "flow.json") == 1
    assert "endpointRef is `cloud`, which is not declared" in shell.err
    assert "flow.json:7:20" in shell.err
    assert "properties.operations[0].sourceSettings.endpointRef" in shell.err
