"""Stored resources as declared ones."""

from tests.engine.stores import SECRET
from tests.resources.manifests import CLOUD, UPLINK, read_clean
from tests.store.resource_stores import WALL

from tidegate.engine.stored import read_stored, stored_file
from tidegate.resources.document import document_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.stored import Document, StoredResource


def record(document: Document, *, is_locked: bool = False) -> StoredResource:
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    return StoredResource(
        key=ResourceKey(str(document["kind"]), str(metadata["name"])),
        document=document,
        version=1,
        generation=1,
        created_wall=WALL,
        created_by="anna",
        changed_wall=WALL,
        changed_by="anna",
        is_locked=is_locked,
    )


def records(*texts: str) -> list[StoredResource]:
    return [record(document_of(each)) for each in read_clean(*texts).resources.declared]


def test_they_are_declared_and_findings_point_into_their_text() -> None:
    found = read_stored(records(CLOUD, UPLINK))
    assert found.diagnostics == ()
    assert [each.key for each in found.resources.declared] == [("Dataflow", "uplink"), ("DataflowEndpoint", "cloud")]
    key = ResourceKey("DataflowEndpoint", "cloud")
    span = found.source_map.span(key, ("spec", "mqttSettings", "host"))
    assert span is not None and span.file == stored_file(key) == "store:DataflowEndpoint/cloud"
    shown = found.lines[span.file].split("\n")[span.line - 1]
    assert shown[span.column - 1 :][: span.length] == "Broker.example.com"
    assert len(found.lines) == 2 and set(found.lines) == {stored_file(each.key) for each in found.resources.declared}
    assert found.source_map.span(ResourceKey("Dataflow", "other"), ()) is None


def test_what_no_longer_validates_is_found_as_in_a_manifest() -> None:
    (endpoint,) = records(CLOUD)
    faulty = record({**endpoint.document, "spec": {"endpointType": "Mqtt", "mqttSettings": {"qos": 7}}})
    found = read_stored([faulty, *records(UPLINK)])
    assert [(each.code, each.path) for each in found.diagnostics] == [
        ("missing-field", "spec.mqttSettings.authentication"),
        ("out-of-range", "spec.mqttSettings.qos"),
    ]
    assert found.diagnostics[0].span is not None and found.diagnostics[0].span.file == "store:DataflowEndpoint/cloud"
    assert found.resources.unread == {faulty.key}


def test_secrets_are_read_and_never_shown() -> None:
    found = read_stored([record(SECRET)])
    assert found.resources.secrets["client"].content == {"a": b"hush", "b": b"hush", "c": b"hush"}
    assert "aHVzaA" not in found.lines["store:Secret/client"] and "hush" not in found.lines["store:Secret/client"]


def test_a_locked_secret_is_a_warning() -> None:
    empty = {**SECRET, "data": {"a": ""}, "stringData": {}}
    (found,) = read_stored([record(empty, is_locked=True)]).diagnostics
    assert (found.level, found.code, found.resource) == ("warning", "locked", "Secret/client")
