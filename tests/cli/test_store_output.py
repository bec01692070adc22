"""What changes of the store look like."""

import json

import pytest
from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD

from tidegate.cli.store_output import note


def test_changes_as_data(shell: Shell) -> None:
    shell.write("a.yaml", CLOUD)
    shell.type("apply", "-f", "a.yaml")
    shell.write("a.yaml", CLOUD.replace("Broker.", "Other.").replace("    host:", "    qos: 0\n    host:"))
    assert shell.type("apply", "-f", "a.yaml", "-o", "json") == 0
    data = json.loads(shell.out)
    assert (data["refused"], data["dryRun"], data["diagnostics"]) == (False, False, [])
    assert data["changes"] == [
        {
            "kind": "DataflowEndpoint",
            "name": "cloud",
            "action": "updated",
            "version": 2,
            "generation": 2,
            "differences": [
                {"path": "spec.mqttSettings.host", "before": "Broker.example.com", "after": "Other.example.com"},
                {"path": "spec.mqttSettings.qos", "before": None, "after": 0},
            ],
        }
    ]


def test_a_note_is_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    note("so it is")
    assert capsys.readouterr() == ("", "note: so it is\n")
