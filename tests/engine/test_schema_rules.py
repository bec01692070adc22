"""What data flows say about schemas. What is found wrong is in tests/cases/manifests/schema_*.case."""

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.diagnostics import Span
from tidegate.engine.schema_rules import SOURCE_SCHEMA, check_document, referenced_schemas, source_schema_text
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.source_map import SourceText

REFERENCE = "aio-sr://plant/oven:1"
WITH_SOURCE = UPLINK.replace("dataSources:", f"schemaRef: {REFERENCE}, dataSources:")
VALIDATING = WITH_SOURCE.replace("{name: uplink}", f"{{name: uplink, annotations: {{{SOURCE_SCHEMA}: validate}}}}")
MIDDLE = """
    - operationType: BuiltInTransformation
      builtInTransformationSettings:
        schemaRef: aio-sr://plant/output:2
        datasets: [{key: limits, inputs: [], expression: "true", schemaRef: aio-sr://plant/limits:3}]
"""


def flow_of(text: str) -> Dataflow:
    return read_clean(DEFAULT, CLOUD, text).resources.dataflows["uplink"]


def test_references_of_all_places() -> None:
    text = WITH_SOURCE.replace("    - operationType: Destination", f"{MIDDLE}    - operationType: Destination")
    assert referenced_schemas([flow_of(UPLINK)]) == frozenset()
    expected = {REFERENCE, "aio-sr://plant/output:2", "aio-sr://plant/limits:3"}
    assert referenced_schemas([flow_of(text), flow_of(WITH_SOURCE)]) == expected


def test_payloads_are_held_to_a_schema_only_where_that_is_asked_for() -> None:
    schemas = {REFERENCE: "{}"}
    assert source_schema_text(flow_of(VALIDATING), schemas) == "{}"
    assert source_schema_text(flow_of(WITH_SOURCE), schemas) is None
    assert source_schema_text(flow_of(VALIDATING), {}) is None
    assert source_schema_text(flow_of(VALIDATING), None) is None


def test_a_finding_about_a_document_points_into_it() -> None:
    assert check_document(SourceText("a.json", "{}")) is None
    found = check_document(SourceText("a.json", '{\n  "properties": {"t": {"pattern": "("}}}'))
    assert found is not None
    assert found.span == Span("a.json", 2, 35, 3)
    assert found.path == "properties.t.pattern"


def test_a_finding_about_what_cannot_be_placed_points_at_its_beginning() -> None:
    for text in ("[", "{}}", "[]"):
        found = check_document(SourceText("a.json", text))
        assert found is not None
        assert found.span is not None
        assert (found.span.line, found.span.column) == (1, 1)
