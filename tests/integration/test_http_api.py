"""The HTTP API of a running engine, asked by the real Azure SDK: each kind, and a change under load."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.iotoperations import IoTOperationsMgmtClient
from tests.integration.harness.engine import COMMAND, Engine
from tests.integration.harness.manifests import dataflow, endpoint
from tests.integration.harness.mosquitto import wait_for_line
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

GROUP, INSTANCE = "group", "instance"
LOCATION = {"name": "/subscriptions/s/x", "type": "CustomLocation"}
MQTT: dict[str, Any] = {
    "endpointType": "Mqtt",
    "mqttSettings": {
        "host": "mqtt.example:8883",
        "authentication": {"method": "Anonymous"},
        "tls": {"mode": "Enabled"},
    },
}
FLOW = {
    "mode": "Disabled",
    "operations": [
        {"operationType": "Source", "sourceSettings": {"endpointRef": "default", "dataSources": ["a/#"]}},
        {
            "operationType": "Destination",
            "destinationSettings": {"endpointRef": "default", "dataDestination": "b/${inputTopic}"},
        },
    ],
}
LISTENER = {"ports": [{"port": 18831}], "serviceType": "ClusterIp"}
AUTHENTICATION = {
    "authenticationMethods": [
        {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["aio-internal"]}}
    ]
}
AUTHORIZATION = {
    "authorizationPolicies": {
        "cache": "Enabled",
        "rules": [{"principals": {"clientIds": ["press"]}, "brokerResources": [{"method": "Connect"}]}],
    }
}


class Token:
    """The token of a role, as a credential of the SDK."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        return AccessToken(self._path.read_text().strip(), int(time.time()) + 3600)


class Console:
    """The API of one engine."""

    def __init__(self, engine: Engine, port: int) -> None:
        self.base = f"https://localhost:{port}"
        self.authority = str(engine.data_dir / "ca.crt")
        self.token = engine.data_dir / "api" / "write.token"
        self.sdk: Any = IoTOperationsMgmtClient(
            Token(self.token),
            "subscription",
            base_url=self.base,
            credential_scopes=["tidegate"],
            connection_verify=self.authority,
            polling_interval=0,
            retry_total=0,
        )

    def answers(self) -> bool:
        try:
            return self.token.exists() and requests.get(f"{self.base}/livez", verify=self.authority, timeout=5).ok
        except (requests.RequestException, OSError):
            return False


@contextmanager
def _console(engine: Engine, port: int) -> Iterator[Console]:
    until(lambda: (engine.data_dir / "ca.crt").exists(), "the authority is made")
    console = Console(engine, port)
    until(console.answers, "the HTTP API answers")
    with console.sdk:
        yield console


def _running(world: World) -> tuple[Engine, int]:
    port = free_port()
    engine = world.engine(reads_files=False, options=["--api", f"127.0.0.1:{port}"])
    return engine, port


def test_the_sdk_creates_reads_lists_updates_and_deletes_each_kind(world: World) -> None:
    engine, port = _running(world)
    engine.launch()
    with _console(engine, port) as console:
        sdk = console.sdk
        kinds: list[tuple[Any, tuple[str, ...], dict[str, Any], str]] = [
            (sdk.dataflow_endpoint, ("cloud",), MQTT, "list_by_resource_group"),
            (sdk.dataflow_profile, ("line-1",), {"instanceCount": 1}, "list_by_resource_group"),
            (sdk.dataflow, ("line-1", "to-cloud"), FLOW, "list_by_resource_group"),
            (sdk.broker_authentication, ("default", "tokens"), AUTHENTICATION, "list_by_resource_group"),
            (sdk.broker_authorization, ("default", "rules"), AUTHORIZATION, "list_by_resource_group"),
            (sdk.broker_listener, ("default", "plain"), LISTENER, "list_by_resource_group"),
        ]
        for operations, names, properties, listing in kinds:
            body = {"properties": properties, "extendedLocation": LOCATION}
            made = operations.begin_create_or_update(GROUP, INSTANCE, *names, body).result(60)
            assert made.name == names[-1]
            assert made.properties.provisioning_state == "Succeeded"
            found = operations.get(GROUP, INSTANCE, *names)
            assert found.as_dict()["properties"] == made.as_dict()["properties"]
            again = operations.begin_create_or_update(GROUP, INSTANCE, *names, found.as_dict()).result(60)
            assert again.id == made.id
            listed = [each.name for each in getattr(operations, listing)(GROUP, INSTANCE, *names[:-1])]
            assert names[-1] in listed
        for operations, names, _, _ in reversed(kinds):
            operations.begin_delete(GROUP, INSTANCE, *names).result(60)
            with pytest.raises(ResourceNotFoundError):
                operations.get(GROUP, INSTANCE, *names)
        assert sdk.instance.get(GROUP, INSTANCE).name == INSTANCE
        broker = {"properties": {"memoryProfile": "Low"}, "extendedLocation": LOCATION}
        sdk.broker.begin_create_or_update(GROUP, INSTANCE, "default", broker).result(60)
        assert sdk.broker.get(GROUP, INSTANCE, "default").properties.memory_profile == "Low"
        assert [each.name for each in sdk.broker.list_by_resource_group(GROUP, INSTANCE)] == ["default"]
        sdk.broker.begin_delete(GROUP, INSTANCE, "default").result(60)
        # The one that is built in is there again.
        assert sdk.broker.get(GROUP, INSTANCE, "default").properties.memory_profile != "Low"


def test_what_the_sdk_is_told_when_a_resource_is_wrong(world: World) -> None:
    engine, port = _running(world)
    engine.launch()
    with _console(engine, port) as console:
        wrong = {
            "properties": {**MQTT, "mqttSettings": {**MQTT["mqttSettings"], "qos": 7}},
            "extendedLocation": LOCATION,
        }
        with pytest.raises(HttpResponseError) as failed:
            console.sdk.dataflow_endpoint.begin_create_or_update(GROUP, INSTANCE, "cloud", wrong).result(60)
    error = failed.value
    assert error.status_code == 400
    assert error.error is not None
    assert error.error.target == "properties.mqttSettings.qos"
    assert "allowed are 0 and 1" in str(error)


def test_a_change_over_http_reaches_the_flow_under_load_and_no_other(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    port = free_port()
    engine = world.engine(reads_files=False, options=["--api", f"127.0.0.1:{port}", "--allow-remote-only"])
    engine.apply(
        *world.bridge_resources(source.port, destination.port),
        endpoint("other", destination.port),
        dataflow("untouched", filters=["other/#"], destination="other"),
    )
    engine.start("bridge", "untouched")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, ["plant/a", "plant/b"], rate=1000)
    with _console(engine, port) as console:
        operations = console.sdk.dataflow_endpoint
        for keep_alive_seconds in (30, 31, 32):
            grow(subscriber.seen_count, 200, "messages passed")
            found = operations.get(GROUP, INSTANCE, "cloud").as_dict()
            found["properties"]["mqttSettings"]["keepAliveSeconds"] = keep_alive_seconds
            operations.begin_create_or_update(GROUP, INSTANCE, "cloud", found).result(60)
            since = time.monotonic()
            wait_for_line(destination, f"as tidegate-bridge-0-destination .*k{keep_alive_seconds}")
            print(f"connected anew {time.monotonic() - since:.3f} s after the answer")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert len(re.findall("as tidegate-untouched-0-source ", source.log())) == 1
    engine.check_accounting()


def test_commands_work_through_the_api_of_an_engine_elsewhere(world: World, tmp_path: Path) -> None:
    engine, port = _running(world)
    engine.launch()
    (tmp_path / "cloud.json").write_text(json.dumps(endpoint("cloud", 1883, host="mqtt.example")))
    with _console(engine, port) as console:
        server = ["--server", console.base, "--token-file", str(console.token), "--ca-file", console.authority]

        def typed(*arguments: str) -> str:
            command = [*COMMAND, *arguments, *server]
            environment = {**os.environ, "STATE_DIRECTORY": str(tmp_path / "none")}
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr.decode()
            return done.stdout.decode()

        assert typed("apply", "-f", "cloud.json") == "DataflowEndpoint/cloud created\n"
        assert console.sdk.dataflow_endpoint.get(GROUP, INSTANCE, "cloud").properties.mqtt_settings.host
        assert "cloud" in typed("dataflow", "endpoint", "show", "--name", "cloud")
        assert "DataflowEndpoint/cloud deleted" in typed("delete", "endpoint", "cloud")
        assert " api " in typed("history", "endpoint", "cloud")
    assert not (tmp_path / "none").exists()


def test_the_console_ends_with_a_killed_engine_and_is_started_again_when_it_dies(world: World) -> None:
    engine, port = _running(world)
    engine.launch()
    with _console(engine, port) as console:
        first = _console_process(engine)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: _console_process(engine) not in (None, first) and console.answers(), "another console answers")
        last = _console_process(engine)
        assert last is not None
        engine.kill()
        until(lambda: _is_gone(last), "the console ends with its engine", seconds=5)


def _console_process(engine: Engine) -> int | None:
    return next(iter(engine.children()), None)


def _is_gone(process: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return True
