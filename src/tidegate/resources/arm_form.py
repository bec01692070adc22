"""Resources in the form of Azure Resource Manager: properties, tags, names, and a template of several.

Knows what an api-version does not have, and how a text is kept from being read as an expression. Does not know Bicep or HTTP.
"""

from collections.abc import Iterable, Mapping

from tidegate.resources.arm_types import GATES, LATEST_API_VERSION, ArmType, arm_type_of, is_before
from tidegate.resources.base import Resource
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.document import document_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import FieldPath, Json

__all__ = ["CUSTOM_LOCATION_TYPE", "names_of", "properties_of", "tags_of", "template"]

CUSTOM_LOCATION_TYPE = "Microsoft.ExtendedLocation/customLocations"

_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_OURS = "tidegate.dev/"


def names_of(resource: Resource, instance: str) -> tuple[str, ...]:
    """Return the names from the instance to the resource, one for each segment of its type."""
    row = _row(resource)
    parent = getattr(resource, "spec", None)
    if row.parent_ref == "profileRef":
        return instance, str(getattr(parent, "profile_ref", "")), resource.name
    if row.parent_ref == "brokerRef":
        return instance, str(getattr(parent, "broker_ref", "")), resource.name
    return instance, resource.name


def properties_of(resource: Resource, api_version: str = LATEST_API_VERSION) -> dict[str, Json]:
    """Return what was written under `properties`, as far as an api-version has it."""
    row = _row(resource)
    spec = document_of(resource).get("spec")
    properties: dict[str, Json] = dict(spec) if isinstance(spec, Mapping) else {}
    if row.parent_ref is not None:
        properties.pop(row.parent_ref, None)
    left_out = [gate.path for gate in GATES if gate.kind == row.kind and is_before(api_version, gate.since)]
    # Manifests write an empty block for the method Anonymous, which Azure Resource Manager does not have (facts 1.4.2).
    left_out.append(("mqttSettings", "authentication", "anonymousSettings"))
    for path in left_out:
        properties = _without(properties, path)  # type: ignore[assignment]  # a mapping stays one
    return properties


def tags_of(resource: Resource) -> dict[str, str]:
    """Return the annotations that travel as tags: all but those of other tools."""
    annotations = resource.metadata.annotations or {}
    return {name: value for name, value in annotations.items() if "/" not in name or name.startswith(_OURS)}


def template(
    resources: Iterable[Resource], api_version: str = LATEST_API_VERSION
) -> tuple[dict[str, Json], tuple[ResourceKey, ...]]:
    """Return a template that makes these resources, and which of them it cannot: secrets and config maps.

    Its parameters are the names of the instance and of the custom location, as in the public examples.
    """
    made: list[Json] = []
    left_out: list[ResourceKey] = []
    here = {each.key: each for each in resources}
    for resource in here.values():
        row = arm_type_of(resource.kind_name)
        if row is None:
            left_out.append(resource.key)
            continue
        entry: dict[str, Json] = {"type": row.name, "apiVersion": api_version, "name": _name(resource)}
        location = f"[resourceId('{CUSTOM_LOCATION_TYPE}', parameters('customLocationName'))]"
        entry["extendedLocation"] = {"name": location, "type": "CustomLocation"}
        if tags_of(resource):
            entry["tags"] = _quoted(tags_of(resource))
        depends = [_id(here[key]) for key in _needs(resource) if key in here]
        if depends:
            entry["dependsOn"] = depends
        entry["properties"] = _quoted(properties_of(resource, api_version))
        made.append(entry)
    whole: dict[str, Json] = {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"aioInstanceName": {"type": "string"}, "customLocationName": {"type": "string"}},
        "resources": made,
    }
    return whole, tuple(left_out)


def _row(resource: Resource) -> ArmType:
    row = arm_type_of(resource.kind_name)
    assert row is not None, f"{resource.kind_name} is no type of Azure Resource Manager"
    return row


def _name(resource: Resource) -> str:
    below = "/".join(names_of(resource, "")[1:]).replace("{", "{{").replace("}", "}}")
    return f"[format({_literal(f'{{0}}/{below}')}, parameters('aioInstanceName'))]"


def _id(resource: Resource) -> str:
    names = "".join(f", {_literal(name)}" for name in names_of(resource, "")[1:])
    return f"[resourceId('{_row(resource).name}', parameters('aioInstanceName'){names})]"


def _literal(text: str) -> str:
    """Write a text inside of an expression."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _needs(resource: Resource) -> list[ResourceKey]:
    """Return what has to be there before."""
    if isinstance(resource, Dataflow):
        spec = resource.spec
        endpoints = dict.fromkeys((spec.source[1].endpoint_ref, spec.destination[1].endpoint_ref))
        return [
            ResourceKey("DataflowProfile", spec.profile_ref),
            *(ResourceKey("DataflowEndpoint", name) for name in endpoints),
        ]
    broker = getattr(getattr(resource, "spec", None), "broker_ref", None)
    return [ResourceKey("Broker", broker)] if broker is not None else []


def _without(value: Json, path: FieldPath) -> Json:
    """Return a value without what stands at a path, in which `*` means each item of a list."""
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(value, list):
        return [_without(child, rest) for child in value]
    if not isinstance(value, Mapping) or step not in value:
        return value
    if not rest:
        return {name: child for name, child in value.items() if name != step}
    return {name: _without(child, rest) if name == step else child for name, child in value.items()}


def _quoted(value: Json) -> Json:
    """Return a value in which no text is read as an expression: one in brackets begins with two."""
    if isinstance(value, str):
        return f"[{value}" if value.startswith("[") and value.endswith("]") else value
    if isinstance(value, Mapping):
        return {str(_quoted(name)): _quoted(child) for name, child in value.items()}
    return [_quoted(child) for child in value] if isinstance(value, list | tuple) else value
