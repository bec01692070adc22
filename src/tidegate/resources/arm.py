"""Resources of Azure Resource Manager: the same models from another envelope, with the place of every field.

Knows types, names with parents, api-versions, `properties` and `tags`. Does not know templates or HTTP: whoever does hands
over one evaluated resource at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tidegate.diagnostics import Diagnostic
from tidegate.resources.arm_types import (
    API_VERSIONS,
    ARM_TYPES,
    EXTENDED_LOCATION_OPTIONAL_SINCE,
    GATES,
    LATEST_API_VERSION,
    TYPES_WITHOUT_EFFECT,
    ArmType,
    arm_type,
    is_before,
    version_known_as,
)
from tidegate.resources.findings import closest, enumerate_words, show
from tidegate.resources.kinds import KINDS
from tidegate.resources.reading import Manifest, Reading
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import FieldPath, Node, Place

__all__ = ["ENVELOPE", "READ_ONLY", "ArmResource", "is_arm", "parse", "read", "read_document"]

ENVELOPE = ("name", "type", "apiVersion", "properties", "tags", "extendedLocation")
"""What people write in a resource."""

READ_ONLY = ("provisioningState", "healthState", "status")
"""Properties that the service fills in; they come back with what was read, and have no effect."""

_WITHOUT_EFFECT = ("id", "systemData", "etag", "dependsOn", "comments", "location", "scope")
_NAMES: Mapping[FieldPath, FieldPath] = {
    ("spec",): ("properties",),
    ("metadata", "name"): ("name",),
    ("metadata", "annotations"): ("tags",),
    ("spec", "profileRef"): ("name",),
    ("spec", "brokerRef"): ("name",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResource:
    """One resource as it was written. `names` has one for each segment of the type, the instance first.

    The root of `place` is the whole resource, of which `properties` and `tags` are read; `name`, `type` and `apiVersion`
    need not stand there, as in the body of a request. Values that were computed carry the place of their expression.
    """

    type: str
    names: tuple[str, ...]
    api_version: str
    place: Place


def parse(resources: Iterable[ArmResource]) -> Manifest:
    """Read resources. One that cannot be read spoils no other."""
    reading = Reading()
    for resource in resources:
        source = resource.place.source
        reading.lines[source.file] = source.text
        read(resource, reading)
    return reading.manifest()


def is_arm(root: Node) -> bool:
    """Tell whether a document is a resource of Azure Resource Manager, and no manifest."""
    written = root.child("type")
    is_text = written is not None and isinstance(written.value, str)
    return is_text and "/" in str(written.value if written else "") and root.child("kind") is None


def read_document(place: Place, reading: Reading) -> None:
    """Read a document that says all of it: type, name from the instance on, and apiVersion."""
    said = {field: place.root.child(field) for field in ("type", "name", "apiVersion")}
    for field, node in said.items():
        if node is None or not isinstance(node.value, str):
            example = {"name": "<instance>/<name>", "apiVersion": LATEST_API_VERSION}.get(field, "")
            message = f"the resource has no {field}, which is required" if node is None else f"{field} is no text"
            reading.error("missing-field", message, place, (field,), hint=f'add `"{field}": "{example}"`')
            reading.is_complete = False
            return
    texts = {field: str(node.value) for field, node in said.items() if node is not None}
    names = tuple(texts["name"].split("/"))
    read(ArmResource(type=texts["type"], names=names, api_version=texts["apiVersion"], place=place), reading)


def read(resource: ArmResource, reading: Reading) -> None:
    """Read one resource into what was read before."""
    place = resource.place
    name = resource.names[-1] if resource.names else ""
    if resource.type.lower() in map(str.lower, TYPES_WITHOUT_EFFECT):
        message = f"{resource.type} has no effect yet; nothing of it runs"
        reading.diagnostics.append(Diagnostic("warning", "no-effect", message, "type", name, place.span(("type",))))
        return
    row = arm_type(resource.type)
    if row is None or not isinstance(place.root.value, dict):
        _refuse(resource, row, reading)
        reading.unread |= {ResourceKey(kind, name) for kind in KINDS}
        return
    key = ResourceKey(row.kind, name)
    if len(resource.names) != len(row.collections):
        shape = "/".join(f"<{collection}>" for collection in row.collections)
        message = f"name is {show('/'.join(resource.names))}; for the type {row.name} it is {shape}"
        reading.error("name", message, place, ("name",), key)
        reading.unread.add(key)
        return
    _check_envelope(place, key, reading)
    shaped = Place(place.source, _shaped(resource, row), _NAMES)
    version = _check_version(resource, key, reading)
    if version is not None:
        _check_gates(version, shaped, key, reading)
        if is_before(version, EXTENDED_LOCATION_OPTIONAL_SINCE) and place.root.child("extendedLocation") is None:
            message = f"in api-version {version} Azure needs extendedLocation, which has no effect here"
            hint = f"add it before this goes to Azure, or use api-version {EXTENDED_LOCATION_OPTIONAL_SINCE} or later"
            found = Diagnostic("information", "extended-location", message, "", str(key), place.span(()), hint)
            reading.diagnostics.append(found)
    reading.take(key, shaped)


def _refuse(resource: ArmResource, row: ArmType | None, reading: Reading) -> None:
    if row is not None:
        message = f"a resource is a mapping with properties; this is {show(resource.place.root.plain())}"
        reading.error("not-a-resource", message, resource.place, ())
        return
    names = [each.name for each in ARM_TYPES]
    meant = closest(resource.type, names)
    message = f"type is {show(resource.type)}; known are {enumerate_words(names)}"
    reading.error("type", message, resource.place, ("type",), hint=f"did you mean `{meant}`?" if meant else None)


def _check_envelope(place: Place, key: ResourceKey, reading: Reading) -> None:
    assert isinstance(place.root.value, dict)
    for field in place.root.value:
        if field not in (*ENVELOPE, *_WITHOUT_EFFECT):
            meant = closest(field, ENVELOPE)
            hint = f"did you mean `{meant}`?" if meant else "what is set is below `properties`"
            message = f"`{field}` is no field of a resource; allowed are {enumerate_words(ENVELOPE)}"
            found = Diagnostic("error", "unknown-field", message, field, str(key), place.key_span((field,)), hint)
            reading.diagnostics.append(found)


def _check_version(resource: ArmResource, key: ResourceKey, reading: Reading) -> str | None:
    """Return the api-version whose fields count; None where it is none."""
    version = resource.api_version
    known = version_known_as(version)
    if known is None:
        meant = closest(version, API_VERSIONS)
        hint = f"did you mean `{meant}`?" if meant else f"write `{LATEST_API_VERSION}`"
        message = f"apiVersion is {show(version)}; known are {enumerate_words(API_VERSIONS)}"
        reading.error("api-version", message, resource.place, ("apiVersion",), key, hint)
    elif known != version.lower():
        message = f"api-version {version} is not known here, and counts as {known}"
        span = resource.place.span(("apiVersion",))
        reading.diagnostics.append(Diagnostic("warning", "api-version", message, "apiVersion", str(key), span))
    return known


def _check_gates(version: str, place: Place, key: ResourceKey, reading: Reading) -> None:
    """Find fields that are younger than the api-version."""
    for gate in GATES:
        if gate.kind == key.kind and is_before(version, gate.since):
            for path in _paths(place.root.child("spec"), gate.path, ("spec",)):
                message = f"{path[-1]} exists since api-version {gate.since}; this is {version}"
                hint = f"use api-version {gate.since} or later, or remove `{path[-1]}`"
                text = place.path_text(path)
                found = Diagnostic("error", "api-version", message, text, str(key), place.key_span(path), hint)
                reading.diagnostics.append(found)


def _paths(node: Node | None, pattern: FieldPath, above: FieldPath) -> Iterator[FieldPath]:
    """Yield the paths of values that a pattern means."""
    if node is None or not pattern:
        if node is not None:
            yield above
        return
    step, rest = pattern[0], pattern[1:]
    if step == "*":
        for index, child in enumerate(node.value if isinstance(node.value, list) else ()):
            yield from _paths(child, rest, (*above, index))
    else:
        yield from _paths(node.child(step), rest, (*above, step))


def _shaped(resource: ArmResource, row: ArmType) -> Node:
    """Return a resource in the shape of a manifest; what is not written there stands where its name does."""
    root = resource.place.root
    assert isinstance(root.value, dict)
    written = root.child("name")
    start, end = (written.start, written.end) if written is not None else (root.start, root.start)

    def made(value: str) -> Node:
        whole = written is not None and written.value == value
        return Node(value, start, end, written.style if whole and written is not None else "folded")

    metadata: dict[str, Node] = {"name": made(resource.names[-1])}
    metadata_keys = {"name": root.keys["name"]} if "name" in root.keys else {}
    tags = root.child("tags")
    if tags is not None and tags.value is not None:
        metadata["annotations"] = tags
        if "tags" in root.keys:
            metadata_keys["annotations"] = root.keys["tags"]
    fields = {
        "apiVersion": made(KINDS[row.kind].api_versions[0]),
        "kind": made(row.kind),
        "metadata": Node(metadata, root.start, root.end, keys=metadata_keys),
    }
    keys: dict[str, tuple[int, int]] = {}
    properties = root.child("properties")
    if properties is not None and properties.value is not None:
        fields["spec"] = _spec(properties, row, resource, made)
        if "properties" in root.keys:
            keys["spec"] = root.keys["properties"]
    return Node(fields, root.start, root.end, keys=keys)


def _spec(properties: Node, row: ArmType, resource: ArmResource, made: Callable[[str], Node]) -> Node:
    """Return the properties without what the service fills in, and with the parent that the name says."""
    if not isinstance(properties.value, dict):
        return properties
    fields = {name: child for name, child in properties.value.items() if name not in READ_ONLY}
    if row.parent_ref is not None and row.parent_ref not in fields:
        fields[row.parent_ref] = made(resource.names[-2])
    return Node(fields, properties.start, properties.end, keys=properties.keys)
