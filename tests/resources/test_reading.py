"""Resources read one by one, and two manifests laid over each other."""

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read

from tidegate.resources.manifest import parse
from tidegate.resources.reading import Reading
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Place, SourceText
from tidegate.resources.yaml_text import read_documents


def test_what_one_declares_hides_what_the_other_does() -> None:
    other = CLOUD.replace("Broker.", "Other.")
    upper, lower = parse([SourceText("upper.yaml", other)]), read(DEFAULT, CLOUD, UPLINK)
    both = upper.over(lower)
    assert [each.key.name for each in both.resources.declared] == ["uplink", "cloud", "default"]
    settings = both.resources.endpoints["cloud"].spec.mqtt_settings
    assert settings is not None and settings.host == "Other.example.com"
    for name, file in (("cloud", "upper.yaml"), ("default", "manifest.yaml")):
        span = both.source_map.span(ResourceKey("DataflowEndpoint", name), ("spec",))
        assert span is not None and span.file == file
    assert set(both.lines) == {"upper.yaml", "manifest.yaml"}


def test_what_does_not_validate_hides_too_and_findings_are_those_of_both() -> None:
    faulty = parse([SourceText("upper.yaml", CLOUD.replace("Mqtt", "Other"))])
    both = faulty.over(read(CLOUD, "kind: ["))
    assert both.resources.declared == ()
    assert both.resources.unread == {ResourceKey("DataflowEndpoint", "cloud")}
    assert not both.resources.is_complete
    assert [each.code for each in both.diagnostics] == ["not-allowed", "syntax"]
    # What does not validate below is hidden by what does.
    assert read(CLOUD).over(faulty).resources.unread == frozenset()


def test_a_resource_without_a_name_is_one_finding() -> None:
    source = SourceText("a.yaml", CLOUD.replace("{name: cloud}", "{}"))
    reading = Reading()
    reading.take(ResourceKey("DataflowEndpoint", ""), Place(source, read_documents(source)[0][0]))
    manifest = reading.manifest()
    assert [(each.code, each.path, each.resource) for each in manifest.diagnostics] == [
        ("missing-field", "metadata.name", "DataflowEndpoint"),
    ]
