"""`tidegate history`."""

import getpass
import json

from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: canary}\n---\n"


def test_who_changed_what_by_what(shell: Shell) -> None:
    assert shell.type("history") == 0
    assert shell.out == "nothing has changed yet\n"
    shell.write("a.yaml", CLOUD, SECRET)
    shell.type("apply", "-f", "a.yaml")
    shell.type("delete", "endpoint", "cloud")
    assert shell.type("history") == 0
    title, *found = [line.split(maxsplit=5) for line in shell.out.splitlines()]
    assert title == ["VERSION", "WHEN", "WHO", "WHAT", "RESOURCE", "BY"]
    assert [[row[0], *row[2:]] for row in found] == [
        ["3", getpass.getuser(), "deleted", "DataflowEndpoint/cloud", "tidegate delete"],
        ["2", getpass.getuser(), "created", "Secret/client", "tidegate apply"],
        ["1", getpass.getuser(), "created", "DataflowEndpoint/cloud", "tidegate apply"],
    ]
    assert shell.type("history", "--limit", "1", "-o", "json") == 0
    assert [each["version"] for each in json.loads(shell.out)] == [3]


def test_promise_06_what_a_resource_said_is_in_the_data_but_no_secret(shell: Shell) -> None:
    shell.write("a.yaml", CLOUD, SECRET)
    shell.type("apply", "-f", "a.yaml")
    assert shell.type("history", "secret/client", "-o", "json") == 0
    (change,) = json.loads(shell.out)
    assert change["resource"]["data"] == {"a": "***"}
    assert shell.type("history", "endpoint", "cloud", "-o", "json") == 0
    (change,) = json.loads(shell.out)
    assert change["resource"]["spec"]["mqttSettings"]["host"] == "Broker.example.com"
    assert shell.type("history", "endpoint") == 2
