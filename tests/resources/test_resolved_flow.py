"""Data flows with what they name."""

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.resources.resolved_flow import ResolvedFlow, resolve, resolve_endpoint, sent_filter


def resolved(*texts: str) -> ResolvedFlow | None:
    resources = read_clean(*texts).resources
    return resolve(resources.dataflows["uplink"], resources)


def test_a_flow_has_its_resources() -> None:
    flow = resolved(DEFAULT, CLOUD, UPLINK)
    assert flow is not None
    assert (flow.source.name, flow.destination.name, flow.profile.name) == ("default", "cloud", "default")
    assert flow.source_path == ("spec", "operations", 0, "sourceSettings")
    assert flow.destination_path == ("spec", "operations", 1, "destinationSettings")
    assert (flow.is_enabled, flow.is_shared, flow.instance_count) == (True, False, 1)


def test_a_flow_without_an_endpoint_or_profile_is_none() -> None:
    assert resolved(DEFAULT, UPLINK) is None
    assert resolved(DEFAULT, CLOUD, UPLINK.replace("profileRef: default", "profileRef: line")) is None
    kafka = CLOUD.replace("Mqtt\n", "Kafka\n").replace("mqttSettings", "kafkaSettings")
    assert resolved(DEFAULT, kafka, UPLINK) is None


def test_shared_filters_are_spelled_as_sent_and_told_once() -> None:
    flow = resolved(DEFAULT, CLOUD, UPLINK.replace("[plant/#]", "[$shared/g/a, $share/g/a, b]"))
    assert flow is not None
    assert flow.topic_filters == ("$share/g/a", "b")
    assert flow.is_shared
    assert sent_filter("$sharedness/a") == "$sharedness/a"


@pytest.mark.parametrize(
    ("name", "host", "is_local"),
    [
        ("default", "anything.example.com", True),
        ("site", "aio-broker", True),
        ("site", "AIO-BROKER.plant:1883", True),
        ("site", "aio-brokers", False),
        ("site", "my.aio-broker", False),
        ("site", None, True),
    ],
)
def test_which_endpoint_is_local(name: str, host: str | None, is_local: bool) -> None:
    line = f"host: {host}" if host else "qos: 1"
    text = CLOUD.replace("name: cloud", f"name: {name}").replace("host: Broker.example.com", line)
    endpoint = resolve_endpoint(name, read_clean(text).resources)
    assert endpoint is not None
    assert endpoint.is_local is is_local


def test_which_endpoint_is_event_grid() -> None:
    for text, expected in (
        (CLOUD, False),
        (CLOUD.replace("Broker.example.com", "A.ts.EventGrid.azure.net:8883"), True),
        (CLOUD.replace("Broker.example.com", "eventgrid.azure.net.example.com"), False),
        (CLOUD.replace("endpointType: Mqtt", "endpointType: Mqtt\n  hostType: EventGrid"), True),
    ):
        endpoint = resolve_endpoint("cloud", read_clean(text).resources)
        assert endpoint is not None
        assert endpoint.is_event_grid is expected
