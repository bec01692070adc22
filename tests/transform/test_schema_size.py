"""How large a schema is with its references replaced."""

import json
from typing import Any

import pytest

from tidegate.transform.schema import compile_schema
from tidegate.transform.schema_size import SUBSCHEMAS_MAX, SchemaError, Size, size_of


def doubling(levels: int, keyword: str = "anyOf") -> dict[str, Any]:
    """Return definitions each of which refers to the next one twice."""
    definitions: dict[str, Any] = {
        f"a{level}": {keyword: [{"$ref": f"#/definitions/a{level + 1}"}] * 2} for level in range(levels)
    }
    return {"definitions": definitions | {f"a{levels}": {"type": "string"}}, "$ref": "#/definitions/a0"}


@pytest.mark.parametrize(
    ("schema", "size"),
    [
        ({}, Size(1, False)),
        ({"properties": {"a": {}, "b": {"items": [{}, {}]}}}, Size(7, False)),
        ({"definitions": {"a": {"not": {}}}, "properties": {"b": {"$ref": "#/definitions/a"}}}, Size(8, False)),
        ({"properties": {"a": {"$ref": "#"}}}, Size(4, True)),
        ({"enum": [{"$ref": "elsewhere"}], "const": {"$id": "x"}}, Size(1, False)),
        (
            {"definitions": {"a/b~c d": True, "l": [{"not": {}}]}, "allOf": [{"$ref": "#/definitions/a~1b~0c%20d"}]},
            Size(8, False),
        ),
        ({"definitions": {"l": [{}, {}]}, "$ref": "#/definitions/l/1"}, Size(6, False)),
        ({"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}}, Size(4, False)),
    ],
)
def test_sizes(schema: dict[str, Any], size: Size) -> None:
    assert size_of(schema) == size


@pytest.mark.parametrize("keyword", ["anyOf", "allOf", "oneOf"])
def test_promise_16_definitions_that_double_are_refused_before_they_are_compiled(keyword: str) -> None:
    assert size_of(doubling(8)).parts < SUBSCHEMAS_MAX
    for levels in (16, 60):
        with pytest.raises(SchemaError, match="more than 10000 parts"):
            compile_schema(json.dumps(doubling(levels, keyword)))


def test_definitions_that_double_on_the_way_back_to_themselves_are_refused() -> None:
    schema = doubling(40)
    schema["definitions"]["a40"] = {"properties": {"x": {"$ref": "#/definitions/a0"}}}
    with pytest.raises(SchemaError, match="more than 10000 parts"):
        size_of(schema)


@pytest.mark.parametrize(
    ("schema", "said", "path"),
    [
        ({"items": {"$ref": "a.json"}}, "leads out of it", ("items", "$ref")),
        ({"$ref": "#name"}, "leads out of it", ("$ref",)),
        ({"$ref": "http://json-schema.org/draft-07/schema#"}, "leads out of it", ("$ref",)),
        ({"$ref": "#/definitions/a"}, "leads nowhere", ("$ref",)),
        ({"$ref": "#/enum/1", "enum": [1, 2]}, "leads nowhere", ("$ref",)),
        ({"not": {"$id": "b", "$ref": "#"}}, "has an $id", ("not", "$id")),
    ],
)
def test_references_that_are_refused(schema: dict[str, Any], said: str, path: tuple[str, ...]) -> None:
    with pytest.raises(SchemaError, match=said.replace("$", r"\$")) as caught:
        size_of(schema)
    assert caught.value.path == path
    assert caught.value.hint


def test_a_long_chain_of_references_is_refused() -> None:
    chain = {f"a{link}": {"$ref": f"#/definitions/a{link + 1}"} for link in range(5_000)}
    with pytest.raises(SchemaError, match="nests too deeply"):
        size_of({"definitions": chain | {"a5000": {}}, "$ref": "#/definitions/a0"})
