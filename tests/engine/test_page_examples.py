"""The endpoint examples of the page that the project started from, each for its method, in YAML and JSON.

Fragments are spliced into the page's own base endpoint, and the indentation that the stored page lost is restored. Bicep comes
with its parser.
"""

import json
from collections.abc import Mapping
from operator import attrgetter
from pathlib import PurePath
from textwrap import indent

import pytest
from tests.resources.manifests import read

from tidegate.engine.plan import endpoint_plan
from tidegate.flow.plan import (
    AnonymousPlan,
    AuthenticationPlan,
    SystemIdentityPlan,
    TlsPlan,
    TokenPlan,
    UserIdentityPlan,
    X509Plan,
)
from tidegate.resources.dataflow_endpoint import MqttSettings
from tidegate.resources.resolved_flow import resolve_endpoint
from tidegate.settings import Settings

TRUST_BUNDLE = "azure-iot-operations-aio-ca-trust-bundle"
EVENT_GRID = "mynamespace.eastus-1.ts.eventgrid.azure.net"
HEAD = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata:
  name: {name}
  namespace: azure-iot-operations
spec:
  endpointType: Mqtt
  mqttSettings:
"""

WHOLE = {
    "default": (
        'host: "aio-broker:18883"\n'
        f"tls:\n  mode: Enabled\n  trustedCaCertificateConfigMapRef: {TRUST_BUNDLE}\n"
        "authentication:\n  method: ServiceAccountToken\n  serviceAccountTokenSettings:\n    audience: aio-internal\n",
        {
            "host": "aio-broker:18883",
            "authentication": {
                "method": "ServiceAccountToken",
                "serviceAccountTokenSettings": {"audience": "aio-internal"},
            },
            "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": TRUST_BUNDLE},
        },
        TokenPlan(audience="aio-internal"),
    ),
    "local-mqtt-endpoint": (
        'host: "aio-broker:1883"\n'
        f"tls:\n  mode: Enabled\n  trustedCaCertificateConfigMapRef: {TRUST_BUNDLE}\n"
        "authentication:\n  method: ServiceAccountToken\n  serviceAccountTokenSettings:\n    audience: aio-internal\n",
        {
            "host": "aio-broker:1883",
            "authentication": {
                "method": "ServiceAccountToken",
                "serviceAccountTokenSettings": {"audience": "aio-internal"},
            },
            "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": TRUST_BUNDLE},
        },
        TokenPlan(audience="aio-internal"),
    ),
    "event-grid-endpoint": (
        f"host: {EVENT_GRID}:8883\n"
        "authentication:\n  method: SystemAssignedManagedIdentity\n  systemAssignedManagedIdentitySettings:\n    {}\n"
        "tls:\n  mode: Enabled\n",
        {
            "host": f"{EVENT_GRID}:8883",
            "authentication": {"method": "SystemAssignedManagedIdentity", "systemAssignedManagedIdentitySettings": {}},
            "tls": {"mode": "Enabled"},
        },
        SystemIdentityPlan(audience="https://eventgrid.azure.net"),
    ),
    "custom-mqtt-endpoint": (
        "host: mycustombroker.contoso.com:8883\n"
        "authentication:\n  method: SystemAssignedManagedIdentity\n  systemAssignedManagedIdentitySettings:\n    {}\n"
        "tls:\n  mode: Enabled # or Disabled\n",
        {
            "host": "mycustombroker.contoso.com:8883",
            "authentication": {"method": "SystemAssignedManagedIdentity", "systemAssignedManagedIdentitySettings": {}},
            "tls": {"mode": "Enabled"},
        },
        SystemIdentityPlan(audience="https://mycustombroker.contoso.com"),
    ),
}
"""Endpoints that the page shows whole: `mqttSettings` in YAML and in JSON, and what follows for the credential."""

METHODS: dict[str, tuple[str, dict[str, object], AuthenticationPlan]] = {
    "SystemAssignedManagedIdentity": (
        "authentication:\n  method: SystemAssignedManagedIdentity\n  systemAssignedManagedIdentitySettings:\n    {}\n",
        {"method": "SystemAssignedManagedIdentity", "systemAssignedManagedIdentitySettings": {}},
        SystemIdentityPlan(audience="https://eventgrid.azure.net"),
    ),
    "UserAssignedManagedIdentity": (
        "authentication:\n  method: UserAssignedManagedIdentity\n  userAssignedManagedIdentitySettings:\n"
        "    clientId: 11111111-1111-1111-1111-111111111111\n    tenantId: 22222222-2222-2222-2222-222222222222\n"
        "    # Optional, defaults to 'https://eventgrid.azure.net/.default'\n"
        "    # scope: https://<SCOPE_URL>\n",
        {
            "method": "UserAssignedManagedIdentity",
            "userAssignedManagedIdentitySettings": {
                "clientId": "11111111-1111-1111-1111-111111111111",
                "tenantId": "22222222-2222-2222-2222-222222222222",
            },
        },
        UserIdentityPlan(
            audience="https://eventgrid.azure.net",
            scope="https://eventgrid.azure.net/.default",
            client_id="11111111-1111-1111-1111-111111111111",
            tenant_id="22222222-2222-2222-2222-222222222222",
        ),
    ),
    "ServiceAccountToken": (
        "authentication:\n  method: ServiceAccountToken\n  serviceAccountTokenSettings:\n    audience: my-audience\n",
        {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audience": "my-audience"}},
        TokenPlan(audience="my-audience"),
    ),
    "X509Certificate": (
        "authentication:\n  method: X509Certificate\n  x509CertificateSettings:\n    secretRef: client-secret\n",
        {"method": "X509Certificate", "x509CertificateSettings": {"secretRef": "client-secret"}},
        X509Plan(secret="client-secret"),
    ),
    "Anonymous": (
        "authentication:\n  method: Anonymous\n  anonymousSettings:\n    {}\n",
        {"method": "Anonymous"},
        AnonymousPlan(),
    ),
}
"""The page's fragment of each method, in YAML and as the `authentication` of JSON."""

SETTINGS: tuple[tuple[str, dict[str, object], str, object], ...] = (
    ("tls:\n  mode: Enabled # or Disabled\n", {"tls": {"mode": "Enabled"}}, "tls.mode", "Enabled"),
    ("tls:\n  mode: Disabled\n", {"tls": {"mode": "Disabled"}}, "tls.mode", "Disabled"),
    (
        "tls:\n  trustedCaCertificateConfigMapRef: client-ca-configmap\n",
        {"tls": {"trustedCaCertificateConfigMapRef": "client-ca-configmap"}},
        "tls.trusted_ca_certificate_config_map_ref",
        "client-ca-configmap",
    ),
    ("clientIdPrefix: my-prefix\n", {"clientIdPrefix": "my-prefix"}, "client_id_prefix", "my-prefix"),
    ("qos: 1 # Or 0\n", {"qos": 1}, "qos", 1),
    ("qos: 0\n", {"qos": 0}, "qos", 0),
    ("retain: Keep # or Never\n", {"retain": "Keep"}, "retain", "Keep"),
    ("retain: Never\n", {"retain": "Never"}, "retain", "Never"),
    ("sessionExpirySeconds: 600\n", {"sessionExpirySeconds": 600}, "session_expiry_seconds", 600),
    ("protocol: WebSockets\n", {"protocol": "WebSockets"}, "protocol", "WebSockets"),
    ("maxInflightMessages: 100\n", {"maxInflightMessages": 100}, "max_inflight_messages", 100),
    ("keepAliveSeconds: 60\n", {"keepAliveSeconds": 60}, "keep_alive_seconds", 60),
    (
        "cloudEventAttributes : Propagate # or CreateOrRemap\n",
        {"cloudEventAttributes": "Propagate"},
        "cloud_event_attributes",
        "Propagate",
    ),
    (
        "cloudEventAttributes : CreateOrRemap\n",
        {"cloudEventAttributes": "CreateOrRemap"},
        "cloud_event_attributes",
        "CreateOrRemap",
    ),
)
"""The page's fragment of each setting, in YAML and in JSON, and the attribute that it sets; `or` is written out."""

ADVANCED_SETTINGS: dict[str, object] = {
    "qos": 1,
    "retain": "Keep",
    "sessionExpirySeconds": 3600,
    "keepAliveSeconds": 60,
    "maxInflightMessages": 100,
    "protocol": "WebSockets",
    "clientIdPrefix": "dataflow",
    "cloudEventAttributes": "Propagate",
    "tls": {"mode": "Enabled"},
}
ADVANCED = (
    "qos: 1\nretain: Keep\nsessionExpirySeconds: 3600\nkeepAliveSeconds: 60\nmaxInflightMessages: 100\n"
    "protocol: WebSockets\nclientIdPrefix: dataflow\ncloudEventAttributes : Propagate # or CreateOrRemap\n"
)


def as_yaml(settings: str, name: str = "example") -> str:
    return HEAD.format(name=name) + indent(settings, "    ")


def as_json(settings: Mapping[str, object], name: str = "example") -> str:
    """A configuration file of the page, as the manifest that `apply --config-file` makes of it."""
    return json.dumps(
        {
            "apiVersion": "connectivity.iotoperations.azure.com/v1",
            "kind": "DataflowEndpoint",
            "metadata": {"name": name, "namespace": "azure-iot-operations"},
            "spec": {"endpointType": "Mqtt", "mqttSettings": settings},
        }
    )


def credential(text: str, name: str = "example") -> tuple[AuthenticationPlan, TlsPlan | None]:
    manifest = read(text)
    assert manifest.diagnostics == ()
    endpoint = resolve_endpoint(name, manifest.resources)
    assert endpoint is not None
    plan = endpoint_plan(endpoint, Settings(data_dir=PurePath("state")))
    return plan.authentication, plan.tls


@pytest.mark.parametrize("name", WHOLE)
def test_endpoints_that_the_page_shows_whole(name: str) -> None:
    text, settings, authentication = WHOLE[name]
    is_local = name in ("default", "local-mqtt-endpoint")
    tls = TlsPlan(ca_config_map=TRUST_BUNDLE if is_local else None)
    assert credential(as_yaml(text, name), name) == (authentication, tls)
    assert credential(as_json(settings, name), name) == (authentication, tls)


@pytest.mark.parametrize("method", METHODS)
def test_the_fragment_of_each_method(method: str) -> None:
    text, settings, authentication = METHODS[method]
    host = "h.westeurope-1.ts.eventgrid.azure.net:8883"
    assert credential(as_yaml(f"host: {host}\n{text}tls:\n  mode: Enabled\n")) == (authentication, TlsPlan())
    whole: dict[str, object] = {"host": host, "authentication": settings, "tls": {"mode": "Enabled"}}
    assert credential(as_json(whole)) == (authentication, TlsPlan())


def settings_of(text: str) -> MqttSettings:
    manifest = read(text)
    assert manifest.diagnostics == ()
    endpoint = resolve_endpoint("example", manifest.resources)
    assert endpoint is not None
    return endpoint.settings


@pytest.mark.parametrize(("fragment", "written", "attribute", "value"), SETTINGS, ids=[each[0] for each in SETTINGS])
def test_the_fragment_of_each_setting(fragment: str, written: dict[str, object], attribute: str, value: object) -> None:
    whole = {"host": "broker.example:8883", "authentication": {"method": "Anonymous"}, **written}
    for text in (
        as_yaml(f"host: broker.example:8883\nauthentication:\n  method: Anonymous\n{fragment}"),
        as_json(whole),
    ):
        assert attrgetter(attribute)(settings_of(text)) == value


@pytest.mark.parametrize("form", ["YAML", "JSON"])
def test_the_advanced_settings(form: str) -> None:
    base = {"host": "broker.example:443/mqtt", "authentication": {"method": "Anonymous"}}
    text = as_yaml("host: broker.example:443/mqtt\nauthentication:\n  method: Anonymous\n" + ADVANCED)
    settings = settings_of(text if form == "YAML" else as_json({**base, **ADVANCED_SETTINGS}))
    assert (settings.qos, settings.retain, settings.protocol) == (1, "Keep", "WebSockets")
    assert (settings.session_expiry_seconds, settings.keep_alive_seconds, settings.max_inflight_messages) == (
        3600,
        60,
        100,
    )
    assert (settings.client_id_prefix, settings.cloud_event_attributes) == ("dataflow", "Propagate")
