"""The rules of Event Grid; `tests/cases/manifests/event_grid_*` has what is said, this how sessions are counted."""

import json
from pathlib import PurePath

from tidegate.engine.plan import validate
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings

GROUP = "connectivity.iotoperations.azure.com/v1"


def resource(kind: str, name: str, spec: dict[str, object]) -> dict[str, object]:
    return {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name}, "spec": spec}


def flow(name: str, mode: str = "Enabled") -> dict[str, object]:
    operations = [
        {"operationType": "Source", "sourceSettings": {"endpointRef": "default", "dataSources": [name]}},
        {
            "operationType": "Destination",
            "destinationSettings": {"endpointRef": "site", "dataDestination": f"cloud/{name}"},
        },
    ]
    return resource("Dataflow", name, {"profileRef": "default", "mode": mode, "operations": operations})


def found(*flows: dict[str, object]) -> list[str]:
    settings = {
        "host": "ns.eastus-1.ts.eventgrid.azure.net:8883",
        "retain": "Never",
        "clientIdPrefix": "here",
        "authentication": {"method": "SystemAssignedManagedIdentity", "systemAssignedManagedIdentitySettings": {}},
    }
    endpoint = resource("DataflowEndpoint", "site", {"endpointType": "Mqtt", "mqttSettings": settings})
    profile = resource("DataflowProfile", "default", {"instanceCount": 2})
    text = "\n---\n".join(json.dumps(each) for each in (endpoint, profile, *flows))
    declared = parse((SourceText("manifest.yaml", text),))
    findings = validate(
        declared.resources, declared.source_map, Settings(data_dir=PurePath("state"), no_broker=True), None
    )
    return [each.message for each in (*declared.diagnostics, *findings) if each.code == "event-grid"]


def test_sessions_are_those_of_every_instance_of_every_flow_that_is_enabled() -> None:
    said = "`site` makes {} sessions of one client, and Event Grid allows one unless told otherwise"
    assert found(flow("one")) == [said.format(2)]
    assert found(flow("one"), flow("two"), flow("three", "Disabled")) == [said.format(4)]
    assert found(flow("one", "Disabled")) == []
