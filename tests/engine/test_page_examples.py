"""The endpoint examples of the page that the project started from, each for its method, in YAML and JSON.

Fragments are spliced into the page's own base endpoint, and the indentation that the stored page lost is restored. Bicep comes
with its parser.
"""

import json
from collections.abc import Mapping
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
    tls = TlsPlan(ca_config_map=TRUST_BUNDLE if name == "default" else None)
    assert credential(as_yaml(text, name), name) == (authentication, tls)
    assert credential(as_json(settings, name), name) == (authentication, tls)


@pytest.mark.parametrize("method", METHODS)
def test_the_fragment_of_each_method(method: str) -> None:
    text, settings, authentication = METHODS[method]
    host = "h.westeurope-1.ts.eventgrid.azure.net:8883"
    assert credential(as_yaml(f"host: {host}\n{text}tls:\n  mode: Enabled\n")) == (authentication, TlsPlan())
    whole: dict[str, object] = {"host": host, "authentication": settings, "tls": {"mode": "Enabled"}}
    assert credential(as_json(whole)) == (authentication, TlsPlan())


def test_the_advanced_settings() -> None:
    manifest = read(as_yaml("host: broker.example:443/mqtt\nauthentication:\n  method: Anonymous\n" + ADVANCED))
    assert manifest.diagnostics == ()
    endpoint = resolve_endpoint("example", manifest.resources)
    assert endpoint is not None
    settings = endpoint.settings
    assert (settings.qos, settings.retain, settings.protocol) == (1, "Keep", "WebSockets")
    assert (settings.session_expiry_seconds, settings.keep_alive_seconds, settings.max_inflight_messages) == (
        3600,
        60,
        100,
    )
    assert (settings.client_id_prefix, settings.cloud_event_attributes) == ("dataflow", "Propagate")
