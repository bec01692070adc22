"""Rules across resources: what one of them names must be there, with what it must hold.

Knows names, namespaces, secrets and config maps. Does not know what the sides of a data flow may be (`side_rules`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tidegate.diagnostics import Level
from tidegate.resources.base import ResourceKey
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.defaults import BUILT_IN_CA_CONFIG_MAP
from tidegate.resources.finding_list import FindingList
from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.resolved_flow import ResolvedEndpoint, resolve_endpoint
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import FieldPath

__all__ = ["DATAFLOWS_PER_PROFILE_MAX", "SecretNames", "check_names", "check_secrets"]

DATAFLOWS_PER_PROFILE_MAX = 70

_CERTIFICATE_KEYS = ("client_cert.pem", "client_key.pem")


@dataclass(frozen=True, slots=True)
class SecretNames:
    """The keys of the secrets and config maps that lie outside the declared resources, by name."""

    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    config_maps: Mapping[str, frozenset[str]] = field(default_factory=dict)


def check_names(resources: ResourceSet, namespace: str, findings: FindingList) -> None:
    """Check that everything lives in one namespace and that each data flow names a profile and MQTT endpoints."""
    for resource in resources.all():
        other = resource.metadata.namespace
        if other is not None and other != namespace:
            message = f"namespace is `{other}`; all resources live in one namespace, `{namespace}`"
            hint = f"remove it, or start with `--namespace {other}` when all resources live there"
            findings.add("error", "namespace", message, resource.key, ("metadata", "namespace"), hint)
    for dataflow in resources.dataflows.values():
        wanted = ResourceKey("DataflowProfile", dataflow.spec.profile_ref)
        _check_name(wanted, list(resources.profiles), resources, dataflow, ("spec", "profileRef"), findings)
        _check_endpoints(dataflow, resources, findings)
    for profile in resources.profiles.values():
        count = sum(1 for flow in resources.dataflows.values() if flow.spec.profile_ref == profile.name)
        if count > DATAFLOWS_PER_PROFILE_MAX:
            message = (
                f"the profile has {count} data flows; Azure IoT Operations runs at most {DATAFLOWS_PER_PROFILE_MAX}"
            )
            hint = "spread them over several profiles"
            findings.add("warning", "profile-size", message, profile.key, ("metadata", "name"), hint)


def check_secrets(
    resources: ResourceSet, used_endpoints: frozenset[str], outside: SecretNames, findings: FindingList
) -> None:
    """Check that the secrets and config maps of endpoints are there with the keys they need.

    What is missing is an error where an enabled data flow uses the endpoint, and a warning elsewhere.
    """
    for name in resources.endpoints:
        endpoint = resolve_endpoint(name, resources)
        if endpoint is not None:
            level: Level = "error" if name in used_endpoints else "warning"
            _check_secret(endpoint, resources, outside, level, findings)
            if (
                name in used_endpoints
                or endpoint.settings.tls.trusted_ca_certificate_config_map_ref != BUILT_IN_CA_CONFIG_MAP
            ):
                _check_config_map(endpoint, resources, outside, level, findings)


def _check_endpoints(dataflow: Dataflow, resources: ResourceSet, findings: FindingList) -> None:
    spec = dataflow.spec
    sides: tuple[tuple[Literal["source", "destination"], int, str], ...] = (
        ("source", spec.source[0], spec.source[1].endpoint_ref),
        ("destination", spec.destination[0], spec.destination[1].endpoint_ref),
    )
    for side, index, name in sides:
        path: FieldPath = ("spec", "operations", index, f"{side}Settings", "endpointRef")
        wanted = ResourceKey("DataflowEndpoint", name)
        _check_name(wanted, list(resources.endpoints), resources, dataflow, path, findings)
        endpoint = resources.endpoints.get(name)
        if endpoint is not None and endpoint.spec.mqtt_settings is None and spec.mode == "Enabled":
            message = f"the {side} endpoint `{name}` has the type {endpoint.spec.endpoint_type}; "
            message += "data flows run between Mqtt endpoints"
            hint = "use an endpoint with `endpointType: Mqtt`, or switch the data flow off with `mode: Disabled`"
            findings.add("error", "endpoint-type", message, dataflow.key, path, hint)


def _check_name(
    wanted: ResourceKey,
    names: Sequence[str],
    resources: ResourceSet,
    dataflow: Dataflow,
    path: FieldPath,
    findings: FindingList,
) -> None:
    if wanted.name in names or wanted in resources.unread or not resources.is_complete:
        return
    message = f"{path[-1]} is `{wanted.name}`, which is not declared"
    if names:
        message += f"; there {'are' if len(names) > 1 else 'is'} {enumerate_words(sorted(names))}"
    findings.add("error", "missing-reference", message, dataflow.key, path, _hint(wanted, names))


def _hint(wanted: ResourceKey, names: Sequence[str]) -> str:
    meant = closest(wanted.name, names)
    return f"did you mean `{meant}`?" if meant else f"declare a {wanted.kind} `{wanted.name}`"


def _check_secret(
    endpoint: ResolvedEndpoint, resources: ResourceSet, outside: SecretNames, level: Level, findings: FindingList
) -> None:
    settings = endpoint.settings.authentication.x509_certificate_settings
    if settings is None:
        return
    path = ("spec", "mqttSettings", "authentication", "x509CertificateSettings", "secretRef")
    name = settings.secret_ref
    keys_of = {**outside.secrets, **{each: frozenset(secret.content) for each, secret in resources.secrets.items()}}
    if name not in keys_of:
        _missing(
            ResourceKey("Secret", name), "--secrets-dir", list(keys_of), endpoint, resources, level, path, findings
        )
        return
    present = f"it has {enumerate_words(sorted(keys_of[name]))}" if keys_of[name] else "it is empty"
    for key in _CERTIFICATE_KEYS:
        if key not in keys_of[name]:
            message = f"the secret `{name}` has no key `{key}`; {present}"
            hint = f"a client certificate needs {enumerate_words(_CERTIFICATE_KEYS)}"
            findings.add(level, "missing-key", message, endpoint.resource.key, path, hint)


def _check_config_map(
    endpoint: ResolvedEndpoint, resources: ResourceSet, outside: SecretNames, level: Level, findings: FindingList
) -> None:
    name = endpoint.settings.tls.trusted_ca_certificate_config_map_ref
    if name is None or endpoint.settings.tls.mode == "Disabled":
        return
    path = ("spec", "mqttSettings", "tls", "trustedCaCertificateConfigMapRef")
    declared = {each: frozenset(config_map.content) for each, config_map in resources.config_maps.items()}
    keys_of = {**outside.config_maps, **declared}
    if name not in keys_of:
        wanted = ResourceKey("ConfigMap", name)
        _missing(wanted, "--configmaps-dir", list(keys_of), endpoint, resources, level, path, findings)
    elif not keys_of[name]:
        hint = "put PEM certificates under any key"
        findings.add(level, "missing-key", f"the config map `{name}` is empty", endpoint.resource.key, path, hint)


def _missing(
    wanted: ResourceKey,
    option: str,
    names: Sequence[str],
    endpoint: ResolvedEndpoint,
    resources: ResourceSet,
    level: Level,
    path: FieldPath,
    findings: FindingList,
) -> None:
    if wanted in resources.unread or not resources.is_complete:
        return
    message = f"{path[-1]} is `{wanted.name}`, and there is no such {wanted.kind}"
    hint = f"{_hint(wanted, names)}, or give its folder's parent with `{option}`"
    if closest(wanted.name, names):
        hint = _hint(wanted, names)
    findings.add(level, "missing-reference", message, endpoint.resource.key, path, hint)
