"""One `connection` section of a mosquitto configuration as documents: its endpoints, config map and data flows.

Knows how options become fields. Does not know the rest of the configuration (`mosquitto`).
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tidegate.adapters.mosquitto_text import Line
from tidegate.adapters.mosquitto_topics import TopicError, Way, ways
from tidegate.diagnostics import Level
from tidegate.resources.defaults import DEFAULT_NAME
from tidegate.resources.source_map import Json

__all__ = ["SESSION_SECONDS", "Bridge", "Names", "Say", "bridge_documents", "endpoint_document"]

CONNECTIVITY = "connectivity.iotoperations.azure.com/v1"
PORT = 1883
SESSION_SECONDS = 7 * 86_400
"""How long sessions are kept that mosquitto keeps for ever: brokers bound it, and so should who leaves."""

NAME_CHARACTERS_MIN = 3
NAME_CHARACTERS_MAX = 50
"""Of a name, so that what is added to make it unique fits into the 63 that are allowed (facts 1.2)."""

CA_KEY = "ca.crt"
_TLS_OPTIONS = ("bridge_cafile", "bridge_capath", "bridge_certfile", "bridge_tls_use_os_certs")
_CLIENT_ID_OPTIONS = ("remote_clientid", "clientid")


class Say(Protocol):
    """Takes a finding about a line."""

    def __call__(
        self, level: Level, code: str, message: str, line: Line, hint: str | None = None, resource: str = ""
    ) -> None: ...


@dataclass(slots=True)
class Bridge:
    """One section: its `connection` line and the lines of its options."""

    head: Line
    lines: list[Line] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What findings call it."""
        return f"connection {self.head.value}"

    def last(self, *options: str) -> Line | None:
        """Return the line that counts for an option, which may have several names: the last."""
        return next((line for line in reversed(self.lines) if line.option.lower() in options), None)

    def is_true(self, option: str) -> bool:
        """Tell whether an option is there and says yes."""
        line = self.last(option)
        return line is not None and line.is_true

    def number(self, option: str) -> int | None:
        """Return the whole number of an option; None where there is none."""
        line = self.last(option)
        return int(line.value) if line is not None and line.value.isdecimal() else None


class Names:
    """Gives names that resources may have, each once for each kind."""

    def __init__(self) -> None:
        self._taken = {("DataflowEndpoint", DEFAULT_NAME)}

    def unique(self, kind: str, wanted: str) -> str:
        """Return a name like `wanted`: lower case letters, digits and hyphens, three characters or more (facts 1.2)."""
        plain = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:NAME_CHARACTERS_MAX].strip("-")
        if len(plain) < NAME_CHARACTERS_MIN:
            plain = f"bridge-{plain}".strip("-")
        name, number = plain, 1
        while (kind, name) in self._taken:
            number += 1
            name = f"{plain}-{number}"
        self._taken.add((kind, name))
        return name


def bridge_documents(bridge: Bridge, names: Names, files: Mapping[str, str], say: Say) -> list[Mapping[str, Json]]:
    """Return the documents of a bridge, none where it has no address or no topics, which is said."""
    address = _address(bridge, say)
    found = _ways(bridge, say)
    if address is None or not found:
        if address is None:
            message, hint = "the connection has no address", "add `address HOST:PORT`"
            say("error", "no-address", message, bridge.head, hint, bridge.title)
        elif bridge.last("topic") is None:
            say("error", "no-topic", "the connection has no topic", bridge.head, "add `topic PATTERN`", bridge.title)
        return []
    documents: list[Mapping[str, Json]] = []
    settings = {"host": address, **_settings(bridge, names, files, documents, say)}
    levels = sorted({min(way.qos, 1) for way in found}, reverse=True)
    endpoints: dict[int, str] = {}
    for qos in levels:
        suffix = "" if qos == levels[0] else f"-qos-{qos}"
        endpoints[qos] = names.unique("DataflowEndpoint", bridge.head.value + suffix)
        documents.append(endpoint_document(endpoints[qos], settings | {"qos": qos} if qos != 1 else settings))
    return documents + _flows(bridge, found, endpoints, names)


def endpoint_document(name: str, settings: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the manifest of an MQTT endpoint."""
    return {
        "apiVersion": CONNECTIVITY,
        "kind": "DataflowEndpoint",
        "metadata": {"name": name},
        "spec": {"endpointType": "Mqtt", "mqttSettings": settings},
    }


def _address(bridge: Bridge, say: Say) -> str | None:
    """Return `host` for the first address, None where there is none."""
    line = bridge.last("address", "addresses")
    if line is None or not line.words:
        return None
    first, *others = line.words
    if others:
        message = (
            f"an endpoint has one address; `{first}` is taken, and {', '.join(f'`{each}`' for each in others)} left out"
        )
        say("warning", "no-counterpart", message, line, "give the servers one name in DNS", bridge.title)
    host, colon, port = first.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = first, str(PORT)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"{host}:{port}"


def _ways(bridge: Bridge, say: Say) -> list[Way]:
    found: list[Way] = []
    for line in bridge.lines:
        if line.option.lower() != "topic":
            continue
        try:
            made = list(ways(line))
        except TopicError as error:
            say("error", "topic", str(error), line, resource=bridge.title)
            continue
        if made[0].qos == 2:
            message = "QoS 2 becomes 1: each message arrives at least once, and may come twice after a lost connection"
            say("information", "qos", message, line, resource=bridge.title)
        found += made
    return found


def _settings(
    bridge: Bridge, names: Names, files: Mapping[str, str], documents: list[Mapping[str, Json]], say: Say
) -> dict[str, Json]:
    """Return the settings of the remote endpoint; a config map that they name is added to `documents`."""
    settings: dict[str, Json] = {"authentication": {"method": "Anonymous"}, "tls": {"mode": "Disabled"}}
    certificate = bridge.last("bridge_certfile")
    if certificate is not None:
        secret = names.unique("Secret", f"{bridge.head.value}-certificate")
        settings["authentication"] = {"method": "X509Certificate", "x509CertificateSettings": {"secretRef": secret}}
        key = bridge.last("bridge_keyfile")
        message = f"the certificate and its key go into the secret `{secret}`, which is not written here"
        hint = f"copy {certificate.value} to DIR/{secret}/client_cert.pem and {key.value if key else 'its key'} to "
        hint += f"DIR/{secret}/client_key.pem, for this user alone, and give `--secrets-dir DIR`"
        say("warning", "by-hand", message, certificate, hint, bridge.title)
    if any(bridge.last(option) is not None for option in _TLS_OPTIONS):
        config_map = _config_map(bridge, names, files, documents, say)
        settings["tls"] = {"mode": "Enabled"} | (
            {"trustedCaCertificateConfigMapRef": config_map} if config_map is not None else {}
        )
    client_id = bridge.last(*_CLIENT_ID_OPTIONS)
    if client_id is not None and client_id.value:
        settings["clientIdPrefix"] = client_id.value
    else:
        message = "client identifiers are made from the names of data flows; mosquitto adds the name of the host"
        hint = "where several sites use one remote broker, set a `clientIdPrefix` for each in the endpoint"
        say("information", "client-id", message, bridge.head, hint, bridge.title)
    keep_alive, window = bridge.number("keepalive_interval"), bridge.number("bridge_receive_maximum")
    if keep_alive is not None:
        settings["keepAliveSeconds"] = keep_alive
    if window:
        settings["maxInflightMessages"] = window
    expiry = bridge.number("bridge_session_expiry_interval")
    usual = 0 if bridge.is_true("cleansession") else SESSION_SECONDS
    settings["sessionExpirySeconds"] = usual if expiry is None else expiry
    outgoing = bridge.last("bridge_outgoing_retain")
    if outgoing is not None and not outgoing.is_true:
        settings["retain"] = "Never"
    return settings


def _config_map(
    bridge: Bridge, names: Names, files: Mapping[str, str], documents: list[Mapping[str, Json]], say: Say
) -> str | None:
    """Return the name of the config map of the authorities to trust, None for those of the system."""
    line = bridge.last("bridge_cafile") or bridge.last("bridge_capath")
    if line is None:
        return None
    name = names.unique("ConfigMap", f"{bridge.head.value}-ca")
    content = files.get(line.value) if line.option.lower() == "bridge_cafile" else None
    if content is not None and "BEGIN CERTIFICATE" in content and "PRIVATE KEY" not in content:
        manifest: dict[str, Json] = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name},
            "data": {CA_KEY: content},
        }
        documents.append(manifest)
        return name
    problem = "is a folder" if line.option.lower() == "bridge_capath" else "could not be read as certificates"
    hint = f"put the certificates into a config map `{name}`, or into DIR/{name}/ and give `--configmaps-dir DIR`"
    say("warning", "by-hand", f"{line.value} {problem}", line, hint, bridge.title)
    return name


def _flows(
    bridge: Bridge, found: Sequence[Way], endpoints: Mapping[int, str], names: Names
) -> list[Mapping[str, Json]]:
    """Return the data flows: one for all topics with the same direction, QoS and prefixes."""
    groups: defaultdict[tuple[str, int, str, str], list[str]] = defaultdict(list)
    for way in found:
        filters = groups[way.direction, min(way.qos, 1), way.template, way.prefix]
        if way.topic_filter not in filters:
            filters.append(way.topic_filter)
    named = {key: names.unique("Dataflow", f"{bridge.head.value}-{key[0]}") for key in groups}
    documents: list[Mapping[str, Json]] = []
    for key, filters in groups.items():
        direction, qos, template, prefix = key
        annotations: dict[str, Json] = {"tidegate.dev/strip-topic-prefix": prefix} if prefix else {}
        others = [name for each, name in named.items() if each[0] != direction]
        if others:
            annotations["tidegate.dev/no-echo-of"] = ", ".join(others)
        source, destination = (DEFAULT_NAME, endpoints[qos]) if direction == "out" else (endpoints[qos], DEFAULT_NAME)
        metadata: dict[str, Json] = {"name": named[key]}
        if annotations:
            metadata["annotations"] = annotations
        read: Json = {"endpointRef": source, "dataSources": filters}
        write: Json = {"endpointRef": destination, "dataDestination": template}
        operations: list[Json] = [
            {"operationType": "Source", "sourceSettings": read},
            {"operationType": "Destination", "destinationSettings": write},
        ]
        spec: Json = {"profileRef": DEFAULT_NAME, "operations": operations}
        documents.append({"apiVersion": CONNECTIVITY, "kind": "Dataflow", "metadata": metadata, "spec": spec})
    return documents
