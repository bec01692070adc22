"""Deployments of ARM templates over HTTP, in the shape of Azure Resource Manager: create, validate, what-if, and what became of
one.

Knows the bodies that clients send, az's among them, and the form of answers. Does not know the language of templates.
Everything here blocks, on the disk and on the engine.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tidegate.diagnostics import has_errors
from tidegate.engine.changes import Change, Edit, Outcome
from tidegate.engine.workspace import Workspace
from tidegate.resources.arm import parse
from tidegate.resources.arm_types import arm_type, arm_type_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import SourceText, path_text
from tidegate.store.stored import Author
from tidegate.templates.environment import Environment
from tidegate.templates.given import Given, read_parameters
from tidegate.templates.template import Evaluation, evaluate_template, read_template
from tidegate.web.answer import Answer
from tidegate.web.arm_error import ArmError, declaration_error
from tidegate.web.operations import Operations, time_text
from tidegate.web.resources_api import Asked, operation_link, read_body

__all__ = ["DEPLOYMENTS_MAX", "PROVIDER", "DeploymentsApi"]

PROVIDER = "Microsoft.Resources"
DEPLOYMENTS_MAX = 200
"""How many are remembered; the oldest go first."""

Json = dict[str, Any]  # Any: JSON

_WHAT_IF = {"created": "Create", "updated": "Modify", "unchanged": "NoChange", "deleted": "Delete", "absent": "Ignore"}
_UNQUOTED = re.compile(rb"([{,]\s*)template(\s*:)")


class _Deployment(NamedTuple):
    """A deployment that was made, and what was done for each of its resources."""

    body: Json
    operations: list[Json]


class DeploymentsApi:
    """The deployments of one server. See `ResourcesApi` for the arguments."""

    def __init__(
        self, open_workspace: Callable[[], Workspace], operations: Operations, wall: Callable[[], float] = time.time
    ) -> None:
        self._open = open_workspace
        self._operations = operations
        self._wall = wall
        self._done: OrderedDict[str, _Deployment] = OrderedDict()

    def answer(self, asked: Asked) -> Answer:
        """Do what is asked. Raises `ArmError`."""
        types = [each.lower() for each in asked.path.types]
        names = asked.path.names
        if types[:1] != ["deployments"] or asked.path.resource_group is None:
            raise ArmError(
                404, "InvalidResourceType", "deployments of a resource group are served here, and nothing else"
            )
        if asked.method == "GET":
            return self._get(names, types)
        if types == ["deployments"] and names and asked.method == "PUT":
            return self._create(asked, names[0])
        if len(types) == 2 and len(names) == 1 and asked.method == "POST" and types[1] in ("validate", "whatif"):
            return self._try(asked, names[0], types[1])
        raise ArmError(
            405, "MethodNotAllowed", f"{asked.method} is not for this; use GET, PUT, or POST to validate or whatIf"
        )

    def _get(self, names: tuple[str, ...], types: list[str]) -> Answer:
        if types == ["deployments"] and not names:
            return Answer(200, {"value": [each.body for each in self._done.values()]})
        found = self._done.get(names[0].lower()) if names else None
        if found is None:
            raise ArmError(404, "DeploymentNotFound", f"there is no deployment {names[0] if names else ''}")
        if types == ["deployments"]:
            return Answer(200, found.body)
        if types != ["deployments", "operations"]:
            raise ArmError(404, "InvalidResourceType", f"{types[-1]} of a deployment are not served; operations are")
        if len(names) == 1:
            return Answer(200, {"value": found.operations})
        operation = next((each for each in found.operations if each["operationId"].lower() == names[1].lower()), None)
        if operation is None:
            raise ArmError(404, "DeploymentOperationNotFound", f"{names[0]} has no operation {names[1]}")
        return Answer(200, operation)

    def _create(self, asked: Asked, name: str) -> Answer:
        made, edit = _read(asked, name, self._wall())
        outcome = self._apply(edit, asked, dry_run=False)
        body = self._body(asked, name, made, outcome)
        self._done[name.lower()] = _Deployment(body, _operations(body["id"], _ids(asked, made), outcome, self._wall()))
        while len(self._done) > DEPLOYMENTS_MAX:
            self._done.popitem(last=False)
        identifier = self._operations.add("Succeeded", self._wall())
        return Answer(201, body, {"Azure-AsyncOperation": operation_link(asked, identifier)})

    def _try(self, asked: Asked, name: str, verb: str) -> Answer:
        made, edit = _read(asked, name, self._wall())
        outcome = self._apply(edit, asked, dry_run=True)
        if verb == "validate":
            return Answer(200, self._body(asked, name, made, outcome))
        ids = _ids(asked, made)
        changes = [_what_if(change, ids[change.key]) for change in outcome.changes if change.key in ids]
        return Answer(200, {"status": "Succeeded", "properties": {"changes": changes}})

    def _apply(self, edit: Edit, asked: Asked, *, dry_run: bool) -> Outcome:
        with self._open() as workspace:
            author = Author("api", f"deployment over HTTP, {asked.method}")
            outcome = workspace.apply(edit, author, self._wall(), dry_run=dry_run)
            if outcome.is_refused:
                raise declaration_error(outcome.diagnostics)
            if not dry_run:
                workspace.ring()
        return outcome

    def _body(self, asked: Asked, name: str, made: Evaluation, outcome: Outcome) -> Json:
        ids = _ids(asked, made)
        outputs: Json = {
            each: {"type": output.type, **({} if output.is_secret else {"value": output.value})}
            for each, output in made.outputs.items()
        }
        group = f"/subscriptions/{asked.path.subscription}/resourceGroups/{asked.path.resource_group}"
        return {
            "id": f"{group}/providers/{PROVIDER}/deployments/{name}",
            "name": name,
            "type": f"{PROVIDER}/deployments",
            "properties": {
                "mode": "Incremental",
                "provisioningState": "Succeeded",
                "outputs": outputs,
                "outputResources": [{"id": ids[change.key]} for change in outcome.changes if change.key in ids],
            },
        }


def _read(asked: Asked, name: str, now_seconds: float) -> tuple[Evaluation, Edit]:
    """Evaluate the template of a body. Raises `ArmError`."""
    # az writes the template under a key without quotes.
    source, root = read_body(_UNQUOTED.sub(rb'\1"template"\2', asked.body, count=1))
    properties = root.child("properties")
    template = properties.child("template") if properties is not None else None
    if template is None:
        hint = "links to templates are not followed"
        raise ArmError(400, "InvalidRequestContent", "the body has no properties.template", hint=hint)
    mode = properties.child("mode") if properties is not None else None
    if mode is not None and str(mode.value).lower() != "incremental":
        raise ArmError(
            400,
            "InvalidRequestContent",
            f"the mode {mode.value} is not served",
            hint="use Incremental: nothing is removed",
        )
    text, found = read_template(SourceText("template", source.text[template.start : template.end]))
    given: Mapping[str, Given] = {}
    parameters = properties.child("parameters") if properties is not None else None
    if parameters is not None and parameters.value:
        read, more = read_parameters(SourceText("parameters", source.text[parameters.start : parameters.end]))
        given = read
        found = [*found, *more]
    if text is None or has_errors(found):
        raise declaration_error(found)
    group = asked.path.resource_group or "tidegate"
    environment = Environment(
        subscription_id=asked.path.subscription, resource_group=group, deployment_name=name, now_seconds=now_seconds
    )
    made = evaluate_template(text, given, environment)
    if has_errors(made.diagnostics):
        raise declaration_error(made.diagnostics)
    return made, Edit(put=parse(made.resources))


def _operations(deployment: str, ids: Mapping[ResourceKey, str], outcome: Outcome, now_wall: float) -> list[Json]:
    """Return what was done for each resource, as `az deployment operation group list` shows it."""
    made = []
    changes = [change for change in outcome.changes if change.key in ids]
    for number, change in enumerate(changes, 1):
        row = arm_type_of(change.key.kind)
        assert row is not None
        target = {"id": ids[change.key], "resourceName": change.key.name, "resourceType": row.name}
        made.append(
            {
                "id": f"{deployment}/operations/{number:016X}",
                "operationId": f"{number:016X}",
                "properties": {
                    "provisioningOperation": "Create",
                    "provisioningState": "Succeeded",
                    "statusCode": "Created" if change.action == "created" else "OK",
                    "timestamp": time_text(now_wall),
                    "targetResource": target,
                },
            }
        )
    return made


def _what_if(change: Change, identifier: str) -> Json:
    delta = [
        {
            "path": path_text(each.path),
            "propertyChangeType": "Modify",
            "before": _plain(each.before),
            "after": _plain(each.after),
        }
        for each in change.differences
    ]
    told: Json = {"resourceId": identifier, "changeType": _WHAT_IF[change.action]}
    return told | ({"delta": delta} if change.action == "updated" else {})


def _ids(asked: Asked, made: Evaluation) -> dict[ResourceKey, str]:
    """Return the id of every resource that a template makes."""
    found: dict[ResourceKey, str] = {}
    for resource in made.resources:
        row = arm_type(resource.type)
        if row is not None and len(resource.names) == len(row.collections):
            key = ResourceKey(row.kind, resource.names[-1])
            found[key] = asked.path.identifier(row.collections, resource.names)
    return found


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict | tuple) else None
