"""`web/openapi.py`: a description of what is served, from the models."""

import json
from typing import Any

from tidegate.resources.arm_types import ARM_TYPES
from tidegate.web.openapi import openapi


def test_every_reference_leads_somewhere() -> None:
    document = openapi()
    schemas = document["components"]["schemas"]

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [each for below in value.values() for each in references(below)]
        return [each for below in value for each in references(below)] if isinstance(value, list) else []

    for reference in references(document):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][kind], reference
    assert {row.kind for row in ARM_TYPES} <= set(schemas)
    assert json.loads(json.dumps(document)) == document


def test_parents_stand_in_the_path_and_not_in_the_body() -> None:
    document = openapi()
    flow = document["components"]["schemas"]["DataflowSpec"]
    assert "profileRef" not in flow["properties"]
    assert "profileRef" not in flow.get("required", [])
    path = next(each for each in document["paths"] if each.endswith("/dataflows/{dataflowName}"))
    names = [each["name"] for each in document["paths"][path]["parameters"]]
    assert names == [
        "subscriptionId",
        "resourceGroupName",
        "instanceName",
        "dataflowProfileName",
        "dataflowName",
        "api-version",
    ]


def test_two_documents_are_alike_and_apart() -> None:
    first, second = openapi(), openapi()
    first["paths"].clear()
    assert second["paths"]
    assert openapi() == second
