"""`web/deployments_api.py`: templates deployed over HTTP, as az and the SDK send them."""

import json
from typing import Any

import pytest
from tests.web.api import ENDPOINT, Api

GROUP = "/subscriptions/s/resourcegroups/rg/providers/Microsoft.Resources/deployments"
TEMPLATE: dict[str, Any] = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"host": {"type": "string", "defaultValue": "mqtt.example:8883"}},
    "resources": [
        {
            "type": "Microsoft.IoTOperations/instances/dataflowEndpoints",
            "apiVersion": "2026-07-01",
            "name": "i/cloud",
            "properties": {
                "endpointType": "Mqtt",
                "mqttSettings": {"host": "[parameters('host')]", "authentication": {"method": "Anonymous"}},
            },
        }
    ],
    "outputs": {"where": {"type": "string", "value": "[parameters('host')]"}},
}


def body(template: Any = TEMPLATE, **more: Any) -> dict[str, Any]:
    return {"properties": {"mode": "Incremental", "template": template, **more}}


def test_a_deployment(api: Api) -> None:
    made = api.ask("PUT", f"{GROUP}/main", body(parameters={"host": {"value": "other:1"}}))
    assert made.status_code == 201
    properties = made.json()["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert properties["outputs"] == {"where": {"type": "string", "value": "other:1"}}
    assert properties["outputResources"][0]["id"].endswith("/dataflowEndpoints/cloud")
    assert properties["outputResources"][0]["id"] == api.ask("GET", "dataflowEndpoints/cloud").json()["id"]
    operation = api.client.get(made.headers["Azure-AsyncOperation"], headers={"Authorization": f"Bearer {'w' * 32}"})
    assert operation.json()["status"] == "Succeeded"
    assert api.ask("GET", f"{GROUP}/MAIN").json() == made.json()
    assert api.ask("GET", GROUP).json()["value"] == [made.json()]
    (done,) = api.ask("GET", f"{GROUP}/main/operations").json()["value"]
    assert done["properties"]["targetResource"] == {
        "id": properties["outputResources"][0]["id"],
        "resourceName": "cloud",
        "resourceType": "Microsoft.IoTOperations/instances/dataflowEndpoints",
    }
    assert done["properties"]["statusCode"] == "Created"
    assert api.ask("GET", f"{GROUP}/main/operations/{done['operationId']}").json() == done
    assert api.ask("GET", f"{GROUP}/main/operations/else").status_code == 404
    assert api.ask("GET", f"{GROUP}/main/else").status_code == 404
    assert api.ask("PUT", f"{GROUP}/main", body()).status_code == 201
    (again,) = api.ask("GET", f"{GROUP}/main/operations").json()["value"]
    assert again["properties"]["statusCode"] == "OK"
    assert api.ask("PUT", f"{GROUP}/main", body(parameters={"host": {"value": "other:1"}})).status_code == 201
    found = api.ask("GET", "dataflowEndpoints/cloud").json()["properties"]["mqttSettings"]["host"]
    assert found == "other:1"


def test_validate_and_what_if_change_nothing(api: Api) -> None:
    assert api.ask("POST", f"{GROUP}/main/validate", body()).status_code == 200
    told = api.ask("POST", f"{GROUP}/main/whatIf", body()).json()
    assert [each["changeType"] for each in told["properties"]["changes"]] == ["Create"]
    assert api.ask("GET", "dataflowEndpoints/cloud").status_code == 404
    assert api.ask("GET", f"{GROUP}/main").status_code == 404
    api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT)
    (change,) = api.ask("POST", f"{GROUP}/main/whatIf", body(parameters={"host": {"value": "other:1"}})).json()[
        "properties"
    ]["changes"]
    assert change["changeType"] == "Modify"
    assert change["delta"] == [
        {
            "path": "spec.mqttSettings.host",
            "propertyChangeType": "Modify",
            "before": "mqtt.example:8883",
            "after": "other:1",
        }
    ]


def test_the_body_that_az_sends(api: Api) -> None:
    """Its key `template` has no quotes."""
    text = json.dumps(body()).replace('"template":', "template:")
    assert api.ask("PUT", f"{GROUP}/main", text.encode()).status_code == 201


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (body({**TEMPLATE, "resources": [{**TEMPLATE["resources"][0], "properties": {}}]}), "endpointType"),
        (body({**TEMPLATE, "outputs": {"where": {"type": "string", "value": "[nothing()]"}}}), "nothing"),
        (body(parameters={"hos": {"value": "x"}}), "hos"),
        ({"properties": {"mode": "Incremental"}}, "no properties.template"),
        ({"properties": {"mode": "Incremental", "templateLink": {"uri": "https://x"}}}, "links to templates"),
        ({"properties": {"mode": "Complete", "template": TEMPLATE}}, "Incremental"),
        ({}, "no properties.template"),
        (body([]), "template"),
    ],
)
def test_what_cannot_be_deployed(api: Api, sent: dict[str, Any], said: str) -> None:
    answer = api.ask("PUT", f"{GROUP}/main", sent)
    assert answer.status_code == 400
    assert said in json.dumps(answer.json())
    assert api.ask("GET", f"{GROUP}/main").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", f"{GROUP}/main", 405),
        ("POST", f"{GROUP}/main/cancel", 405),
        ("GET", "/subscriptions/s/providers/Microsoft.Resources/deployments/x", 404),
        ("GET", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Resources/other/x", 404),
    ],
)
def test_what_is_not_served(api: Api, method: str, path: str, status: int) -> None:
    assert api.ask(method, path, {} if method == "POST" else None).status_code == status
