import asyncio
import json
from collections.abc import Mapping

from tests.telemetry.statuses import engine_status, flow_status

from tidegate.engine.routes import engine_routes, profile_routes
from tidegate.engine.status_http import Answer
from tidegate.telemetry.status import EngineStatus


def answer(
    status: EngineStatus, path: str, query: Mapping[str, str] | None = None, findings: tuple[str, ...] = ()
) -> Answer:
    async def current() -> EngineStatus:
        return status

    async def check() -> list[str]:
        return list(findings)

    async def ask() -> Answer:
        return await engine_routes(current, check)[path](query or {})

    return asyncio.run(ask())


def test_alive_is_whoever_answers() -> None:
    assert answer(engine_status(), "/livez").body == b"ok\n"


def test_ready_is_when_every_data_flow_moves_messages() -> None:
    assert answer(engine_status(flow_status(health="Degraded")), "/readyz").status == 200
    partial = engine_status(flow_status(), flow_status(ordinal=1, health="Unavailable"))
    assert answer(partial, "/readyz").status == 200
    unready = engine_status(
        flow_status(), flow_status("b", health="Unavailable", message="refused"), problems=["no port"]
    )
    found = answer(unready, "/readyz", {"verbose": ""})
    assert found.status == 503
    assert found.body.decode().splitlines() == [
        "[+]bridge-0 Available: messages flow",
        "[-]b-0 Unavailable: refused",
        "[!]no port",
        "not ready",
    ]
    assert answer(unready, "/readyz").body == b"not ready\n"


def test_status_is_json() -> None:
    found = answer(engine_status(flow_status()), "/status")
    assert found.content_type == "application/json"
    assert json.loads(found.body)["flows"][0]["name"] == "bridge"


def test_accounting_that_does_not_add_up_is_500_with_the_figures() -> None:
    good = answer(engine_status(flow_status()), "/debug/accounting")
    assert (good.status, json.loads(good.body)["adds_up"]) == (200, True)
    bad = answer(
        engine_status(flow_status(pending=3)), "/debug/accounting", findings=("bridge-0: received 1 is not 2",)
    )
    document = json.loads(bad.body)
    assert bad.status == 500
    assert document["findings"] == ["bridge-0: received 1 is not 2"]
    assert document["flows"][0]["pending"] == 3


def test_metrics_of_the_engine_and_of_one_profile() -> None:
    status = engine_status(flow_status("a"), flow_status("b", profile="fast"))
    body = answer(status, "/metrics").body
    assert b'dataflow="a"' in body and b'dataflow="b"' in body

    async def current() -> EngineStatus:
        return status

    async def ask() -> Answer:
        return await profile_routes(current, frozenset(["fast"]))["/metrics"]({})

    assert b'dataflow="a"' not in asyncio.run(ask()).body
