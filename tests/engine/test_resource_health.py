"""`engine/resource_health.py`."""

from pathlib import Path

import msgspec
from tests.telemetry.statuses import flow_status

from tidegate.engine.resource_health import ask_resource_health, resource_health
from tidegate.resources.resource_key import ResourceKey
from tidegate.telemetry.status import DataflowHealth, EngineStatus, FlowStatus, Health, ReloadStatus


def flow(name: str, health: Health, source: tuple[str, bool], destination: tuple[str, bool]) -> FlowStatus:
    made = flow_status()
    sides = [
        msgspec.structs.replace(side, endpoint=endpoint, connected=connected)
        for side, (endpoint, connected) in ((made.source, source), (made.destination, destination))
    ]
    return msgspec.structs.replace(made, name=name, profile="p", health=health, source=sides[0], destination=sides[1])


def test_flows_profiles_and_endpoints() -> None:
    status = EngineStatus(
        flows=[
            flow("one", "Available", ("local", True), ("cloud", True)),
            flow("two", "Unavailable", ("local", True), ("cloud", False)),
            flow("three", "Degraded", ("local", True), ("other", False)),
        ],
        dataflows=[DataflowHealth(name="one", health="Available", reason_code=None, message="")],
        last_reload=ReloadStatus(at="", applied=True, errors=[]),
        problems=[],
        process_id=1,
        version="0",
        uptime_seconds=1.0,
    )
    assert resource_health(status) == {
        ResourceKey("Dataflow", "one"): "Available",
        ResourceKey("DataflowProfile", "p"): "Unavailable",
        ResourceKey("DataflowEndpoint", "local"): "Available",
        ResourceKey("DataflowEndpoint", "cloud"): "Degraded",
        ResourceKey("DataflowEndpoint", "other"): "Unavailable",
    }


def test_without_an_engine_nothing_is_known(tmp_path: Path) -> None:
    assert ask_resource_health(tmp_path) == {}
