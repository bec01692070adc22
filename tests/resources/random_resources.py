"""Random resources that validate, made from the models: whatever field a model gets, it is covered."""

import base64
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from hypothesis import strategies as some
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from tidegate.resources.base import Resource
from tidegate.resources.broker_authentication import METHOD_BLOCKS as BROKER_METHOD_BLOCKS
from tidegate.resources.dataflow import OPERATION_BLOCKS
from tidegate.resources.dataflow_endpoint import METHOD_BLOCKS, SETTINGS_FIELDS
from tidegate.resources.kinds import KINDS
from tidegate.resources.source_map import Json

# Any: what stands here are type expressions, and JSON before it is a model.

NAMES = some.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True)
TEXTS = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | some.sampled_from(
    [
        "yes",
        "1e3",
        "null",
        "[parameters('x')]",
        "a: b",
        "$1 > 20 && $2 == 'x'",
        "line\nline\n",
        "${inputTopic.1}",
        " x ",
    ]
)
ANYTHING = some.dictionaries(TEXTS, TEXTS | some.integers(0, 9) | some.lists(TEXTS, max_size=2), max_size=2)
BY_VALIDATOR = {
    "_host": some.sampled_from(["broker.example.com:8883", "[::1]:1883", "aio-broker", "h/mqtt", "h:443/a"]),
    "_kubernetes_name": some.sampled_from(["a", "ca-bundle", "x.y", "n0"]),
    "_log_level": some.sampled_from(["info", "off", "warn,flow=debug"]),
    "_subject": some.sampled_from(["CN = a", "CN = line1, O = Plant"]),
    "_base64": some.binary(max_size=9).map(lambda value: base64.b64encode(value).decode()),
}
ONE_BLOCK: dict[str, tuple[str, Mapping[str, str | None]]] = {
    # The field that chooses, and the block that belongs to each of its values.
    "MqttAuthentication": ("method", METHOD_BLOCKS),
    "DataflowEndpointSpec": ("endpointType", SETTINGS_FIELDS),
    "Operation": ("operationType", OPERATION_BLOCKS),
    "Method": ("method", BROKER_METHOD_BLOCKS),
    "ListenerTls": ("mode", {"Manual": "manual", "Automatic": None}),
}


@cache
def resources(kind: str) -> some.SearchStrategy[Resource]:
    """Return random resources of a kind, as a manifest declares them."""
    row = KINDS[kind]
    spec_of_kind = _value(_field(row.model, "spec").annotation, FieldInfo())

    @some.composite
    def made(draw: some.DrawFn) -> Resource | None:
        spec = draw(spec_of_kind)
        annotations = draw(some.dictionaries(some.sampled_from(["tidegate.dev/x", "owner"]), TEXTS, max_size=2))
        metadata: dict[str, Json] = {"name": draw(NAMES)} | ({"annotations": annotations} if annotations else {})
        document = {"apiVersion": row.api_versions[0], "kind": kind, "metadata": metadata, "spec": spec}
        try:
            return row.model.model_validate(_as_tuples(document))
        except ValidationError:
            return None

    return made().filter(lambda found: found is not None)  # type: ignore[return-value]  # None is filtered out


@cache
def _model(model: Any) -> some.SearchStrategy[dict[str, Any]]:
    if model.__name__ == "DataflowSpec":
        return _dataflow(model)

    chooser, blocks = ONE_BLOCK.get(model.__name__, ("", {}))
    values = {field.alias or name: _value(field.annotation, field) for name, field in model.model_fields.items()}
    needed = {field.alias or name for name, field in model.model_fields.items() if field.is_required()}

    @some.composite
    def made(draw: some.DrawFn) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        chosen = None
        if chooser:
            fields[chooser] = draw(some.sampled_from(sorted(blocks)))
            chosen = blocks[fields[chooser]]
        for alias, value in values.items():
            is_block = bool(chooser) and (alias in blocks.values() or alias.endswith("Settings"))
            if alias in fields or (is_block and alias != chosen):
                continue
            if alias in needed or alias == chosen or draw(some.booleans()):
                fields[alias] = draw(value)
        return fields

    return made()


def _dataflow(model: Any) -> some.SearchStrategy[dict[str, Any]]:
    """Return specs with one operation of each type, in any order."""

    operation = get_args(_field(model, "operations").annotation)[0]
    blocks = {
        block: _value(_field(operation, block).annotation, _field(operation, block))
        for block in OPERATION_BLOCKS.values()
    }

    @some.composite
    def made(draw: some.DrawFn) -> dict[str, Any]:
        operations = []
        for operation_type, block in OPERATION_BLOCKS.items():
            operations.append({"operationType": operation_type, block: draw(blocks[block])})
        fields: dict[str, Any] = {"profileRef": draw(NAMES), "operations": draw(some.permutations(operations))}
        for alias in ("mode", "requestDiskPersistence"):
            if draw(some.booleans()):
                fields[alias] = draw(some.sampled_from(["Enabled", "Disabled"]))
        return fields

    return made()


def _value(annotation: Any, field: FieldInfo) -> some.SearchStrategy[Any]:
    rules = list(field.metadata)
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        rules += more
    if get_origin(annotation) in (Union, UnionType):
        choices = [each for each in get_args(annotation) if each is not NoneType]
        return some.one_of([_value(each, field) for each in choices])
    for rule in rules:
        validator = getattr(getattr(rule, "func", None), "__name__", "")
        if validator in BY_VALIDATOR:
            return BY_VALIDATOR[validator]
        for part in getattr(rule, "metadata", ()):
            rules.append(part)
    if get_origin(annotation) is Literal:
        return some.sampled_from(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model(annotation)
    if get_origin(annotation) is tuple:
        least = next((rule.min_length for rule in rules if isinstance(rule, annotated_types.MinLen)), 0)
        most = next((rule.max_length for rule in rules if isinstance(rule, annotated_types.MaxLen)), 2)
        at_least = max(least, 1 if any(getattr(r, "func", None) for r in rules) else 0)
        return some.lists(_value(get_args(annotation)[0], FieldInfo()), min_size=at_least, max_size=max(most, at_least))
    if get_origin(annotation) is dict:
        values = get_args(annotation)[1]
        return ANYTHING if values is Any else some.dictionaries(TEXTS, _value(values, FieldInfo()), max_size=2)
    if annotation is bool:
        return some.booleans()
    if annotation is int:
        low = next((rule.ge for rule in rules if isinstance(rule, annotated_types.Ge)), 0)
        high = next((rule.le for rule in rules if isinstance(rule, annotated_types.Le)), 2**31)
        return some.integers(low, high)  # type: ignore[arg-type]  # bounds of an int are ints
    return TEXTS if annotation is str else ANYTHING


def _field(model: Any, alias: str) -> FieldInfo:
    fields: dict[str, FieldInfo] = model.model_fields
    return next(each for name, each in fields.items() if alias in (name, each.alias))


def _as_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_tuples(child) for name, child in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value
