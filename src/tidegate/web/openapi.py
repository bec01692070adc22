"""The OpenAPI document of the HTTP API, from the same models that judge what is sent.

Knows OpenAPI 3.1. Does not know how a request is answered.
"""

from copy import deepcopy
from typing import Any

from tidegate import __version__
from tidegate.resources.arm_types import API_VERSIONS, ARM_TYPES, LATEST_API_VERSION, ArmType
from tidegate.resources.kinds import KINDS
from tidegate.web.arm_path import PROVIDER

__all__ = ["openapi"]

Json = dict[str, Any]  # Any: JSON

ROOT = f"/subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroupName}}/providers/{PROVIDER}"
NAME = {"type": "string", "minLength": 3, "maxLength": 63, "pattern": "^[a-z0-9][a-z0-9-]*[a-z0-9]$"}
REFERENCE = "#/components/schemas/{model}"
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "target": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object"}},
            },
        }
    },
}
WORDS = {
    "instances": "instanceName",
    "dataflowEndpoints": "dataflowEndpointName",
    "dataflowProfiles": "dataflowProfileName",
    "dataflows": "dataflowName",
    "brokers": "brokerName",
    "listeners": "listenerName",
    "authentications": "authenticationName",
    "authorizations": "authorizationName",
}


def openapi() -> Json:
    """Return the document."""
    schemas: Json = {"Error": deepcopy(ERROR)}
    paths: Json = {}
    for row in ARM_TYPES:
        _add_schemas(row, schemas)
        item = ROOT + "".join(f"/{word}/{{{WORDS[word]}}}" for word in ("instances", *row.collections[1:]))
        parameters = [_parameter(word) for word in ("subscriptionId", "resourceGroupName", *_names(row))]
        paths[item] = _item(row, parameters)
        paths[item.rpartition("/")[0]] = _list(row, parameters[:-1])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tidegate",
            "version": __version__,
            "description": "Resources of data flows in the shape of Azure Resource Manager.",
        },
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {"Error": _response("What is wrong, and how to mend it.", "Error")},
        },
    }


def _add_schemas(row: ArmType, schemas: Json) -> None:
    schema = KINDS[row.kind].model.model_json_schema(by_alias=True, ref_template=REFERENCE)
    definitions: Json = schema.pop("$defs")
    spec = schema["properties"]["spec"]
    name = next(
        each["$ref"].rpartition("/")[2]
        for each in (spec, *spec.get("anyOf", ()), *spec.get("allOf", ()))
        if "$ref" in each
    )
    if row.parent_ref is not None:
        properties = definitions[name] = deepcopy(definitions[name])
        properties["properties"].pop(row.parent_ref, None)
        if "required" in properties:
            properties["required"] = [each for each in properties["required"] if each != row.parent_ref]
    schemas.update({each: value for each, value in definitions.items() if each != "Metadata"})
    schemas[row.kind] = {
        "type": "object",
        "required": ["properties"],
        "properties": {
            "properties": {"$ref": REFERENCE.format(model=name)},
            "extendedLocation": {"type": "object"},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    schemas[f"{row.kind}Found"] = {
        "type": "object",
        "required": ["id", "name", "type", "properties"],
        "properties": {
            "id": {"type": "string"},
            "name": {"type": "string"},
            "type": {"const": row.name},
            "etag": {"type": "string"},
            "properties": {"type": "object", "required": ["provisioningState"]},
            "extendedLocation": {"type": "object"},
            "systemData": {"type": "object"},
            "tags": {"type": "object"},
        },
    }


def _item(row: ArmType, parameters: list[Json]) -> Json:
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model=row.kind)}}}}
    found = _response("The resource.", f"{row.kind}Found")
    errors = {"default": {"$ref": "#/components/responses/Error"}}
    conditions = [_header("If-Match"), _header("If-None-Match")]
    return {
        "parameters": [*parameters, _version()],
        "get": {"operationId": f"get{row.kind}", "responses": {"200": found, **errors}},
        "put": {
            "operationId": f"put{row.kind}",
            "parameters": conditions,
            "requestBody": body,
            "responses": {"200": found, "201": found, **errors},
        },
        "delete": {
            "operationId": f"delete{row.kind}",
            "parameters": conditions,
            "responses": {
                "202": {"description": "It is deleted."},
                "204": {"description": "There was none."},
                **errors,
            },
        },
    }


def _list(row: ArmType, parameters: list[Json]) -> Json:
    items = {"type": "array", "items": {"$ref": REFERENCE.format(model=f"{row.kind}Found")}}
    schema = {
        "type": "object",
        "required": ["value"],
        "properties": {"value": items, "nextLink": {"type": "string"}},
    }
    content = {"application/json": {"schema": schema}}
    return {
        "parameters": [*parameters, _version()],
        "get": {
            "operationId": f"list{row.kind}",
            "parameters": [{"name": "$skipToken", "in": "query", "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": "A page of resources.", "content": content},
                "default": {"$ref": "#/components/responses/Error"},
            },
        },
    }


def _names(row: ArmType) -> list[str]:
    return [WORDS[word] for word in ("instances", *row.collections[1:])]


def _parameter(name: str) -> Json:
    is_ours = name in WORDS.values() and name != "instanceName"
    schema: Json = (
        dict(NAME) if is_ours else {"type": "string", "minLength": 1, "maxLength": 90, "pattern": "^[-\\w.]+$"}
    )
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _version() -> Json:
    schema = {"type": "string", "enum": list(API_VERSIONS), "default": LATEST_API_VERSION}
    return {"name": "api-version", "in": "query", "required": True, "schema": schema}


def _header(name: str) -> Json:
    return {"name": name, "in": "header", "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,18}")$'}}


def _response(description: str, schema: str) -> Json:
    content = {"application/json": {"schema": {"$ref": REFERENCE.format(model=schema)}}}
    return {"description": description, "content": content}
