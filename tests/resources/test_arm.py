"""Resources of Azure Resource Manager, read."""

import json

import pytest
from tests.resources.arm_resources import (
    CLOUD,
    DATAFLOWS,
    ENDPOINTS,
    LISTENERS,
    PROFILES,
    UPLINK,
    pointed_at,
    read,
    resource,
)
from tests.resources.manifests import CLOUD as MANIFEST
from tests.resources.manifests import DEFAULT
from tests.resources.manifests import read as read_manifests

from tidegate.engine.plan import validate
from tidegate.resources.arm import ArmResource, parse
from tidegate.resources.document import document_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.settings import Settings


def test_an_endpoint_becomes_the_same_resource_as_that_of_a_manifest() -> None:
    manifest = read(CLOUD, ENDPOINTS, "plant", "cloud")
    assert manifest.diagnostics == ()
    (endpoint,) = manifest.resources.declared
    assert document_of(endpoint) == {
        "apiVersion": "connectivity.iotoperations.azure.com/v1",
        "kind": "DataflowEndpoint",
        "metadata": {"name": "cloud"},
        "spec": json.loads(CLOUD)["properties"],
    }


def test_parents_are_in_the_name_and_annotations_are_tags() -> None:
    manifest = read(UPLINK, DATAFLOWS.lower(), "plant", "line", "uplink")
    assert manifest.diagnostics == ()
    (flow,) = manifest.resources.declared
    assert flow.metadata.annotations == {"tidegate.dev/filter-true": "pass"}
    document = document_of(flow)
    assert isinstance(document["spec"], dict) and document["spec"]["profileRef"] == "line"
    body = '{"properties": {"ports": [{"port": 1883}]}}'
    (listener,) = read(body, LISTENERS, "plant", "default", "open").resources.declared
    assert document_of(listener)["spec"] == {"ports": [{"port": 1883}], "brokerRef": "default"}


def test_what_the_service_fills_in_has_no_effect() -> None:
    body = json.loads(CLOUD)
    body |= {"id": "/x", "systemData": {}, "etag": "1", "name": "cloud", "type": ENDPOINTS}
    body["properties"] |= {"provisioningState": "Succeeded", "healthState": "Available", "status": {"healthState": {}}}
    manifest = read(json.dumps(body), ENDPOINTS, "plant", "cloud")
    assert manifest.diagnostics == ()
    assert manifest.resources.declared == read(CLOUD, ENDPOINTS, "plant", "cloud").resources.declared


@pytest.mark.parametrize(
    ("before", "after", "code", "path", "said", "hint", "at"),
    [
        ('"Mqtt"', '"Mqqt"', "not-allowed", "properties.endpointType", "endpointType is `Mqqt`", "`Mqtt`?", '"Mqqt"'),
        ('"host"', '"hots"', "unknown-field", "properties.mqttSettings.hots", "no field of properties.mqttSettings",
         "did you mean `host`?", '"hots"'),
        ('"properties"', '"propertys"', "unknown-field", "propertys", "no field of a resource", "`properties`?",
         '"propertys"'),
        ('"extendedLocation"', '"sku"', "unknown-field", "sku", "`sku` is no field", "below `properties`", '"sku"'),
        ('"host": "broker', '"qos": 2, "host": "broker', "out-of-range", "properties.mqttSettings.qos",
         "qos is 2; allowed are 0 and 1", None, "2"),
        ('"extendedLocation"', '"tags": {"a": 5}, "extendedLocation"', "wrong-type", "tags.a", "a is 5, a number",
         '`"5"`', "5"),
        ('"method": "Anonymous"', '"method": "X509Certificate"', "settings-block",
         "properties.mqttSettings.authentication", "needs the settings block", "add `x509", '"authentication"'),
    ],
)  # fmt: skip
def test_findings_are_as_good_as_those_of_manifests_and_in_words_of_this_notation(
    before: str, after: str, code: str, path: str, said: str, hint: str | None, at: str
) -> None:
    manifest = read(CLOUD.replace(before, after), ENDPOINTS, "plant", "cloud")
    found = manifest.diagnostics[0]
    assert (found.code, found.path, found.resource) == (code, path, "DataflowEndpoint/cloud")
    assert said in found.message
    assert found.hint is None if hint is None else hint in str(found.hint)
    assert pointed_at(manifest)[0] == at


def test_properties_are_needed() -> None:
    for body in ("{}", '{"properties": null}'):
        (found,) = read(body, ENDPOINTS, "plant", "cloud").diagnostics
        assert (found.code, found.path) == ("missing-field", "properties")
        assert "DataflowEndpoint/cloud has no properties, which is required" in found.message
    assert read("{}", PROFILES, "plant", "line").diagnostics == ()
    (found,) = read('{"properties": []}', ENDPOINTS, "plant", "cloud").diagnostics
    assert (found.code, found.path) == ("wrong-type", "properties")
    (found,) = read("[]", ENDPOINTS, "plant", "cloud").diagnostics
    assert found.code == "not-a-resource"


def test_rules_across_resources_point_into_this_text_too() -> None:
    manifest = read(UPLINK, DATAFLOWS, "plant", "line", "uplink")
    found = validate(manifest.resources, manifest.source_map, Settings(data_dir=SourceText), None)  # type: ignore[arg-type]
    by_path = {each.path: each for each in found}
    reference = by_path["properties.operations[1].destinationSettings.endpointRef"]
    assert reference.code == "missing-reference" and reference.span is not None and reference.span.line == 8
    # The profile is a part of the name here.
    profile = by_path["name"]
    assert "profileRef is `line`, which is not declared" in profile.message
    assert profile.span is not None and (profile.span.line, profile.span.column) == (2, 11)


@pytest.mark.parametrize(
    ("name", "names", "code", "said", "hint"),
    [
        ("Microsoft.IoTOperations/instances/dataflowEndpoint", ("p", "cloud"), "type", "type is `Mic", "Endpoints`?"),
        ("Microsoft.Storage/storageAccounts", ("cloud",), "type", "known are Microsoft.IoTOp", None),
        (ENDPOINTS, ("cloud",), "name", "it is <instances>/<dataflowEndpoints>", None),
        (DATAFLOWS, ("plant", "up"), "name", "<instances>/<dataflowProfiles>/<dataflows>", None),
        (ENDPOINTS, ("plant", "Cloud"), "name", "name is `Cloud`: allowed are a to z", None),
    ],
)
def test_types_and_names(name: str, names: tuple[str, ...], code: str, said: str, hint: str | None) -> None:
    found = read(CLOUD, name, *names).diagnostics[0]
    assert found.code == code and said in found.message
    assert found.hint is None if hint is None else hint in str(found.hint)


def test_a_type_without_effect_is_a_warning() -> None:
    manifest = read("{}", "Microsoft.IoTOperations/instances/registryEndpoints", "plant", "reg")
    assert [(each.level, each.code) for each in manifest.diagnostics] == [("warning", "no-effect")]
    assert manifest.resources.declared == ()


@pytest.mark.parametrize(
    ("version", "level", "said"),
    [
        ("2025-10-01", None, ""),
        ("2025-07-01-PREVIEW", None, ""),
        ("2026-01-15", "warning", "counts as 2025-10-01"),
        ("2030-01-01-preview", "warning", "counts as 2026-11-01-preview"),
        ("2024-07-01-preview", "error", "known are 2024-08-15-preview"),
        ("2025-13-01", "error", "apiVersion is `2025-13-01`"),
        ("latest", "error", "apiVersion is `latest`"),
    ],
)
def test_api_versions(version: str, level: str | None, said: str) -> None:
    found = read(CLOUD, ENDPOINTS, "plant", "cloud", version=version).diagnostics
    assert [each.level for each in found] == ([level] if level else [])
    assert all(said in each.message for each in found)


@pytest.mark.parametrize(
    ("arm_type", "names", "before", "after", "field", "since"),
    [
        (ENDPOINTS, ("p", "cloud"), '"endpointType"', '"hostType": "CustomMqtt", "endpointType"', "hostType",
         "2025-07-01-preview"),
        (DATAFLOWS, ("p", "line", "uplink"), '"operations"', '"requestDiskPersistence": "Enabled", "operations"',
         "requestDiskPersistence", "2025-07-01-preview"),
        (DATAFLOWS, ("p", "line", "uplink"), '"dataDestination"',
         '"headers": [{"actionType": "Remove", "key": "k"}], "dataDestination"', "headers", "2025-10-01"),
    ],
)  # fmt: skip
def test_fields_exist_since_an_api_version(
    arm_type: str, names: tuple[str, ...], before: str, after: str, field: str, since: str
) -> None:
    text = (CLOUD if arm_type == ENDPOINTS else UPLINK).replace(before, after)
    manifest = read(text, arm_type, *names, version="2024-11-01")
    (found,) = manifest.diagnostics
    assert found.level == "error" and found.message == f"{field} exists since api-version {since}; this is 2024-11-01"
    assert found.path.startswith("properties.") and found.path.endswith(field)
    assert pointed_at(manifest) == [f'"{field}"']
    assert read(text, arm_type, *names, version=since).diagnostics == ()


def test_extended_location_was_needed_once() -> None:
    body = json.dumps({"properties": json.loads(CLOUD)["properties"]})
    (found,) = read(body, ENDPOINTS, "plant", "cloud", version="2024-11-01").diagnostics
    assert (found.level, found.code) == ("information", "extended-location")
    assert read(body, ENDPOINTS, "plant", "cloud", version="2025-07-01-preview").diagnostics == ()


def test_resources_are_read_one_by_one_and_none_spoils_another() -> None:
    manifest = parse(
        [
            resource(CLOUD.replace('"Mqtt"', "5"), ENDPOINTS, "plant", "other"),
            resource(UPLINK, DATAFLOWS, "plant", "line", "uplink"),
            resource(CLOUD, ENDPOINTS, "plant", "cloud"),
            resource(CLOUD, ENDPOINTS, "plant", "cloud"),
        ]
    )
    assert [each.key for each in manifest.resources.declared] == [
        ("Dataflow", "uplink"), ("DataflowEndpoint", "cloud"),
    ]  # fmt: skip
    assert manifest.resources.unread == {ResourceKey("DataflowEndpoint", "other")}
    assert [each.code for each in manifest.diagnostics] == ["not-allowed", "duplicate-resource"]


def test_a_computed_value_carries_the_place_of_its_expression() -> None:
    source = SourceText("main.bicep", "name: '${prefix}-cloud'\nqos: 7 * 1\n")
    settings = Node(
        {"qos": Node(7, 29, 34), "authentication": Node({"method": Node("Anonymous", 0, 0)}, 0, 0)}, 24, 34,
        keys={"qos": (24, 27)},
    )  # fmt: skip
    properties = Node({"endpointType": Node("Mqtt", 0, 0), "mqttSettings": settings}, 0, 34)
    root = Node({"name": Node("x-cloud", 6, 23), "properties": properties}, 0, 34, keys={"name": (0, 4)})
    manifest = parse(
        [ArmResource(type=ENDPOINTS, names=("plant", "x-cloud"), api_version="2025-10-01", place=Place(source, root))]
    )
    (found,) = manifest.diagnostics
    assert found.span is not None and (found.span.line, found.span.column, found.span.length) == (2, 6, 5)


def test_a_document_that_says_all_of_it_stands_beside_manifests() -> None:
    whole = UPLINK.replace("{\n", f'{{"type": "{DATAFLOWS}", "apiVersion": "2025-10-01",\n', 1)
    manifest = read_manifests(DEFAULT, whole, "\n---\n" + MANIFEST)
    assert manifest.diagnostics == ()
    assert [each.key.name for each in manifest.resources.declared] == ["uplink", "cloud", "default"]
    for field in ("name", "apiVersion"):
        without = whole.replace(f'"{field}"', '"comments"')
        found = read_manifests(without).diagnostics[0]
        assert (found.code, found.path) == ("missing-field", field)
        assert f"the resource has no {field}" in found.message
