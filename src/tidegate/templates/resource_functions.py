"""Functions that ask about the template and about where it is deployed to, a row each.

Knows how ids are made. Does not know how parameters, variables and resources are computed: the scope does.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from tidegate.templates.date_functions import NOW_FORMAT, formatted_date
from tidegate.templates.function import TemplateFunction
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value, as_int, as_text

__all__ = ["RESOURCE_ROWS", "resource_id"]


def resource_id(scope_id: str, resource_type: str, names: list[str]) -> str:
    """Return an id below a scope's id, such as that of a resource group. Raises `TemplateError`."""
    namespace, *kinds = resource_type.split("/")
    if not kinds or not all((namespace, *kinds)):
        message = f"`{resource_type}` is no resource type"
        raise TemplateError(message, "write it as `Microsoft.IoTOperations/instances`")
    if len(names) != len(kinds):
        have = f"{len(names)} {'was' if len(names) == 1 else 'were'} given"
        message = f"the type {resource_type} has {len(kinds)} name{'' if len(kinds) == 1 else 's'}, and {have}"
        raise TemplateError(message, "give one name for each part of the type after the first `/`")
    parts = "".join(f"/{kind}/{name}" for kind, name in zip(kinds, names, strict=True))
    return f"{scope_id.rstrip('/')}/providers/{namespace}{parts}"


def _texts(values: tuple[Value, ...], name: str) -> list[str]:
    return [as_text(value, f"`{name}`") for value in values]


def _resource_id(scope: Scope, *values: Value) -> Value:
    texts = _texts(values, "resourceId")
    place = next((index for index, text in enumerate(texts) if "/" in text), None)
    if place is None or place > 2:
        raise TemplateError("`resourceId` is given no resource type", "write it as `Microsoft.IoTOperations/instances`")
    environment = scope.names.environment
    group = texts[place - 1] if place else environment.resource_group
    subscription = texts[0] if place == 2 else environment.subscription_id
    scope_id = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return resource_id(scope_id, texts[place], texts[place + 1 :])


def _subscription_resource_id(scope: Scope, *values: Value) -> Value:
    texts = _texts(values, "subscriptionResourceId")
    subscription = texts.pop(0) if "/" not in texts[0] else scope.names.environment.subscription_id
    if not texts:
        raise TemplateError("`subscriptionResourceId` is given no resource type")
    return resource_id(f"/subscriptions/{subscription}", texts[0], texts[1:])


def _tenant_resource_id(_: Scope, *values: Value) -> Value:
    texts = _texts(values, "tenantResourceId")
    return resource_id("", texts[0], texts[1:])


def _extension_resource_id(_: Scope, *values: Value) -> Value:
    texts = _texts(values, "extensionResourceId")
    return resource_id(texts[0], texts[1], texts[2:])


def _reference(scope: Scope, name: Value, _: Value = None, form: Value = "Properties") -> Value:
    wanted = as_text(form, "`reference`")
    if wanted.lower() not in ("full", "properties"):
        raise TemplateError(f"`reference` has no form `{wanted}`", "allowed are 'Full' and 'Properties'")
    return scope.names.reference(as_text(name, "`reference`"), is_whole=wanted.lower() == "full")


def _resource_group(scope: Scope) -> Value:
    environment = scope.names.environment
    return {
        "id": environment.resource_group_id,
        "name": environment.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": environment.location,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


def _subscription(scope: Scope) -> Value:
    environment = scope.names.environment
    return {
        "id": f"/subscriptions/{environment.subscription_id}",
        "subscriptionId": environment.subscription_id,
        "tenantId": environment.tenant_id,
        "displayName": "Tidegate",
    }


def _tenant(scope: Scope) -> Value:
    return {"tenantId": scope.names.environment.tenant_id}


def _deployment(scope: Scope) -> Value:
    return {"name": scope.names.environment.deployment_name}


def _environment(_: Scope) -> Value:
    return {"name": "Tidegate"}


def _parameters(scope: Scope, name: Value) -> Value:
    return scope.names.parameter(as_text(name, "`parameters`"))


def _variables(scope: Scope, name: Value) -> Value:
    return scope.names.variable(as_text(name, "`variables`"))


def _lambda_variables(scope: Scope, name: Value) -> Value:
    return scope.lambda_variable(as_text(name, "`lambdaVariables`"))


def _copy_index(scope: Scope, name: Value = None, offset: Value = 0) -> Value:
    if isinstance(name, str) or name is None:
        return scope.copy_index(name) + as_int(offset, "`copyIndex`")
    return scope.copy_index(None) + as_int(name, "`copyIndex`")


def _utc_now(scope: Scope, form: Value = NOW_FORMAT) -> Value:
    return formatted_date(datetime.fromtimestamp(scope.names.environment.now_seconds, UTC), as_text(form, "`utcNow`"))


def _row(
    group: str, signature: str, summary: str, example: str, result: Value, call: Callable[..., Value]
) -> TemplateFunction:
    return TemplateFunction(group, signature, summary, example, json.dumps(result), call, needs_scope=True)


_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/tidegate"

RESOURCE_ROWS: tuple[TemplateFunction, ...] = (
    _row(
        "template",
        "copyIndex([name], [offset])",
        "The round of the copy around, from 0, or from an offset.",
        "copyIndex()",
        "of the copy around",
        _copy_index,
    ),
    _row("template", "deployment()", "The deployment: its `name`.", "deployment().name", "main", _deployment),
    _row("template", "environment()", "Where it runs: its `name`.", "environment().name", "Tidegate", _environment),
    _row(
        "resource",
        "extensionResourceId(scope, type, name, ...)",
        "The id of a resource of another one.",
        "extensionResourceId('/subscriptions/s', 'Microsoft.A/b', 'c')",
        "/subscriptions/s/providers/Microsoft.A/b/c",
        _extension_resource_id,
    ),
    _row(
        "template",
        "lambdaVariables(name)",
        "What the lambda around was called with.",
        "map(createArray(1), lambda('x', lambdaVariables('x')))",
        [1],
        _lambda_variables,
    ),
    _row(
        "template",
        "parameters(name)",
        "The value of a parameter.",
        "parameters('name')",
        "of the parameter",
        _parameters,
    ),
    _row(
        "resource",
        "reference(resource, [apiVersion], [form])",
        "The properties of a resource of the template, by its symbolic name, name or id; the whole of it with the form 'Full'.",
        "reference('endpoint').endpointType",
        "of the resource",
        _reference,
    ),
    _row(
        "resource",
        "resourceGroup()",
        "Where it is deployed to: `id`, `name`, `location`.",
        "resourceGroup().name",
        "tidegate",
        _resource_group,
    ),
    _row(
        "resource",
        "resourceId([subscription], [resourceGroup], type, name, ...)",
        "The id of a resource: its type, and a name for each part of that.",
        "resourceId('Microsoft.IoTOperations/instances', 'aio')",
        f"{_GROUP}/providers/Microsoft.IoTOperations/instances/aio",
        _resource_id,
    ),
    _row(
        "resource",
        "subscription()",
        "The subscription: `id`, `subscriptionId`, `tenantId`.",
        "length(subscription().subscriptionId)",
        36,
        _subscription,
    ),
    _row(
        "resource",
        "subscriptionResourceId([subscription], type, name, ...)",
        "The id of a resource of a subscription.",
        "subscriptionResourceId('s', 'Microsoft.A/b', 'c')",
        "/subscriptions/s/providers/Microsoft.A/b/c",
        _subscription_resource_id,
    ),
    _row("resource", "tenant()", "The tenant: its `tenantId`.", "length(tenant().tenantId)", 36, _tenant),
    _row(
        "resource",
        "tenantResourceId(type, name, ...)",
        "The id of a resource of the tenant.",
        "tenantResourceId('Microsoft.A/b', 'c')",
        "/providers/Microsoft.A/b/c",
        _tenant_resource_id,
    ),
    _row(
        "date",
        "utcNow([format])",
        "The time of the deployment, in the default of a parameter.",
        "utcNow('yyyy')",
        "1970",
        _utc_now,
    ),
    _row("template", "variables(name)", "The value of a variable.", "variables('name')", "of the variable", _variables),
)
"""The functions that need to know the template."""
