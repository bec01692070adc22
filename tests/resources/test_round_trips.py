"""Random valid resources, written and read again in each notation, say the same (issue: done when 3)."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.resources.arm_resources import resource
from tests.resources.random_resources import resources

from tidegate.resources import arm, manifest
from tidegate.resources.arm_form import names_of, properties_of, tags_of
from tidegate.resources.arm_types import API_VERSIONS, ARM_TYPES, arm_type_of
from tidegate.resources.base import Resource
from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.document import document_of, resource_of
from tidegate.resources.source_map import SourceText
from tidegate.resources.yaml_writer import write_yaml

KINDS = [row.kind for row in ARM_TYPES]


def said(found: Resource) -> dict[str, object]:
    """Return what a resource says, in which an empty block for the method Anonymous is none."""
    whole = found.model_dump(exclude={"api_version"})
    if isinstance(found, DataflowEndpoint) and found.spec.mqtt_settings is not None:
        whole["spec"]["mqtt_settings"]["authentication"]["anonymous_settings"] = None
    return json.loads(json.dumps(whole))  # type: ignore[no-any-return]  # tuples become lists


def through_arm(found: Resource, api_version: str) -> Resource:
    row = arm_type_of(found.kind_name)
    assert row is not None
    whole: dict[str, object] = {
        "extendedLocation": {"name": "somewhere", "type": "CustomLocation"},
        "properties": properties_of(found, api_version),
    }
    if tags_of(found):
        whole["tags"] = tags_of(found)
    body = json.dumps(whole)
    read = arm.parse([resource(body, row.name, *names_of(found, "plant"), version=api_version)])
    assert read.diagnostics == (), body
    return read.resources.declared[0]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=some.data())
def test_a_resource_is_the_same_after_each_notation(kind: str, data: some.DataObject) -> None:
    found = data.draw(resources(kind))
    document = document_of(found)
    assert said(resource_of(document)) == said(found)
    again = manifest.parse([SourceText("a.yaml", write_yaml(document))])
    assert again.diagnostics == ()
    assert document_of(again.resources.declared[0]) == document
    if "debuggingSettings" not in str(document):
        assert said(through_arm(found, "2026-07-01")) == said(found)
    assert said(through_arm(found, API_VERSIONS[-1])) == said(found)
    # An older version says less, and what it says is read without a finding, where it has the type of endpoint at all.
    if "OpenTelemetry" not in str(document):
        through_arm(found, API_VERSIONS[0])
