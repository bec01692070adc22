"""`tidegate diff`."""

import json

from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD, UPLINK

from tidegate.cli.diff import unified
from tidegate.engine.changes import Change
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.stored import Document


def test_exit_codes_are_those_of_diff(shell: Shell) -> None:
    shell.write("cloud.yaml", CLOUD)
    shell.type("apply", "-f", "cloud.yaml")
    assert (shell.type("diff", "-f", "cloud.yaml"), shell.out) == (0, "")
    shell.write("cloud.yaml", CLOUD.replace("Broker.", "Other."))
    assert shell.type("diff", "-f", "cloud.yaml") == 1
    assert shell.out == (
        "--- stored DataflowEndpoint/cloud\n+++ updated DataflowEndpoint/cloud\n@@ -5,6 +5,6 @@\n spec:\n   endpointType: Mqtt\n"
        "   mqttSettings:\n-    host: Broker.example.com\n+    host: Other.example.com\n     authentication:\n"
        "       method: Anonymous\n"
    )
    assert shell.type("diff", "-f", "cloud.yaml", "-o", "json") == 1
    assert json.loads(shell.out)[0]["differences"][0]["path"] == "spec.mqttSettings.host"
    shell.write("cloud.yaml", UPLINK.replace("endpointRef: cloud", "endpointRef: clout"))
    assert shell.type("diff", "-f", "cloud.yaml") == 2
    assert "did you mean `cloud`?" in shell.err
    with shell.workspace() as workspace:
        assert workspace.store.version() == 1


def test_promise_06_of_a_secret_only_the_names_that_differ_are_shown() -> None:
    before: Document = {"kind": "Secret", "data": {"a": "***", "b": "***"}}
    after: Document = {"kind": "Secret", "data": {"a": "*** (changed)", "b": "***"}}
    key = ResourceKey("Secret", "client")
    shown = unified(Change(key=key, action="updated", before=before, after=after))
    assert '-  a: "***"\n+  a: "*** (changed)"\n' in shown
    assert unified(Change(key=key, action="created", before=None, after=after)).count("\n+") == 5
