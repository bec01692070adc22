"""Resources as plain values, written as one JSON file each (JSON is YAML), the way an engineer would declare them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = [
    "Declared",
    "Value",
    "authentication",
    "authorization",
    "broker",
    "config_map",
    "dataflow",
    "endpoint",
    "listener",
    "profile",
    "remove",
    "secret",
    "write",
]

Value = str | int | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Declared = dict[str, Value]

CONNECTIVITY = "connectivity.iotoperations.azure.com/v1"
BROKER = "mqttbroker.iotoperations.azure.com/v1"
NAMESPACE = "azure-iot-operations"


def _resource(api_version: str, kind: str, name: str, **body: Value) -> Declared:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def endpoint(
    name: str,
    port: int,
    *,
    host: str = "127.0.0.1",
    ca: str | None = None,
    client_secret: str | None = None,
    audience: str | None = None,
    tls: bool = False,
    path: str = "",
    **settings: Value,
) -> Declared:
    """An MQTT endpoint. `ca` names a config map (and turns TLS on), `client_secret` a secret.

    With `audience` it authenticates with a service account token. `settings` go to `mqttSettings`.
    """
    tls_settings: dict[str, Value] = {"mode": "Enabled" if ca or tls else "Disabled"}
    if ca:
        tls_settings["trustedCaCertificateConfigMapRef"] = ca
    authentication: dict[str, Value] = {"method": "Anonymous", "anonymousSettings": {}}
    if client_secret:
        authentication = {"method": "X509Certificate", "x509CertificateSettings": {"secretRef": client_secret}}
    if audience:
        authentication = {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audience": audience}}
    mqtt = {"host": f"{host}:{port}{path}", "tls": tls_settings, "authentication": authentication, **settings}
    return _resource(CONNECTIVITY, "DataflowEndpoint", name, spec={"endpointType": "Mqtt", "mqttSettings": mqtt})


def dataflow(
    name: str,
    *,
    source: str = "default",
    filters: Sequence[str] = ("plant/#",),
    destination: str = "cloud",
    topic: str = "${inputTopic}",
    profile_ref: str = "default",
    mode: str = "Enabled",
    transformation: Mapping[str, Value] | None = None,
    schema: str | None = None,
    **more: Value,
) -> Declared:
    """A data flow; `transformation` are the settings of its middle, payloads are held to `schema`; `more` goes to its spec."""
    read: dict[str, Value] = {"endpointRef": source, "dataSources": list(filters)}
    if schema is not None:
        read["schemaRef"] = schema
    operations: list[Value] = [
        {"operationType": "Source", "sourceSettings": read},
        {"operationType": "Destination", "destinationSettings": {"endpointRef": destination, "dataDestination": topic}},
    ]
    if transformation is not None:
        operations.append(
            {"operationType": "BuiltInTransformation", "builtInTransformationSettings": dict(transformation)}
        )
    spec: dict[str, Value] = {"profileRef": profile_ref, "mode": mode, "operations": operations, **more}
    declared = _resource(CONNECTIVITY, "Dataflow", name, spec=spec)
    if schema is not None:
        annotations = {"tidegate.dev/source-schema": "validate"}
        declared["metadata"] = {"name": name, "namespace": NAMESPACE, "annotations": annotations}
    return declared


def profile(name: str, instance_count: int) -> Declared:
    """A profile."""
    return _resource(CONNECTIVITY, "DataflowProfile", name, spec={"instanceCount": instance_count})


def secret(name: str, values: Mapping[str, str]) -> Declared:
    """A secret, as text."""
    return _resource("v1", "Secret", name, stringData=dict(values))


def config_map(name: str, values: Mapping[str, str]) -> Declared:
    """A config map."""
    return _resource("v1", "ConfigMap", name, data=dict(values))


def write(directory: Path, *resources: Declared) -> None:
    """Write each resource to `directory/<kind>-<name>.yaml`, whole or not at all: a watcher never sees half a file."""
    directory.mkdir(exist_ok=True)
    for resource in resources:
        path = _path(directory, resource)
        fresh = path.with_suffix(".fresh")
        fresh.write_text(json.dumps(resource, indent=2) + "\n")
        fresh.rename(path)


def _path(directory: Path, resource: Declared) -> Path:
    metadata = resource["metadata"]
    assert isinstance(metadata, dict)
    return directory / f"{resource['kind']}-{metadata['name']}.yaml".lower()


def remove(directory: Path, resource: Declared) -> None:
    """Delete the file of a resource."""
    _path(directory, resource).unlink()


def broker(**spec: Value) -> Declared:
    """The Broker `default`."""
    return _resource(BROKER, "Broker", "default", spec=spec)


def authentication(name: str, *methods: Mapping[str, Value]) -> Declared:
    """A BrokerAuthentication with these methods."""
    return _resource(BROKER, "BrokerAuthentication", name, spec={"authenticationMethods": list(methods)})


def authorization(name: str, username: str, *resources: Mapping[str, Value]) -> Declared:
    """A BrokerAuthorization that lets one client, by user name or service account, do these things."""
    rule: Mapping[str, Value] = {"principals": {"usernames": [username]}, "brokerResources": list(resources)}
    return _resource(BROKER, "BrokerAuthorization", name, spec={"authorizationPolicies": {"rules": [rule]}})


def listener(*ports: Mapping[str, Value], name: str = "default") -> Declared:
    """A BrokerListener on loopback; each port is as its manifest has it."""
    spec: dict[str, Value] = {"serviceType": "ClusterIp", "ports": list(ports)}
    return _resource(BROKER, "BrokerListener", name, spec=spec)
