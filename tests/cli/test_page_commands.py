"""The page that the project started from, top to bottom: what it tells a person to type runs, with `tidegate` for `az` and
`kubectl`, and makes the endpoint that it describes. Placeholders are filled in; Bicep has a test of its own.
"""

import json
from typing import Any

import pytest
from tests.cli.stores import Shell

GRID = "mynamespace.eastus-1.ts.eventgrid.azure.net"
BUNDLE = "azure-iot-operations-aio-ca-trust-bundle"
WHERE = "--resource-group myResourceGroup --instance myAioInstance"
TOKEN = {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audience": "aio-internal"}}
SYSTEM = {"method": "SystemAssignedManagedIdentity", "systemAssignedManagedIdentitySettings": {}}
TRUSTED = {"mode": "Enabled", "trustedCaCertificateConfigMapRef": BUNDLE}
ENABLED = {"mode": "Enabled"}
DEFAULTS = {
    "protocol": "Mqtt",
    "keepAliveSeconds": 60,
    "sessionExpirySeconds": 3600,
    "maxInflightMessages": 100,
    "qos": 1,
    "retain": "Keep",
    "cloudEventAttributes": "Propagate",
}
CREATE = f"dataflow endpoint create custom-mqtt {WHERE} --name endpoint --host mqtt.example --port 8883"


def mqtt(host: str, authentication: dict[str, Any], tls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "endpointType": "Mqtt",
        "mqttSettings": {"host": host, "authentication": authentication, "tls": tls, **more},
    }


FILES = {
    "default": mqtt("aio-broker:18883", TOKEN, TRUSTED),
    "local-mqtt-endpoint": mqtt("aio-broker:1883", TOKEN, TRUSTED),
    "event-grid-endpoint": mqtt(f"{GRID}:9092", SYSTEM, ENABLED),
    "custom-mqtt-endpoint": mqtt("mycustombroker.contoso.com:8883", SYSTEM, ENABLED),
}
COMMANDS = [
    (
        f"dataflow endpoint create local-mqtt {WHERE} --name endpoint --port 1883 --host aio-broker",
        mqtt("aio-broker:1883", TOKEN, TRUSTED, **DEFAULTS),
    ),
    (
        f"dataflow endpoint create local-mqtt {WHERE} --name endpoint --port 1883 --host aio-broker "
        "--auth-type ServiceAccountToken --audience aio-internal",
        mqtt("aio-broker:1883", TOKEN, TRUSTED, **DEFAULTS),
    ),
    (
        f"dataflow endpoint create eventgrid {WHERE} --name endpoint --host {GRID} --port 9092",
        mqtt(f"{GRID}:9092", SYSTEM, ENABLED, **DEFAULTS),
    ),
    (
        f"dataflow endpoint create custom-mqtt {WHERE} --name endpoint --host mycustombroker.contoso.com --port 8883",
        mqtt("mycustombroker.contoso.com:8883", SYSTEM, ENABLED, **DEFAULTS),
    ),
    (
        f"{CREATE} --auth-type SystemAssignedManagedIdentity --audience https://eventgrid.azure.net",
        mqtt(
            "mqtt.example:8883",
            SYSTEM | {"systemAssignedManagedIdentitySettings": {"audience": "https://eventgrid.azure.net"}},
            ENABLED,
            **DEFAULTS,
        ),
    ),
    (
        f"{CREATE} --auth-type UserAssignedManagedIdentity --client-id c --tenant-id t",
        mqtt(
            "mqtt.example:8883",
            {
                "method": "UserAssignedManagedIdentity",
                "userAssignedManagedIdentitySettings": {"clientId": "c", "tenantId": "t"},
            },
            ENABLED,
            **DEFAULTS,
        ),
    ),
    (
        f"{CREATE} --auth-type ServiceAccountToken --audience aio-internal",
        mqtt("mqtt.example:8883", TOKEN, ENABLED, **DEFAULTS),
    ),
    (
        f"{CREATE} --auth-type X509Certificate --secret-name client",
        mqtt(
            "mqtt.example:8883",
            {"method": "X509Certificate", "x509CertificateSettings": {"secretRef": "client"}},
            ENABLED,
            **DEFAULTS,
        ),
    ),
    (f"{CREATE} --no-auth", mqtt("mqtt.example:8883", {"method": "Anonymous"}, ENABLED, **DEFAULTS)),
]
FRAGMENTS: list[dict[str, Any]] = [
    {"tls": {"mode": "Disabled"}},
    {"tls": {"trustedCaCertificateConfigMapRef": "client-ca-configmap"}},
    {"clientIdPrefix": "dataflow"},
    {"qos": 0},
    {"retain": "Never"},
    {"sessionExpirySeconds": 600},
    {"protocol": "WebSockets"},
    {"maxInflightMessages": 100},
    {"keepAliveSeconds": 60},
    {"cloudEventAttributes": "CreateOrRemap"},
]


def shown(shell: Shell, name: str) -> Any:
    assert shell.type("iot", "ops", "dataflow", "endpoint", "show", *WHERE.split(), "--name", name) == 0
    return json.loads(shell.out)["properties"]


@pytest.mark.parametrize("name", FILES)
def test_a_configuration_file_is_applied(shell: Shell, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page keeps the file in the home folder, and calls it by `~`."""
    monkeypatch.setenv("HOME", str(shell.folder))
    shell.write(f"{name}.json", json.dumps(FILES[name], indent=4))
    command = f"iot ops dataflow endpoint apply {WHERE} --name {name} --config-file ~/{name}.json"
    assert shell.type(*command.split()) == 0, shell.err
    assert shown(shell, name) == FILES[name]


@pytest.mark.parametrize(("command", "expected"), COMMANDS)
@pytest.mark.parametrize("prefix", ["iot ops ", ""])
def test_a_command_creates_the_endpoint(shell: Shell, prefix: str, command: str, expected: dict[str, Any]) -> None:
    shell.write("client_cert.pem", "CERTIFICATE")
    shell.type(
        "create",
        "secret",
        "generic",
        "client",
        "--from-file=client_cert.pem",
        "--from-file=client_key.pem=client_cert.pem",
    )
    assert shell.type(*f"{prefix}{command}".split()) == 0, shell.err
    assert shown(shell, "endpoint") == expected


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_fragment_is_refused_alone_and_applied_in_its_place(shell: Shell, fragment: dict[str, Any]) -> None:
    shell.write("root_ca.crt", "-----BEGIN CERTIFICATE-----")
    shell.type("create", "configmap", "client-ca-configmap", "--from-file", "root_ca.crt", "-n", "azure-iot-operations")
    apply = f"iot ops dataflow endpoint apply {WHERE} --name endpoint --config-file part.json".split()
    shell.write("part.json", json.dumps({"mqttSettings": fragment}))
    assert shell.type(*apply) == 1
    assert "`tidegate dataflow endpoint update custom-mqtt -n endpoint`" in shell.err
    base = mqtt("mqtt.example:8883", {"method": "Anonymous"}, ENABLED)
    whole = {**base, "mqttSettings": {**base["mqttSettings"], **fragment}}
    shell.write("part.json", json.dumps(whole))
    assert shell.type(*apply) == 0, shell.err
    assert shown(shell, "endpoint") == whole


def test_optional_settings_stand_beside_a_comment(shell: Shell) -> None:
    text = """\
{
    "endpointType": "Mqtt",
    "mqttSettings": {
        "host": "mqtt.example:8883",
        "authentication": {
            "method": "UserAssignedManagedIdentity",
            "userAssignedManagedIdentitySettings": {
                "clientId": "<ID>",
                "tenantId": "<ID>",
                // Optional
                "scope": "https://<Scope_Url>"
            }
        }
    }
}
"""
    shell.write("part.json", text)
    assert (
        shell.type(*f"iot ops dataflow endpoint apply {WHERE} --name endpoint --config-file part.json".split()) == 0
    ), shell.err
    settings = shown(shell, "endpoint")["mqttSettings"]["authentication"]["userAssignedManagedIdentitySettings"]
    assert settings["scope"] == "https://<Scope_Url>"


def test_the_commands_of_kubectl(shell: Shell) -> None:
    manifest = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata:
  name: mine
  namespace: azure-iot-operations
spec:
  endpointType: Mqtt
  mqttSettings:
    host: "mqtt.example:8883"
    tls:
      mode: Enabled
      trustedCaCertificateConfigMapRef: client-ca-configmap
    authentication:
      method: X509Certificate
      x509CertificateSettings:
        secretRef: client
"""
    shell.write("endpoint.yaml", manifest)
    for name in ("root_ca.crt", "cert.pem", "key.pem", "between.pem"):
        shell.write(name, name)
    secret = (
        "create secret generic client -n azure-iot-operations --from-file=client_cert.pem=cert.pem "
        "--from-file=client_key.pem=key.pem --from-file=client_intermediate_certs.pem=between.pem"
    )
    assert shell.type(*secret.split()) == 0, shell.err
    config_map = [
        "create",
        "configmap",
        "client-ca-configmap",
        "--from-file",
        "root_ca.crt",
        "-n",
        "azure-iot-operations",
    ]
    assert shell.type(*config_map) == 0, shell.err
    assert shell.type("apply", "-f", "endpoint.yaml") == 0, shell.err
    get = "get dataflowendpoint {} -n azure-iot-operations -o yaml"
    assert shell.type(*get.format("mine").split()) == 0, shell.err
    for line in ("kind: DataflowEndpoint", "name: mine", "secretRef: client"):
        assert line in shell.out
    assert shell.type(*get.format("default").split()) == 0, shell.err
    assert "aio-broker:18883" in shell.out
