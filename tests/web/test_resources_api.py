"""`web/resources_api.py`: resources over HTTP as Azure Resource Manager has them."""

import threading
from typing import Any

import pytest
from tests.web.api import ENDPOINT, FLOW, GROUP, INSTANCE, Api

from tidegate.resources.arm_types import API_VERSIONS
from tidegate.resources.resource_key import ResourceKey
from tidegate.web.resources_api import PAGE


def test_put_get_and_delete(api: Api) -> None:
    made = api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT)
    assert made.status_code == 201
    body = made.json()
    assert body["id"] == f"{INSTANCE}/dataflowEndpoints/cloud"
    assert (body["name"], body["type"]) == ("cloud", "Microsoft.IoTOperations/instances/dataflowEndpoints")
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert body["properties"]["mqttSettings"]["host"] == "mqtt.example:8883"
    assert body["systemData"]["createdAt"] == "2023-11-14T22:13:20Z"
    found = api.ask("GET", "dataflowEndpoints/cloud")
    assert found.json() == body
    assert found.headers["ETag"] == body["etag"]
    assert api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT).status_code == 200
    assert api.ask("DELETE", "dataflowEndpoints/cloud").status_code == 202
    assert api.ask("GET", "dataflowEndpoints/cloud").status_code == 404
    assert api.ask("DELETE", "dataflowEndpoints/cloud").status_code == 204


def test_a_change_is_an_operation_that_is_done(api: Api) -> None:
    for answer in (api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT), api.ask("DELETE", "dataflowEndpoints/cloud")):
        where = answer.headers["Azure-AsyncOperation"]
        assert where.startswith("https://localhost:8443/subscriptions/s/providers/Microsoft.IoTOperations/locations/")
        asked = api.client.get(where, headers={"Authorization": f"Bearer {'w' * 32}"})
        assert (asked.status_code, asked.json()["status"]) == (200, "Succeeded")
    assert (
        api.ask("GET", "/subscriptions/s/providers/Microsoft.IoTOperations/locations/l/operationStatuses/x").status_code
        == 404
    )


def test_paths_in_any_case_and_data_flows_below_their_profile(api: Api) -> None:
    api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT)
    api.ask("PUT", "dataflowProfiles/line-1", {"properties": {"instanceCount": 1}})
    path = f"{INSTANCE}/dataflowProfiles/line-1/dataflows/to-cloud"
    made = api.ask("PUT", path.lower(), FLOW)
    assert made.status_code == 201
    assert made.json()["properties"]["operations"][0]["sourceSettings"]["dataSources"] == ["a/#"]
    assert "profileRef" not in made.json()["properties"]
    assert api.ask("GET", "dataflowProfiles/line-1/dataflows/to-cloud").status_code == 200
    assert api.ask("GET", "dataflowProfiles/default/dataflows/to-cloud").status_code == 404
    names = [each["name"] for each in api.ask("GET", "dataflowProfiles/line-1/dataflows").json()["value"]]
    assert names == ["to-cloud"]
    assert api.ask("GET", "dataflowProfiles/default/dataflows").json() == {"value": []}
    assert api.ask("DELETE", "dataflowProfiles/line-1").status_code == 202
    assert api.ask("GET", "dataflowProfiles/line-1/dataflows/to-cloud").status_code == 404


def test_lists_have_pages(api: Api) -> None:
    names = [f"endpoint-{number:03d}" for number in range(PAGE + 5)]
    with api.workspace() as workspace, workspace.store.transaction(_author(), 0.0) as transaction:
        for name in names:
            head: Any = {"apiVersion": "connectivity.iotoperations.azure.com/v1", "kind": "DataflowEndpoint"}
            transaction.put({**head, "metadata": {"name": name}, "spec": ENDPOINT["properties"]})
    first = api.ask("GET", "dataflowEndpoints").json()
    assert len(first["value"]) == PAGE
    second = api.client.get(first["nextLink"], headers={"Authorization": f"Bearer {'w' * 32}"}).json()
    assert "nextLink" not in second
    assert sorted([*names, "default"]) == [each["name"] for each in (*first["value"], *second["value"])]


def _author() -> Any:
    from tidegate.store.stored import Author

    return Author("test", "test")


def test_conditions(api: Api) -> None:
    etag = api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT, If_None_Match="*").headers["ETag"]
    assert api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT, If_None_Match="*").status_code == 412
    changed = {"properties": {**ENDPOINT["properties"], "hostType": "CustomMqtt"}}
    second = api.ask("PUT", "dataflowEndpoints/cloud", changed, If_Match=etag)
    assert second.status_code == 200
    stale = api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT, If_Match=etag)
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "PreconditionFailed")
    assert api.ask("DELETE", "dataflowEndpoints/cloud", If_Match=etag).status_code == 412
    assert api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT, If_Match='"x"').status_code == 412
    assert api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT, If_Match="*").status_code == 200
    assert api.ask("DELETE", "dataflowEndpoints/cloud", If_Match=second.headers["ETag"]).status_code == 412


def test_concurrent_writers_lose_no_update(api: Api) -> None:
    """Every writer adds one to what it read, and tries again when somebody else was faster."""
    api.ask("PUT", "dataflowEndpoints/cloud", with_keep_alive(0))
    refused: list[int] = []

    def add() -> None:
        for _ in range(5):
            while True:
                found = api.ask("GET", "dataflowEndpoints/cloud")
                seconds = found.json()["properties"]["mqttSettings"]["keepAliveSeconds"]
                answer = api.ask(
                    "PUT", "dataflowEndpoints/cloud", with_keep_alive(seconds + 1), If_Match=found.headers["ETag"]
                )
                if answer.status_code != 412:
                    refused.extend([answer.status_code] * (answer.status_code != 200))
                    break

    writers = [threading.Thread(target=add) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert refused == []
    found = api.ask("GET", "dataflowEndpoints/cloud").json()
    assert found["properties"]["mqttSettings"]["keepAliveSeconds"] == 20


def with_keep_alive(seconds: int) -> dict[str, Any]:
    properties: dict[str, Any] = ENDPOINT["properties"]
    return {"properties": {**properties, "mqttSettings": {**properties["mqttSettings"], "keepAliveSeconds": seconds}}}


@pytest.mark.parametrize(
    ("body", "code", "target"),
    [
        ({}, "InvalidResource", None),
        ({"properties": {}}, "InvalidResource", "properties.endpointType"),
        ({"properties": {**ENDPOINT["properties"], "x": 1}}, "InvalidResource", "properties.x"),
        (b"{", "InvalidRequestContent", None),
        (b"[]", "InvalidRequestContent", None),
        (b"\xff", "InvalidRequestContent", None),
        (b'{"properties": NaN}', "InvalidRequestContent", None),
        (b"[" * 100_000, "InvalidRequestContent", None),
        (b'{"a":' * 90 + b"1" + b"}" * 90, "InvalidResource", None),
    ],
)
def test_promise_16_what_does_not_parse_or_validate(api: Api, body: Any, code: str, target: str | None) -> None:
    answer = api.ask("PUT", "dataflowEndpoints/cloud", body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == code
    if target is not None:
        assert error["target"] == target
        assert error["details"][0]["message"]
    assert api.ask("GET", "dataflowEndpoints/cloud").status_code == 404


def test_what_others_need_cannot_be_deleted(api: Api) -> None:
    api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT)
    assert api.ask("PUT", "dataflowProfiles/default/dataflows/to-cloud", FLOW).status_code == 201
    refused = api.ask("DELETE", "dataflowEndpoints/cloud")
    assert refused.status_code == 409
    assert "endpointRef is `cloud`" in refused.json()["error"]["message"]


def test_a_name_that_is_none(api: Api) -> None:
    assert api.ask("PUT", "dataflowEndpoints/Cloud_1", ENDPOINT).json()["error"]["details"][0]["code"] == "name"


@pytest.mark.parametrize("version", API_VERSIONS)
def test_every_api_version_is_served(api: Api, version: str) -> None:
    made = api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT, version)
    assert made.status_code == 201
    properties = made.json()["properties"]
    assert ("healthState" in properties) is (version >= "2025-10-01")


def test_fields_are_gated_by_the_version(api: Api) -> None:
    body = {"properties": {**ENDPOINT["properties"], "hostType": "CustomMqtt"}}
    assert api.ask("PUT", "dataflowEndpoints/cloud", body, "2024-11-01").status_code == 400
    assert api.ask("PUT", "dataflowEndpoints/cloud", body).status_code == 201
    assert "hostType" not in api.ask("GET", "dataflowEndpoints/cloud", version="2024-11-01").json()["properties"]


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (None, "MissingApiVersionParameter"),
        ("soon", "InvalidApiVersionParameter"),
        ("1999-01-01", "InvalidApiVersionParameter"),
    ],
)
def test_an_api_version_is_needed(api: Api, version: str | None, code: str) -> None:
    answer = api.ask("GET", "dataflowEndpoints/default", version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_health_comes_from_the_engine(api: Api) -> None:
    api.ask("PUT", "dataflowEndpoints/cloud", ENDPOINT)
    api.ask("PUT", "dataflowProfiles/default/dataflows/to-cloud", FLOW)
    api.health = {
        ResourceKey("Dataflow", "to-cloud"): "Degraded",
        ResourceKey("DataflowEndpoint", "cloud"): "Unavailable",
    }
    flow = api.ask("GET", "dataflowProfiles/default/dataflows/to-cloud").json()["properties"]
    assert (flow["healthState"], flow["status"]) == ("Degraded", {"healthState": {"status": "Degraded"}})
    assert api.ask("GET", "dataflowEndpoints/cloud").json()["properties"]["healthState"] == "Unavailable"
    assert api.ask("GET", "dataflowEndpoints/default").json()["properties"]["healthState"] == "Unknown"


def test_the_built_in_resources_are_there(api: Api) -> None:
    for path in (
        "dataflowEndpoints/default",
        "dataflowProfiles/default",
        "brokers/default",
        "brokers/default/listeners/default",
    ):
        assert api.ask("GET", path).status_code == 200, path
    assert api.ask("DELETE", "dataflowEndpoints/default").status_code == 204


def test_the_instance(api: Api) -> None:
    assert api.ask("GET", INSTANCE).json()["name"] == "i"
    assert api.ask("PUT", INSTANCE, {"location": "x"}).status_code == 200
    assert api.ask("PUT", INSTANCE, b"{").status_code == 400
    assert api.ask("DELETE", INSTANCE).status_code == 409
    assert [each["name"] for each in api.ask("GET", f"{GROUP}/instances").json()["value"]] == ["tidegate"]
    assert api.ask("GET", "/subscriptions/s/providers/Microsoft.IoTOperations/instances").status_code == 200
    assert api.ask("POST", INSTANCE, {}).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/subscriptions/s", 404),
        ("GET", f"{INSTANCE}/other/x", 404),
        ("GET", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/instances/i/dataflowEndpoints", 404),
        ("GET", f"{GROUP}/dataflowEndpoints", 404),
        ("GET", "/subscriptions/s/providers/Microsoft.IoTOperations/instances/i/dataflowEndpoints", 404),
        ("PUT", "dataflowEndpoints", 405),
        ("DELETE", "dataflowEndpoints", 405),
        ("PATCH", "dataflowEndpoints/default", 405),
        ("POST", "dataflowEndpoints/default", 405),
        ("HEAD", "dataflowEndpoints/default", 200),
    ],
)
def test_what_is_not_there_or_not_allowed(api: Api, method: str, path: str, status: int) -> None:
    assert api.ask(method, path).status_code == status
