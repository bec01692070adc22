"""A client of the HTTP API over a resource store in a folder, without an engine."""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from tidegate.engine.workspace import Workspace
from tidegate.resources.resource_key import ResourceKey
from tidegate.settings import Settings
from tidegate.telemetry.status import Health
from tidegate.web.application import application
from tidegate.web.deployments_api import DeploymentsApi
from tidegate.web.guard import Role
from tidegate.web.operations import Operations
from tidegate.web.resources_api import ResourcesApi
from tidegate.web.store_api import StoreApi

GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.IoTOperations"
INSTANCE = f"{GROUP}/instances/i"
ENDPOINT: dict[str, Any] = {
    "properties": {
        "endpointType": "Mqtt",
        "mqttSettings": {"host": "mqtt.example:8883", "authentication": {"method": "Anonymous"}},
    }
}
FLOW = {
    "properties": {
        "operations": [
            {"operationType": "Source", "sourceSettings": {"endpointRef": "default", "dataSources": ["a/#"]}},
            {
                "operationType": "Destination",
                "destinationSettings": {"endpointRef": "cloud", "dataDestination": "b/${inputTopic}"},
            },
        ]
    }
}


class Api:
    """Sends requests with the token of `write`."""

    def __init__(self, folder: Path, wall: Callable[[], float] = lambda: 1_700_000_000.0) -> None:
        self.settings = Settings(data_dir=folder / "data", uses_store=True)
        self.environment = {"XDG_CONFIG_HOME": str(folder / "config")}
        self.health: dict[ResourceKey, Health] = {}
        numbers = count(1)
        operations = Operations(lambda: f"operation-{next(numbers)}")
        resources = ResourcesApi(self.workspace, lambda: self.health, operations, wall)
        deployments = DeploymentsApi(self.workspace, operations, wall)
        store = StoreApi(self.workspace, wall)
        tokens: dict[Role, str] = {"read": "r" * 32, "write": "w" * 32}
        self.application = application(resources, deployments, store, operations, tokens)
        self.client = TestClient(self.application, base_url="https://localhost:8443", raise_server_exceptions=False)

    def workspace(self) -> Workspace:
        return Workspace(self.settings, environment=self.environment, now_wall=0.0)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        version: str | None = "2026-07-01",
        query: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> Response:
        """Send one request; `path` is below the instance unless it begins with `/`."""
        path = path if path.startswith("/") else f"{INSTANCE}/{path}"
        asked = {**(query or {}), **({"api-version": version} if version is not None else {})}
        named = {"Content-Type": "application/json", "Authorization": f"Bearer {'w' * 32}"}
        named |= {key.replace("_", "-"): value for key, value in headers.items()}
        content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        return self.client.request(method, path, params=asked, headers=named, **content)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """The API over an empty store."""
    yield Api(tmp_path)
