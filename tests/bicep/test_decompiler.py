"""`bicep/decompiler.py`: random valid resources, written as Bicep and deployed, are the same."""

import json
from typing import cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from tests.resources.random_resources import resources

from tidegate.bicep.compiler import compile_bicep
from tidegate.bicep.decompiler import write_resources
from tidegate.resources import arm
from tidegate.resources.arm_form import names_of, template
from tidegate.resources.arm_types import ARM_TYPES
from tidegate.resources.base import Resource
from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.source_map import SourceText
from tidegate.resources.values import resource_name_error
from tidegate.templates.given import Given
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template import evaluate_template, read_template

VERSION = "2026-11-01-preview"
GIVEN = {"aioInstanceName": Given("plant"), "customLocationName": Given("site")}


def said(found: Resource) -> dict[str, object]:
    """Return what a resource says, in which an empty block for the method Anonymous is none."""
    whole = found.model_dump(exclude={"api_version"})
    if isinstance(found, DataflowEndpoint) and found.spec.mqtt_settings is not None:
        whole["spec"]["mqtt_settings"]["authentication"]["anonymous_settings"] = None
    return cast("dict[str, object]", json.loads(json.dumps(whole)))


def has_parents_that_can_be_named(found: Resource) -> bool:
    """Tell whether a parent's name is one; the models take any text for a reference."""
    return all(resource_name_error(name) is None for name in names_of(found, "plant"))


def deployed(made: SourcedNode | None) -> list[dict[str, object]]:
    assert made is not None
    evaluated = evaluate_template(made, GIVEN)
    assert evaluated.diagnostics == ()
    read = arm.parse(evaluated.resources)
    assert read.diagnostics == ()
    return sorted(map(said, read.resources.declared), key=str)


@pytest.mark.parametrize("kind", [row.kind for row in ARM_TYPES])
@settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=some.data())
def test_resources_are_the_same_after_bicep_and_after_a_template(kind: str, data: some.DataObject) -> None:
    valid = resources(kind).filter(has_parents_that_can_be_named)
    found = data.draw(some.lists(valid, min_size=1, max_size=3, unique_by=lambda each: each.name))
    expected = sorted(map(said, found), key=str)
    text, left_out = write_resources(found, VERSION)
    compiled = compile_bicep(SourceText("all.bicep", text), lambda _: "no")
    assert compiled.diagnostics == (), text
    assert left_out == ()
    assert deployed(compiled.template) == expected
    made, _ = template(found, VERSION)
    read, diagnostics = read_template(SourceText("all.json", json.dumps(made)))
    assert diagnostics == []
    assert deployed(read) == expected
