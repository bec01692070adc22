"""What settings become. What is refused is in tests/cases/manifests."""

from pathlib import PurePath

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read

from tidegate.engine.plan import Plan, build, validate
from tidegate.flow.plan import AnonymousPlan, DatasetsPlan, EndpointPlan, SidePlan, TlsPlan, X509Plan
from tidegate.resources.references import SecretNames
from tidegate.settings import Settings

SETTINGS = Settings(data_dir=PurePath("state"), no_broker=True)

PROFILE = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowProfile
metadata: {name: default}
spec: {instanceCount: 2, diagnostics: {logs: {level: debug}, metrics: {prometheusPort: 9700}}}
---
"""


def planned(*texts: str, settings: Settings = SETTINGS) -> Plan:
    manifest = read(*texts)
    found = (*manifest.diagnostics, *validate(manifest.resources, manifest.source_map, settings, None))
    assert [each for each in found if each.level == "error"] == []
    return build(manifest.resources, settings, found)


def cloud(**settings: str) -> str:
    """An endpoint `cloud` with more settings, in YAML's flow style."""
    lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
    return CLOUD.replace("    host: Broker.example.com\n", lines)


def endpoint(**settings: str) -> EndpointPlan:
    return planned(DEFAULT, cloud(**settings), UPLINK).flows[0].destination.endpoint


def test_a_flow() -> None:
    (flow,) = planned(DEFAULT, CLOUD, UPLINK).flows
    assert (flow.name, flow.profile, flow.ordinal) == ("uplink", "default", 0)
    assert flow.topic_filters == ("plant/#",)
    assert flow.transform.topic_template == "north/${inputTopic}"
    assert flow.retain_mode == "Keep"
    assert flow.source == SidePlan(
        endpoint=EndpointPlan(
            name="default",
            host="localhost",
            port=1883,
            transport="tcp",
            path="/mqtt",
            tls=None,
            authentication=AnonymousPlan(),
            service_type="Local AIO MQTT Broker",
        ),
        client_id="tidegate-uplink-0-source",
        qos=1,
        keep_alive_seconds=60,
        session_expiry_seconds=600,
        receive_maximum=100,
    )
    assert flow.destination.client_id == "tidegate-uplink-0-destination"
    assert flow.destination.endpoint.tls == TlsPlan(ca_config_map=None)
    assert flow.destination.endpoint.service_type == "Unknown MQTT Broker"


def test_each_side_has_the_settings_of_its_endpoint() -> None:
    settings = {
        "host": "a", "qos": "0", "keepAliveSeconds": "5", "sessionExpirySeconds": "7", "maxInflightMessages": "9",
        "retain": "Never", "clientIdPrefix": "north", "tls": "{trustedCaCertificateConfigMapRef: plant-ca}",
    }  # fmt: skip
    (flow,) = planned(DEFAULT, cloud(**settings), UPLINK).flows
    side = flow.destination
    assert (side.qos, side.keep_alive_seconds, side.session_expiry_seconds, side.receive_maximum) == (0, 5, 7, 9)
    assert side.client_id == "north-uplink-0-destination"
    assert side.endpoint.tls == TlsPlan(ca_config_map="plant-ca")
    assert flow.retain_mode == "Never"
    assert flow.source.client_id == "tidegate-uplink-0-source"


def test_a_certificate() -> None:
    text = CLOUD.replace(
        "{method: Anonymous}", "{method: X509Certificate, x509CertificateSettings: {secretRef: client}}"
    )
    assert planned(DEFAULT, text, UPLINK).flows[0].destination.endpoint.authentication == X509Plan(secret="client")


@pytest.mark.parametrize(
    ("protocol", "mode", "port"),
    [
        ("Mqtt", "Enabled", 8883),
        ("Mqtt", "Disabled", 1883),
        ("WebSockets", "Enabled", 443),
        ("WebSockets", "Disabled", 80),
    ],
)
def test_default_ports(protocol: str, mode: str, port: int) -> None:
    made = endpoint(host="Broker.Example.com", protocol=protocol, tls=f"{{mode: {mode}}}")
    assert (made.host, made.port) == ("broker.example.com", port)
    assert made.transport == ("tcp" if protocol == "Mqtt" else "websocket")
    assert endpoint(host="a:99", protocol=protocol, tls=f"{{mode: {mode}}}").port == 99


def test_the_path_of_websockets() -> None:
    assert endpoint(host="a", protocol="WebSockets").path == "/mqtt"
    assert endpoint(host="a/ws/x", protocol="WebSockets").path == "/ws/x"
    assert endpoint(host="a:443/", protocol="WebSockets").path == "/"


def test_without_a_host_the_built_in_broker_is_meant() -> None:
    made = endpoint(qos="1")
    assert (made.host, made.port, made.service_type) == ("aio-broker", 18883, "Local AIO MQTT Broker")


def test_service_type_of_event_grid() -> None:
    method = "{method: SystemAssignedManagedIdentity, systemAssignedManagedIdentitySettings: {}}"
    text = cloud(host="a.ts.eventgrid.azure.net", retain="Never").replace("{method: Anonymous}", method)
    assert planned(DEFAULT, text, UPLINK).flows[0].destination.endpoint.service_type == "Event Grid"


def test_instances_share_their_source() -> None:
    text = UPLINK.replace("[plant/#]", "[plant/#, $shared/mine/a]")
    flows = planned(PROFILE, DEFAULT, CLOUD, text).flows
    assert [flow.ordinal for flow in flows] == [0, 1]
    assert [flow.source.client_id for flow in flows] == ["tidegate-uplink-0-source", "tidegate-uplink-1-source"]
    assert {flow.topic_filters for flow in flows} == {("$share/tidegate-uplink/plant/#", "$share/mine/a")}
    prefixed = DEFAULT.replace("    host: ", "    clientIdPrefix: north\n    host: ")
    assert planned(PROFILE, prefixed, CLOUD, UPLINK).flows[0].topic_filters == ("$share/north-uplink/plant/#",)


def test_a_disabled_flow_is_named_and_does_not_run() -> None:
    plan = planned(DEFAULT, CLOUD, UPLINK.replace("spec:", "spec:\n  mode: Disabled"))
    assert plan.flows == ()
    assert plan.disabled == {"uplink"}


def test_profiles() -> None:
    (profile,) = planned(PROFILE).profiles
    assert (profile.name, profile.instance_count, profile.prometheus_port) == ("default", 2, 9700)
    assert profile.log_level == "debug"


def test_process_settings_reach_every_flow() -> None:
    settings = Settings(
        data_dir=PurePath("state"),
        stall_seconds=1,
        stall_seconds_max=2,
        qos0_pending_bytes_max=3,
        packet_bytes_max=4,
        on_rejected="drop",
    )
    plan = planned(DEFAULT, CLOUD, UPLINK, settings=settings)
    (flow,) = plan.flows
    assert (flow.stall_seconds, flow.stall_seconds_max, flow.qos0_pending_bytes_max) == (1, 2, 3)
    assert (flow.packet_bytes_max, flow.on_rejected) == (4, "drop")
    assert [each.code for each in plan.diagnostics] == ["packet-size"]


def test_plans_compare_by_content() -> None:
    assert planned(DEFAULT, CLOUD, UPLINK) == planned(UPLINK, CLOUD, DEFAULT)


def test_secrets_are_not_missed_when_nobody_could_look() -> None:
    manifest = read(DEFAULT, cloud(host="a", tls="{trustedCaCertificateConfigMapRef: plant-ca}"), UPLINK)
    assert validate(manifest.resources, manifest.source_map, SETTINGS, None) == ()
    found = validate(manifest.resources, manifest.source_map, SETTINGS, SecretNames())
    assert [each.code for each in found] == ["missing-reference"]


def test_disk_persistence_is_asked_of_the_local_broker_as_a_source() -> None:
    text = UPLINK.replace("profileRef:", "requestDiskPersistence: Enabled\n  profileRef:")
    flow = planned(DEFAULT, cloud(), text).flows[0]
    assert (flow.source.requests_persistence, flow.destination.requests_persistence) == (True, False)
    flow = planned(DEFAULT, cloud(), UPLINK).flows[0]
    assert not flow.source.requests_persistence


ENRICHED = UPLINK.replace(
    "    - operationType: Destination",
    """    - operationType: BuiltInTransformation
      builtInTransformationSettings:
        datasets:
          - {key: limits as l, inputs: [id, $context.id], expression: $1 == $2}
          - {key: site, inputs: [$context.id], expression: $1 == 1}
          - {key: limits as m, inputs: [line, $context.line], expression: $1 == $2}
    - operationType: Destination""",
)


def test_data_sets_come_from_the_store_of_the_local_broker_the_source_where_both_are() -> None:
    assert planned(DEFAULT, CLOUD, UPLINK).flows[0].datasets is None
    (flow,) = planned(DEFAULT, CLOUD, ENRICHED).flows
    keys = ("limits", "site")
    assert flow.datasets == DatasetsPlan(
        keys=keys, store=flow.source.endpoint, client_id="tidegate-uplink-0-datasets", keep_alive_seconds=60
    )
    turned = ENRICHED.replace("endpointRef: default", "endpointRef: x").replace(
        "endpointRef: cloud", "endpointRef: default"
    )
    turned = turned.replace("endpointRef: x", "endpointRef: cloud")
    (flow,) = planned(DEFAULT, cloud(host="a.example", clientIdPrefix="p"), turned).flows
    assert flow.datasets is not None and flow.datasets.store == flow.destination.endpoint
    assert flow.datasets.client_id == "tidegate-uplink-0-datasets"


def test_data_sets_of_files_need_no_store() -> None:
    settings = Settings(data_dir=PurePath("state"), no_broker=True, datasets_dir=PurePath("d"))
    (flow,) = planned(DEFAULT, CLOUD, ENRICHED, settings=settings).flows
    assert flow.datasets == DatasetsPlan(keys=("limits", "site"), folder=PurePath("d"))
