"""Resources over HTTP in the shape of Azure Resource Manager: GET, list, PUT and DELETE.

Knows paths, api-versions, ETags and the envelope of answers. Does not know HTTP, or how resources are judged and stored.
Everything here blocks, on the disk and on the engine.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.engine.changes import Edit, Outcome
from tidegate.engine.visible import Visible, visible
from tidegate.engine.workspace import Workspace
from tidegate.exceptions import StoreConflict
from tidegate.resources.arm import ArmResource, parse
from tidegate.resources.arm_form import names_of, properties_of, tags_of
from tidegate.resources.arm_types import (
    API_VERSIONS,
    ARM_TYPES,
    LATEST_API_VERSION,
    ArmType,
    arm_type,
    arm_type_of,
    is_before,
    version_known_as,
)
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.resources.yaml_text import read_documents
from tidegate.store.stored import Author
from tidegate.web.answer import Answer
from tidegate.web.arm_error import ArmError, declaration_error
from tidegate.web.arm_path import PROVIDER, ArmPath
from tidegate.web.operations import Operations, time_text

__all__ = ["PAGE", "Asked", "ResourcesApi", "operation_link", "read_body"]

PAGE = 100
"""How many resources one answer to a list has."""

HEALTH_SINCE = "2025-10-01"
STATUS_SINCE = "2026-03-01"
INSTANCES = "instances"
EXTENDED_LOCATION = "Microsoft.ExtendedLocation/customLocations"
JSON_DEPTH_MAX = 100

Health = Mapping[ResourceKey, str]
"""Health of resources, as far as any is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `headers` are in lower case; `base` is how the client calls the server, `https://localhost:8443`."""

    method: str
    path: ArmPath
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str


class ResourcesApi:
    """The resources of one data directory.

    Args:
        open_workspace: opens the store, for one request.
        health: asks the engine how resources are; empty where none runs.
    """

    def __init__(
        self,
        open_workspace: Callable[[], Workspace],
        health: Callable[[], Health],
        operations: Operations,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._open = open_workspace
        self._health = health
        self._operations = operations
        self._wall = wall

    def answer(self, asked: Asked) -> Answer:
        """Do what is asked. Raises `ArmError`."""
        path = asked.path
        version = _api_version(asked)
        types = tuple(each.lower() for each in path.types)
        if path.provider.lower() != PROVIDER.lower():
            raise ArmError(
                404, "InvalidResourceNamespace", f"the provider {path.provider} is not served here; {PROVIDER} is"
            )
        if types[0] != INSTANCES:
            raise _no_type(path)
        if len(types) == 1:
            return self._instance(asked)
        row = arm_type(f"{PROVIDER}/{'/'.join(path.types)}")
        if row is None:
            raise _no_type(path)
        if path.resource_group is None:
            raise ArmError(404, "ResourceGroupNotFound", "the path names no resource group", hint="any name will do")
        if asked.method == "GET":
            return self._list(asked, row, version) if path.is_list else self._get(asked, row, version)
        if path.is_list or asked.method not in ("PUT", "DELETE"):
            raise _not_allowed(asked)
        return self._put(asked, row, version) if asked.method == "PUT" else self._delete(asked, row)

    def _get(self, asked: Asked, row: ArmType, version: str) -> Answer:
        with self._open() as workspace:
            found = visible(workspace, [row.kind]).get(_key(asked.path, row))
            if found is None or not _is_below(found, asked.path):
                raise _not_found(asked.path, row)
            return self._shown(asked, found, version, 200)

    def _list(self, asked: Asked, row: ArmType, version: str) -> Answer:
        after = asked.query.get("$skiptoken", "")
        with self._open() as workspace:
            every = visible(workspace, [row.kind])
        of_kind = [each for each in every.values() if _is_below(each, asked.path)]
        page = [each for each in of_kind if each.resource.name > after]
        health = self._health()
        body: dict[str, Any] = {"value": [self._body(asked, each, version, health) for each in page[:PAGE]]}
        if len(page) > PAGE:
            query = f"api-version={asked.query['api-version']}&$skipToken={page[PAGE - 1].resource.name}"
            where = asked.path.identifier(asked.path.types, (*asked.path.names, "")).rstrip("/")
            body["nextLink"] = f"{asked.base}{where}?{query}"
        return Answer(200, body)

    def _put(self, asked: Asked, row: ArmType, version: str) -> Answer:
        key = _key(asked.path, row)
        source, root = read_body(asked.body)
        names = asked.path.names
        declared = parse([ArmResource(type=row.name, names=names, api_version=version, place=Place(source, root))])
        with self._open() as workspace:
            expected = _expected(asked, key)
            is_new = key not in visible(workspace, [row.kind])
            self._apply(workspace, asked, Edit(put=declared, expected=expected))
            found = visible(workspace, [row.kind])[key]
            shown = self._shown(asked, found, version, 201 if is_new else 200)
        return Answer(shown.status, shown.body, shown.headers | self._operation(asked))

    def _delete(self, asked: Asked, row: ArmType) -> Answer:
        key = _key(asked.path, row)
        with self._open() as workspace:
            every = visible(workspace)
            found = every.get(key)
            if found is None or found.is_built_in or not _is_below(found, asked.path):
                return Answer(204)
            below = [each for each, other in every.items() if _needs_parent(other, key) and other.stored is not None]
            self._apply(workspace, asked, Edit(delete=(key, *below), expected=_expected(asked, key)))
        headers = self._operation(asked)
        return Answer(202, None, headers | {"Location": headers["Azure-AsyncOperation"]})

    def _apply(self, workspace: Workspace, asked: Asked, edit: Edit) -> Outcome:
        try:
            outcome = workspace.apply(edit, Author("api", f"{asked.method} over HTTP"), self._wall())
        except StoreConflict as error:
            raise ArmError(412, "PreconditionFailed", str(error), hint=error.hint) from None
        if outcome.is_refused:
            is_read_only = any(each.code == "read-only" for each in outcome.diagnostics)
            raise declaration_error(outcome.diagnostics, 409 if is_read_only or asked.method == "DELETE" else 400)
        workspace.ring()
        return outcome

    def _operation(self, asked: Asked) -> dict[str, str]:
        where = operation_link(asked, self._operations.add("Succeeded", self._wall()))
        return {"Azure-AsyncOperation": where, "Retry-After": "0"}

    def _shown(self, asked: Asked, found: Visible, version: str, status: int) -> Answer:
        etag = {"ETag": f'"{found.stored.version}"'} if found.stored is not None else {}
        return Answer(status, self._body(asked, found, version, self._health()), etag)

    def _body(self, asked: Asked, found: Visible, version: str, health: Health) -> dict[str, Any]:
        resource = found.resource
        row = arm_type_of(resource.kind_name)
        assert row is not None
        instance = asked.path.names[0]
        properties: dict[str, Any] = {**properties_of(resource, version), "provisioningState": "Succeeded"}
        state = health.get(resource.key, "Unknown")
        if not is_before(version, HEALTH_SINCE):
            properties["healthState"] = state
        if not is_before(version, STATUS_SINCE) and row.kind in ("Dataflow", "DataflowProfile"):
            properties["status"] = {"healthState": {"status": state}}
        body: dict[str, Any] = {
            "id": asked.path.identifier(row.collections, names_of(resource, instance)),
            "name": resource.name,
            "type": row.name,
            "extendedLocation": _extended_location(asked.path),
            "properties": properties,
        }
        if tags := tags_of(resource):
            body["tags"] = tags
        if found.stored is not None:
            body["systemData"] = _system_data(found)
            body["etag"] = f'"{found.stored.version}"'
        return body

    def _instance(self, asked: Asked) -> Answer:
        if asked.method == "DELETE" and not asked.path.is_list:
            raise ArmError(409, "Conflict", "the instance is this very process", hint="stop `tidegate run` instead")
        if asked.method not in ("GET", "PUT") or (asked.path.is_list and asked.method != "GET"):
            raise _not_allowed(asked)
        name = "tidegate" if asked.path.is_list else asked.path.names[0]
        if asked.method == "PUT":
            read_body(asked.body)
        group = asked.path.resource_group or "tidegate"
        path = ArmPath(asked.path.subscription, group, PROVIDER, (INSTANCES,), (name,))
        body = {
            "id": path.identifier((INSTANCES,), (name,)),
            "name": name,
            "type": f"{PROVIDER}/{INSTANCES}",
            "location": "local",
            "extendedLocation": _extended_location(path),
            "properties": {"provisioningState": "Succeeded", "schemaRegistryRef": {"resourceId": ""}},
        }
        return Answer(200, {"value": [body]} if asked.path.is_list else body)


def operation_link(asked: Asked, identifier: str) -> str:
    """Return where a client learns what became of an operation."""
    where = f"/subscriptions/{asked.path.subscription}/providers/{PROVIDER}/locations/local/operationStatuses"
    return f"{asked.base}{where}/{identifier}?api-version={asked.query.get('api-version', LATEST_API_VERSION)}"


def read_body(body: bytes) -> tuple[SourceText, Node]:
    """Read a body of JSON with the place of every value. Raises `ArmError`."""
    try:
        text = body.decode()
        document = json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ArmError(400, "InvalidRequestContent", "the body is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ArmError(400, "InvalidRequestContent", f"the body is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise ArmError(400, "InvalidRequestContent", "the body is no object of JSON")
    source = SourceText("request body", text)
    documents, found, _ = read_documents(source)
    if found:
        raise declaration_error(found)
    return source, documents[0] if documents else Node({}, 0, 0)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _api_version(asked: Asked) -> str:
    given = asked.query.get("api-version")
    known = version_known_as(given) if given else None
    if known is None:
        what = f"api-version {given} is not known" if given else "the request has no api-version"
        raise ArmError(
            400,
            "InvalidApiVersionParameter" if given else "MissingApiVersionParameter",
            what,
            hint=f"use one of {', '.join(API_VERSIONS)}",
        )
    return known


def _key(path: ArmPath, row: ArmType) -> ResourceKey:
    return ResourceKey(row.kind, path.names[-1])


def _is_below(found: Visible, path: ArmPath) -> bool:
    """Tell whether a resource has the parents that a path names."""
    names = names_of(found.resource, path.names[0])
    return names[: len(path.types) - 1] == path.names[: len(path.types) - 1]


def _needs_parent(found: Visible, parent: ResourceKey) -> bool:
    row, above = arm_type_of(found.resource.kind_name), arm_type_of(parent.kind)
    if row is None or above is None or row.collections[:-1] != above.collections:
        return False
    return names_of(found.resource, "")[-2] == parent.name


def _expected(asked: Asked, key: ResourceKey) -> dict[ResourceKey, int]:
    """Return the version that a conditional request expects (RFC 9110, section 13)."""
    if asked.headers.get("if-none-match") == "*":
        return {key: 0}
    wanted = asked.headers.get("if-match")
    if wanted is None or wanted == "*":
        return {}
    digits = wanted.removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ArmError(412, "PreconditionFailed", f"If-Match is {wanted[:40]}, which is no ETag of this server")
    return {key: int(digits)}


def _extended_location(path: ArmPath) -> dict[str, str]:
    group = path.resource_group or "tidegate"
    name = f"/subscriptions/{path.subscription}/resourceGroups/{group}/providers/{EXTENDED_LOCATION}/tidegate"
    return {"name": name, "type": "CustomLocation"}


def _system_data(found: Visible) -> dict[str, str]:
    record = found.stored
    assert record is not None
    return {
        "createdBy": record.created_by,
        "createdAt": time_text(record.created_wall),
        "lastModifiedBy": record.changed_by,
        "lastModifiedAt": time_text(record.changed_wall),
    }


def _not_found(path: ArmPath, row: ArmType) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"there is no {row.name} of the name {'/'.join(path.names[1:])}")


def _no_type(path: ArmPath) -> ArmError:
    names = ", ".join(row.name for row in ARM_TYPES)
    written = f"{path.provider}/{'/'.join(path.types)}"
    return ArmError(404, "InvalidResourceType", f"the type {written} is not served here", hint=f"there are {names}")


def _not_allowed(asked: Asked) -> ArmError:
    where = "a list" if asked.path.is_list else "a resource"
    return ArmError(
        405,
        "MethodNotAllowed",
        f"{asked.method} is not for {where}; use GET{'' if asked.path.is_list else ', PUT or DELETE'}",
    )
