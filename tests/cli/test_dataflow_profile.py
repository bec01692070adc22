"""`tidegate dataflow profile`; most of what it does is in the golden cases."""

import json

from tests.cli.stores import Shell
from tests.cli.test_dataflow import PROPERTIES


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
