"""What the engine answers over HTTP, route by route.

Knows the questions and the shapes of the answers. Does not know HTTP beyond a status, nor where figures come from.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec

from tidegate.engine.status_http import Answer, Route
from tidegate.telemetry.metrics import CONTENT_TYPE, render_metrics
from tidegate.telemetry.status import EngineStatus

__all__ = ["engine_routes", "profile_routes"]

JSON = "application/json"

_READY = ("Available", "Degraded")

GetStatus = Callable[[], Awaitable[EngineStatus]]
Query = Mapping[str, str]


def engine_routes(status: GetStatus, check_accounting: Callable[[], Awaitable[list[str]]]) -> dict[str, Route]:
    """Return the routes of the engine's listener."""

    async def livez(query: Query) -> Answer:
        return Answer(b"ok\n")

    async def readyz(query: Query) -> Answer:
        return _readiness(await status(), "verbose" in query)

    async def metrics(query: Query) -> Answer:
        return Answer(render_metrics(await status()), CONTENT_TYPE)

    async def show_status(query: Query) -> Answer:
        return Answer(msgspec.json.encode(await status()), JSON)

    async def accounting(query: Query) -> Answer:
        findings = await check_accounting()
        current = await status()
        document = {
            "adds_up": not findings,
            "findings": findings,
            "flows": [
                {"name": flow.name, "ordinal": flow.ordinal, "pending": flow.pending, "counters": flow.counters}
                for flow in current.flows
            ],
        }
        code = HTTPStatus.INTERNAL_SERVER_ERROR if findings else HTTPStatus.OK
        return Answer(msgspec.json.encode(document), JSON, code)

    return {
        "/livez": livez,
        "/readyz": readyz,
        "/metrics": metrics,
        "/status": show_status,
        "/debug/accounting": accounting,
    }


def profile_routes(status: GetStatus, profiles: frozenset[str]) -> dict[str, Route]:
    """Return the routes of a metrics listener that some profiles have to themselves."""

    async def metrics(query: Query) -> Answer:
        return Answer(render_metrics(await status(), profiles), CONTENT_TYPE)

    return {"/metrics": metrics}


def _readiness(status: EngineStatus, is_verbose: bool) -> Answer:
    """Ready is: every data flow moves messages, if with flaws."""
    is_ready = all(dataflow.health in _READY for dataflow in status.dataflows)
    lines = []
    if is_verbose:
        lines = [
            f"[{'+' if flow.health in _READY else '-'}]{flow.name}-{flow.ordinal} {flow.health}: {flow.message}"
            for flow in status.flows
        ]
        lines += [f"[!]{problem}" for problem in status.problems]
    lines.append("ok" if is_ready else "not ready")
    code = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(("\n".join(lines) + "\n").encode(), status=code)
