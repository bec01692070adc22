"""The HTTP API as one application: which part answers which path, behind the guard.

Knows Starlette. Does not know what the parts answer.
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tidegate.engine.store_wire import STORE_PATH
from tidegate.web.arm_error import ArmError, answer_error
from tidegate.web.arm_path import PROVIDER, parse_arm_path
from tidegate.web.deployments_api import PROVIDER as DEPLOYMENTS
from tidegate.web.deployments_api import DeploymentsApi
from tidegate.web.guard import Guard, Role
from tidegate.web.openapi import openapi
from tidegate.web.operations import Operations
from tidegate.web.resources_api import Asked, ResourcesApi
from tidegate.web.store_api import StoreApi

__all__ = ["application"]

METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]


def application(
    resources: ResourcesApi,
    deployments: DeploymentsApi,
    store: StoreApi,
    operations: Operations,
    tokens: Mapping[Role, str],
    hosts: frozenset[str] = frozenset(),
) -> ASGIApp:
    """Return the application; see `Guard` for `tokens` and `hosts`."""
    document = openapi()

    async def livez(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def describe(request: Request) -> Response:
        return JSONResponse(document)

    async def of_store(request: Request) -> Response:
        part, query, body = request.path_params["part"].removeprefix("/"), request.query_params, await request.body()
        answer = await run_in_threadpool(store.answer, request.method, part, query, body)
        return JSONResponse(answer.body, answer.status, {"Cache-Control": "no-store"})

    async def arm(request: Request) -> Response:
        asked = await _asked(request)
        if asked.path.provider.lower() == PROVIDER.lower() and asked.path.types[0].lower() == "locations":
            return _operation(asked, operations)
        part = deployments if asked.path.provider.lower() == DEPLOYMENTS.lower() else resources
        answer = await run_in_threadpool(part.answer, asked)
        headers = {"Cache-Control": "no-store", **answer.headers}
        if answer.body is None:
            return Response(status_code=answer.status, headers=headers)
        return JSONResponse(answer.body, answer.status, headers)

    routes = [
        Route("/livez", livez),
        Route("/openapi.json", describe),
        Route(f"{STORE_PATH}{{part:path}}", of_store, methods=METHODS),
        Route("/{path:path}", arm, methods=METHODS),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={ArmError: answer_error}), tokens, hosts)


async def _asked(request: Request) -> Asked:
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    path = parse_arm_path(raw.decode("latin-1").partition("?")[0])
    if path is None:
        raise ArmError(404, "InvalidRequestUri", "the path is none of a resource", hint="see /openapi.json")
    return Asked(
        method="GET" if request.method == "HEAD" else request.method,
        path=path,
        query={key.lower() if key.startswith("$") else key: value for key, value in request.query_params.items()},
        headers={key.lower(): value for key, value in request.headers.items()},
        body=await request.body(),
        base=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
    )


def _operation(asked: Asked, operations: Operations) -> Response:
    names, types = asked.path.names, [each.lower() for each in asked.path.types]
    body = operations.find(names[1]) if types == ["locations", "operationstatuses"] and len(names) == 2 else None
    if body is None or asked.method != "GET":
        raise ArmError(404, "OperationNotFound", "the operation is not known, or too long ago")
    return JSONResponse(body, headers={"Cache-Control": "no-store"})
