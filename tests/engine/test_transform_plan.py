"""From a declared middle to its spec. What is found wrong is in `tests/cases/manifests/transform_*`."""

from dataclasses import replace
from pathlib import PurePath

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.engine.schema_rules import SOURCE_SCHEMA
from tidegate.engine.transform_plan import COPY, FILTER_TRUE, LAST_VALUE, check_transform, dataset_names, transform_spec
from tidegate.resources.dataflow import BuiltInTransformationSettings, DatasetRule
from tidegate.resources.finding_list import FindingList
from tidegate.resources.resolved_flow import resolve
from tidegate.settings import Settings
from tidegate.transform.spec import FilterSpec, HeaderSpec, MapSpec, TransformSpec
from tidegate.transform.topic_template import parse

SETTINGS = Settings(data_dir=PurePath("state"))
MIDDLE = """
    - operationType: BuiltInTransformation
      builtInTransformationSettings:
        schemaRef: aio-sr://n/oven:1
        filter: [{inputs: [a], expression: $1 > 1, description: hot}]
        map: [{inputs: [a], output: b}, {inputs: [a], output: c, expression: -$1}]
"""
SCHEMAS = {"aio-sr://n/oven:1": '{"type": "object"}'}
PLAIN = TransformSpec(topic_template="north/${inputTopic}", target_name="cloud", cloud_events="Propagate")


def spec_of(text: str, settings: Settings = SETTINGS) -> TransformSpec:
    manifest = read_clean(DEFAULT, CLOUD, text)
    findings = FindingList(manifest.source_map)
    (dataflow,) = manifest.resources.dataflows.values()
    flow = resolve(dataflow, manifest.resources)
    assert flow is not None
    check_transform(dataflow, parse(flow.topic_template), SCHEMAS, findings)
    assert findings.diagnostics == []
    return replace(transform_spec(flow, settings, SCHEMAS), cloud_events="Propagate")


def test_a_flow_without_a_middle() -> None:
    assert spec_of(UPLINK) == PLAIN


def test_a_flow_with_all_of_it() -> None:
    text = UPLINK.replace("    - operationType: Destination", f"{MIDDLE}    - operationType: Destination")
    text = text.replace('Topic}"}', 'Topic}", headers: [{actionType: Remove, key: k}]}')
    assert spec_of(text) == replace(
        PLAIN,
        filters=(FilterSpec(inputs=("a",), expression="$1 > 1", description="hot"),),
        maps=(MapSpec(inputs=("a",), output="b"), MapSpec(inputs=("a",), output="c", expression="-$1")),
        headers=(HeaderSpec(action="Remove", key="k"),),
        output_schema="aio-sr://n/oven:1",
    )


@pytest.mark.parametrize(
    ("annotation", "value", "change"),
    [
        (FILTER_TRUE, "pass", {"filter_true": "pass"}),
        (FILTER_TRUE, "drop", {}),
        (COPY, "add", {"moves_copies": False}),
        (COPY, "move", {}),
        (LAST_VALUE, "topic", {"last_per_topic": True}),
        (LAST_VALUE, "instance", {}),
    ],
)
def test_annotations(annotation: str, value: str, change: dict[str, str | bool]) -> None:
    text = UPLINK.replace("{name: uplink}", f"{{name: uplink, annotations: {{{annotation}: {value}}}}}")
    assert spec_of(text) == replace(PLAIN, **change)  # type: ignore[arg-type]  # one of three fields


def test_payloads_are_held_to_the_schema_of_the_source_where_that_is_asked_for() -> None:
    text = UPLINK.replace("dataSources:", "schemaRef: aio-sr://n/oven:1, dataSources:")
    assert spec_of(text) == replace(PLAIN, source_schema="aio-sr://n/oven:1")
    for value, schema in (("validate", SCHEMAS["aio-sr://n/oven:1"]), ("name", None)):
        annotated = text.replace("{name: uplink}", f"{{name: uplink, annotations: {{{SOURCE_SCHEMA}: {value}}}}}")
        assert spec_of(annotated).payload_schema == schema


def test_the_annotation_of_a_flow_goes_before_the_setting_of_the_process() -> None:
    settings = replace(SETTINGS, filter_true="pass")
    assert spec_of(UPLINK, settings).filter_true == "pass"
    text = UPLINK.replace("{name: uplink}", f"{{name: uplink, annotations: {{{FILTER_TRUE}: drop}}}}")
    assert spec_of(text, settings).filter_true == "drop"


def test_names_of_data_sets() -> None:
    def names(key: str) -> list[tuple[str, str]]:
        return dataset_names(BuiltInTransformationSettings(datasets=(DatasetRule(key=key, inputs=("a",)),)))

    assert names("limits as l") == [("limits", "l")]
    assert names("limits") == [("limits", "limits")]
    assert names("limits is l") == [("limits is l", "limits is l")]
