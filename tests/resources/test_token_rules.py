"""What a token has to be for; `tests/cases/manifests` has what is found in manifests."""

import pytest

from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.resolved_flow import ResolvedEndpoint
from tidegate.resources.token_rules import system_audience, user_scope

GRID = "ns.westeurope-1.ts.eventgrid.azure.net:8883"


def endpoint(host: str, **authentication: object) -> ResolvedEndpoint:
    settings = {"host": host, "authentication": authentication}
    resource = DataflowEndpoint.model_validate(
        {
            "apiVersion": "connectivity.iotoperations.azure.com/v1",
            "kind": "DataflowEndpoint",
            "metadata": {"name": "site"},
            "spec": {"endpointType": "Mqtt", "mqttSettings": settings},
        }
    )
    assert resource.spec.mqtt_settings is not None
    return ResolvedEndpoint(resource, resource.spec.mqtt_settings)


@pytest.mark.parametrize(
    ("host", "block", "audience"),
    [
        (GRID, {}, "https://eventgrid.azure.net"),
        ("Broker.Example:8883", {}, "https://broker.example"),
        (GRID, {"audience": "https://other"}, "https://other"),
    ],
)
def test_the_audience_of_a_system_assigned_identity(host: str, block: dict[str, str], audience: str) -> None:
    method = "SystemAssignedManagedIdentity"
    assert system_audience(endpoint(host, method=method, systemAssignedManagedIdentitySettings=block)) == audience
    assert block or system_audience(endpoint(host, method=method)) == audience


@pytest.mark.parametrize(
    ("declared", "scope"),
    [
        (None, "https://eventgrid.azure.net/.default"),
        ("https://other/.default", "https://other/.default"),
        ("https://other", "https://other/.default"),
        ("https://other/", "https://other/.default"),
    ],
)
def test_the_scope_of_a_user_assigned_identity(declared: str | None, scope: str) -> None:
    block = {"clientId": "c", "tenantId": "t"} | ({} if declared is None else {"scope": declared})
    found = endpoint(GRID, method="UserAssignedManagedIdentity", userAssignedManagedIdentitySettings=block)
    assert user_scope(found) == scope
