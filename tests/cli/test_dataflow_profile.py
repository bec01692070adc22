"""`tidegate dataflow profile`: the commands of az on profiles."""

import json

from tests.cli.stores import Shell
from tests.cli.test_dataflow import PROPERTIES


def test_create_and_update(shell: Shell) -> None:
    assert shell.type("dataflow", "profile", "create", "-n", "line-1") == 0
    assert json.loads(shell.out)["properties"] == {"instanceCount": 1, "diagnostics": {"logs": {"level": "info"}}}
    assert shell.type("dataflow", "profile", "update", "-n", "line-1", "--profile-instances", "3") == 0
    assert json.loads(shell.out)["properties"] == {"instanceCount": 3, "diagnostics": {"logs": {"level": "info"}}}
    assert shell.type("dataflow", "profile", "update", "-n", "line-1", "--log-level", "debug") == 0
    assert (
        shell.type("dataflow", "profile", "show", "-n", "line-1", "--query", "properties.diagnostics.logs.level") == 0
    )
    assert shell.out == '"debug"\n'
    assert shell.type("dataflow", "profile", "list", "--query", "[].name") == 0
    assert json.loads(shell.out) == ["default", "line-1"]
    assert shell.type("dataflow", "profile", "update", "-n", "none", "--log-level", "debug") == 3


def test_flags_out_of_range_are_named(shell: Shell) -> None:
    assert shell.type("dataflow", "profile", "create", "-n", "line-1", "--profile-instances", "21") == 1
    assert "instanceCount is 21; allowed are 1 to 20" in shell.err
    assert "--profile-instances" in shell.err


def test_delete_takes_the_data_flows_with_it(shell: Shell) -> None:
    shell.write("flow.json", json.dumps(PROPERTIES))
    shell.type("dataflow", "profile", "create", "-n", "line-1")
    shell.type("dataflow", "apply", "-n", "two", "-p", "line-1", "--config-file", "flow.json")
    assert shell.type("dataflow", "profile", "delete", "-n", "line-1") == 2
    assert "Delete the profile line-1 and its data flows two?" in shell.err
    assert shell.type("dataflow", "profile", "delete", "-n", "line-1", "--yes") == 0
    assert shell.out == "DataflowProfile/line-1 deleted\nDataflow/two deleted\n"
    assert shell.type("dataflow", "profile", "delete", "-n", "default", "--yes") == 1
    assert "built in" in shell.err
