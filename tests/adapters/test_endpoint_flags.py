"""`adapters/endpoint_flags.py`: every flag of facts 6.5, the order in which a method is found, and what az does otherwise."""

from typing import Any

import pytest

from tidegate.adapters.endpoint_flags import KINDS, EndpointFlags, Properties, create, flag_of, update
from tidegate.resources.dataflow_endpoint import DataflowEndpointSpec

LOCAL = KINDS["local-mqtt"]
EVENT_GRID = KINDS["eventgrid"]
CUSTOM = KINDS["custom-mqtt"]

AT_HOST: dict[str, Any] = {"hostname": "broker.example", "port": 8883}


def made(kind: str, **flags: Any) -> Properties:  # Any: a flag has the type it has
    properties, found = create(KINDS[kind], EndpointFlags(**flags))
    assert found == ()
    DataflowEndpointSpec.model_validate(properties)
    return properties


def refused(kind: str, **flags: Any) -> list[tuple[str, str]]:
    _, found = create(KINDS[kind], EndpointFlags(**{**AT_HOST, **flags}))
    assert all(each.level == "error" and each.message for each in found)
    return [(each.code, each.path) for each in found]


def changed(before: Properties, kind: str = "custom-mqtt", **flags: Any) -> Properties:
    properties, found = update(KINDS[kind], EndpointFlags(**flags), before)
    assert found == ()
    DataflowEndpointSpec.model_validate(properties)
    return properties


def test_the_example_of_the_facts() -> None:
    assert made("local-mqtt", hostname="aio-broker", port=18883, audience="aio-internal") == {
        "endpointType": "Mqtt",
        "mqttSettings": {
            "authentication": {
                "method": "ServiceAccountToken",
                "serviceAccountTokenSettings": {"audience": "aio-internal"},
            },
            "host": "aio-broker:18883",
            "tls": {
                "mode": "Enabled",
                "trustedCaCertificateConfigMapRef": "azure-iot-operations-aio-ca-trust-bundle",
            },
            "cloudEventAttributes": "Propagate",
            "protocol": "Mqtt",
            "keepAliveSeconds": 60,
            "retain": "Keep",
            "maxInflightMessages": 100,
            "qos": 1,
            "sessionExpirySeconds": 3600,
        },
    }


@pytest.mark.parametrize(
    ("flag", "typed", "field", "written"),
    [
        ("client_id_prefix", "site-7", "clientIdPrefix", "site-7"),
        ("protocol", "websockets", "protocol", "WebSockets"),
        ("keep_alive", 30, "keepAliveSeconds", 30),
        ("retain", "NEVER", "retain", "Never"),
        ("max_inflight_messages", 7, "maxInflightMessages", 7),
        ("qos", 0, "qos", 0),
        ("session_expiry", 600, "sessionExpirySeconds", 600),
        ("cloud_event_attribute", "CreateOrRemap", "cloudEventAttributes", "CreateOrRemap"),
    ],
)
def test_settings(flag: str, typed: str | int, field: str, written: str | int) -> None:
    assert made("custom-mqtt", **AT_HOST, **{flag: typed})["mqttSettings"][field] == written
    before = made("custom-mqtt", **AT_HOST)
    given: dict[str, Any] = {flag: typed}
    after = changed(before, **given)
    assert after["mqttSettings"] == before["mqttSettings"] | {field: written}


@pytest.mark.parametrize(
    ("kind", "flags", "method"),
    [
        ("local-mqtt", {}, "ServiceAccountToken"),
        ("local-mqtt", {"no_auth": True}, "Anonymous"),
        ("local-mqtt", {"secret_name": "client"}, "X509Certificate"),
        ("local-mqtt", {"auth_type": "serviceaccounttoken", "audience": "x"}, "ServiceAccountToken"),
        ("eventgrid", {}, "SystemAssignedManagedIdentity"),
        ("eventgrid", {"audience": "https://x"}, "SystemAssignedManagedIdentity"),
        ("eventgrid", {"client_id": "c", "tenant_id": "t"}, "UserAssignedManagedIdentity"),
        ("eventgrid", {"secret_name": "client"}, "X509Certificate"),
        ("custom-mqtt", {}, "SystemAssignedManagedIdentity"),
        ("custom-mqtt", {"audience": "x"}, "ServiceAccountToken"),
        ("custom-mqtt", {"sat_audience": "x"}, "ServiceAccountToken"),
        ("custom-mqtt", {"sami_audience": "https://x"}, "SystemAssignedManagedIdentity"),
        (
            "custom-mqtt",
            {"auth_type": "SystemAssignedManagedIdentity", "audience": "x"},
            "SystemAssignedManagedIdentity",
        ),
        ("custom-mqtt", {"client_id": "c", "tenant_id": "t", "scope": "s"}, "UserAssignedManagedIdentity"),
        ("custom-mqtt", {"no_auth": True}, "Anonymous"),
    ],
)
def test_the_method_that_flags_mean(kind: str, flags: dict[str, Any], method: str) -> None:
    assert made(kind, **(AT_HOST | flags))["mqttSettings"]["authentication"]["method"] == method


def test_the_settings_of_each_method() -> None:
    def block(kind: str, **flags: Any) -> Any:
        authentication = made(kind, **AT_HOST, **flags)["mqttSettings"]["authentication"]
        return {field: value for field, value in authentication.items() if field != "method"}

    assert block("custom-mqtt", client_id="c", tenant_id="t", scope="s") == {
        "userAssignedManagedIdentitySettings": {"clientId": "c", "tenantId": "t", "scope": "s"}
    }
    assert block("custom-mqtt", secret_name="client") == {"x509CertificateSettings": {"secretRef": "client"}}
    assert block("eventgrid") == {"systemAssignedManagedIdentitySettings": {}}
    assert block("eventgrid", audience="x") == {"systemAssignedManagedIdentitySettings": {"audience": "x"}}
    assert block("custom-mqtt", no_auth=True) == {}


@pytest.mark.parametrize(
    ("kind", "flags", "host"),
    [
        ("custom-mqtt", {"hostname": "b", "port": 1883}, "b:1883"),
        ("custom-mqtt", {"hostname": "b:1883"}, "b:1883"),
        ("custom-mqtt", {"hostname": "b:1883", "port": 1883}, "b:1883"),
        ("custom-mqtt", {"hostname": "[::1]", "port": 1883}, "[::1]:1883"),
        ("eventgrid", {"hostname": "n.region-1.ts.eventgrid.azure.net"}, "n.region-1.ts.eventgrid.azure.net:8883"),
        ("eventgrid", {"hostname": "n", "port": 443, "protocol": "WebSockets"}, "n:443/mqtt"),
        ("eventgrid", {"hostname": "n/mqtt", "port": 443, "protocol": "WebSockets"}, "n:443/mqtt"),
        ("custom-mqtt", {"hostname": "n/ws", "port": 80, "protocol": "WebSockets"}, "n:80/ws"),
    ],
)
def test_hosts(kind: str, flags: dict[str, Any], host: str) -> None:
    assert made(kind, **flags)["mqttSettings"]["host"] == host


def test_tls() -> None:
    assert made("custom-mqtt", **AT_HOST)["mqttSettings"]["tls"] == {"mode": "Enabled"}
    assert made("custom-mqtt", **AT_HOST, disable_tls=True, no_auth=True)["mqttSettings"]["tls"] == {"mode": "Disabled"}
    assert made("local-mqtt", **AT_HOST, disable_tls=True)["mqttSettings"]["tls"] == {"mode": "Disabled"}
    assert made("custom-mqtt", **AT_HOST, config_map_ref="our-ca")["mqttSettings"]["tls"] == {
        "mode": "Enabled",
        "trustedCaCertificateConfigMapRef": "our-ca",
    }


@pytest.mark.parametrize(
    ("kind", "flags", "expected"),
    [
        ("local-mqtt", {"hostname": None}, [("missing-flag", "--hostname")]),
        ("local-mqtt", {"hostname": ":8883"}, [("missing-flag", "--hostname")]),
        ("custom-mqtt", {"port": None}, [("missing-flag", "--port")]),
        ("custom-mqtt", {"port": 0}, [("out-of-range", "--port")]),
        ("custom-mqtt", {"port": 65536}, [("out-of-range", "--port")]),
        ("custom-mqtt", {"hostname": "b:1883"}, [("ports-differ", "--port")]),
        ("eventgrid", {"no_auth": True}, [("method-not-allowed", "--no-auth")]),
        ("local-mqtt", {"auth_type": "SystemAssignedManagedIdentity"}, [("method-not-allowed", "--auth-type")]),
        ("eventgrid", {"auth_type": "ServiceAccountToken", "audience": "x"}, [("method-not-allowed", "--auth-type")]),
        ("local-mqtt", {"client_id": "c"}, [("method-not-allowed", "--auth-type")]),
        ("custom-mqtt", {"auth_type": "x509"}, [("not-allowed", "--auth-type")]),
        ("custom-mqtt", {"auth_type": "none"}, [("not-allowed", "--auth-type")]),
        ("custom-mqtt", {"auth_type": "X509Certificate", "no_auth": True}, [("two-methods", "--no-auth")]),
        ("custom-mqtt", {"auth_type": "ServiceAccountToken"}, [("missing-flag", "--audience")]),
        ("custom-mqtt", {"auth_type": "UserAssignedManagedIdentity"}, [("missing-flag", "--client-id")]),
        ("custom-mqtt", {"client_id": "c"}, [("missing-flag", "--tenant-id")]),
        ("custom-mqtt", {"auth_type": "X509Certificate"}, [("missing-flag", "--secret-name")]),
        ("custom-mqtt", {"sat_audience": "x", "secret_name": "c"}, [("flag-of-another-method", "--secret-name")]),
        ("custom-mqtt", {"secret_name": "c", "audience": "x", "auth_type": "X509Certificate"},
         [("flag-of-another-method", "--audience")]),
        ("custom-mqtt", {"no_auth": True, "scope": "s"}, [("flag-of-another-method", "--scope")]),
        ("custom-mqtt", {"sat_audience": "x", "audience": "y"}, [("two-audiences", "--audience")]),
        ("eventgrid", {"disable_tls": True}, [("tls-needed", "--disable-tls")]),
        ("custom-mqtt", {"protocol": "Websocket"}, [("not-allowed", "--protocol")]),
        ("custom-mqtt", {"retain": "always"}, [("not-allowed", "--retain")]),
        ("custom-mqtt", {"cloud_event_attribute": "x"}, [("not-allowed", "--cloud-event-attribute")]),
    ],
)  # fmt: skip
def test_what_is_refused(kind: str, flags: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert refused(kind, **flags) == expected


def test_an_update_changes_what_its_flags_name() -> None:
    before = made("custom-mqtt", **AT_HOST, no_auth=True, disable_tls=True, client_id_prefix="p")
    kept = changed(before)
    assert kept == before
    assert kept is not before
    assert changed(before, port=1884)["mqttSettings"]["host"] == "broker.example:1884"
    assert changed(before, hostname="other")["mqttSettings"]["host"] == "other:8883"
    assert changed(before, disable_tls=False)["mqttSettings"]["tls"] == {"mode": "Enabled"}
    assert changed(before, config_map_ref="ca")["mqttSettings"]["tls"]["mode"] == "Disabled"


def test_an_update_keeps_the_method_that_its_flags_fit() -> None:
    token = made("custom-mqtt", **AT_HOST, sat_audience="x")
    identity = made("eventgrid", **AT_HOST, audience="x")
    both = made("custom-mqtt", **AT_HOST, client_id="c", tenant_id="t", scope="s")

    assert changed(token, audience="y")["mqttSettings"]["authentication"] == {
        "method": "ServiceAccountToken",
        "serviceAccountTokenSettings": {"audience": "y"},
    }
    assert changed(identity, "eventgrid", audience="y")["mqttSettings"]["authentication"] == {
        "method": "SystemAssignedManagedIdentity",
        "systemAssignedManagedIdentitySettings": {"audience": "y"},
    }
    assert changed(both, client_id="d")["mqttSettings"]["authentication"]["userAssignedManagedIdentitySettings"] == {
        "clientId": "d",
        "tenantId": "t",
        "scope": "s",
    }


def test_another_method_drops_the_settings_of_the_one_before() -> None:
    before = made("custom-mqtt", **AT_HOST, sat_audience="x")
    assert changed(before, secret_name="client")["mqttSettings"]["authentication"] == {
        "method": "X509Certificate",
        "x509CertificateSettings": {"secretRef": "client"},
    }
    assert changed(before, no_auth=True)["mqttSettings"]["authentication"] == {"method": "Anonymous"}
    _, found = update(CUSTOM, EndpointFlags(client_id="c"), before)
    assert [each.path for each in found] == ["--tenant-id"]


def test_an_update_of_another_type_or_without_a_host() -> None:
    _, found = update(CUSTOM, EndpointFlags(qos=0), {"endpointType": "Kafka", "kafkaSettings": {}})
    assert [each.code for each in found] == ["endpoint-type"]
    built_in = {"endpointType": "Mqtt", "mqttSettings": {"authentication": {"method": "Anonymous"}}}
    _, found = update(LOCAL, EndpointFlags(port=1), built_in)
    assert [each.path for each in found] == ["--hostname"]
    assert "host" not in changed(built_in, protocol="WebSockets")["mqttSettings"]


def test_event_grid_by_websockets_gets_its_path() -> None:
    before = made("eventgrid", hostname="n.region-1.ts.eventgrid.azure.net")
    after = changed(before, "eventgrid", protocol="WebSockets", port=443)
    assert after["mqttSettings"]["host"] == "n.region-1.ts.eventgrid.azure.net:443/mqtt"


def test_the_flag_of_a_field() -> None:
    assert flag_of("properties.mqttSettings.qos") == "--qos"
    assert flag_of("mqttSettings.authentication.x509CertificateSettings.secretRef") == "--secret-name"
    assert flag_of("mqttSettings.authentication.serviceAccountTokenSettings.audience") == "--sat-audience"
    assert flag_of("mqttSettings.host") == "--hostname"
    assert flag_of("mqttSettings.tls.mode") == "--disable-tls"
    assert flag_of("kind") is None
