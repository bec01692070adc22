"""The checks of facts 8.4, and how a state follows from conditions."""

import json
from pathlib import PurePath

import pytest
from tests.integration.harness.manifests import Declared, dataflow, endpoint, profile
from tests.telemetry.statuses import engine_status, flow_status

from tidegate.engine.checks import KINDS, Check, Checked, Condition, checks, worst
from tidegate.engine.plan import validate
from tidegate.engine.probe_findings import Finding, State
from tidegate.resources.finding_list import in_order
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings
from tidegate.telemetry.status import EngineStatus, ReloadStatus

SETTINGS = Settings(data_dir=PurePath("state"), no_broker=True)
ENDPOINTS = [endpoint("default", 1883), endpoint("cloud", 1883, host="cloud.example.com")]


def checked(
    *declared: Declared,
    probes: dict[str, list[Finding]] | None = None,
    status: EngineStatus | None = None,
    kinds: tuple[str, ...] = tuple(KINDS),
    name_pattern: str = "*",
    text: str = "",
) -> dict[str, Check]:
    texts = [SourceText(f"{index}.json", json.dumps(each)) for index, each in enumerate((*ENDPOINTS, *declared))]
    read = parse([*texts, *([SourceText("more.yaml", text)] if text else [])])
    across = validate(read.resources, read.source_map, SETTINGS, None)
    found = checks(
        read.resources,
        in_order((*read.diagnostics, *across)),
        probes or {},
        status,
        kinds=kinds,
        name_pattern=name_pattern,
    )
    return {each.name: each for each in found}


def conditions(check: Check, name: str) -> dict[str, Condition]:
    (found,) = [each for each in check.checked if each.name == name]
    return {each.name: each for each in found.conditions}


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((), "skipped"),
        (("skipped", "success"), "success"),
        (("success", "warning", "skipped"), "warning"),
        (("warning", "error", "success"), "error"),
    ],
)
def test_the_worst_counts(states: tuple[State, ...], found: State) -> None:
    assert worst(states) == found


def test_all_is_well() -> None:
    found = checked(dataflow("uplink"))
    assert list(found) == [
        "enumerateDataflowApi",
        "evalCoreServiceRuntime",
        "evalDataflows",
        "evalDataflowEndpoints",
        "evalDataflowProfiles",
    ]
    assert {each.state for each in found.values()} == {"success", "skipped"}
    assert found["evalCoreServiceRuntime"].note == "no engine runs on this data directory"
    assert [each.detail for each in conditions(found["evalDataflows"], "uplink").values()] == [
        "Enabled",
        "2",
        "default",
        "default, Mqtt",
        "cloud, Mqtt",
    ]
    assert conditions(found["evalDataflowProfiles"], "default")["default"].state == "success"
    cloud = next(each for each in found["evalDataflowEndpoints"].checked if each.name == "cloud")
    assert cloud.settings["host"] == "cloud.example.com:1883"


def test_nothing_is_declared() -> None:
    found = checked()
    assert (found["evalDataflows"].state, found["evalDataflows"].note) == ("skipped", "there are no dataflows")


def test_a_reference_that_leads_nowhere_is_told_once() -> None:
    found = checked(dataflow("uplink", destination="clod", profile_ref="none"))
    told = conditions(found["evalDataflows"], "uplink")
    assert {name for name, each in told.items() if each.state == "error"} == {
        "profileRef",
        "destinationSettings.endpointRef",
    }
    assert told["destinationSettings.endpointRef"].hint == "did you mean `cloud`?"


def test_what_validate_says_is_a_condition() -> None:
    found = checked(dataflow("uplink", filters=["a/#/b"]), endpoint("slow", 1883, keepAliveSeconds=-1))
    assert conditions(found["evalDataflows"], "uplink")["topic-filter"].state == "error"
    assert conditions(found["evalDataflowEndpoints"], "slow")["out-of-range"].state == "error"
    broken = checked(text="a: [")
    assert broken["enumerateDataflowApi"].state == "error"
    assert "more.yaml:" in broken["enumerateDataflowApi"].checked[0].conditions[-1].detail


def test_a_disabled_data_flow_is_skipped() -> None:
    found = checked(dataflow("uplink", destination="nowhere", mode="Disabled"))
    assert [each.state for each in found["evalDataflows"].checked] == ["skipped"]


def test_what_was_found_at_an_endpoint_is_told() -> None:
    probes = {"cloud": [Finding("dns", "success", "x"), Finding("tcp", "error", "refused", "start it")]}
    found = checked(dataflow("uplink"), probes=probes)
    assert found["evalDataflowEndpoints"].state == "error"
    assert conditions(found["evalDataflowEndpoints"], "cloud")["tcp"] == Condition(
        "tcp", "error", "refused", "start it"
    )


def test_an_endpoint_of_another_type_is_kept_and_skipped() -> None:
    kafka: Declared = {
        **endpoint("kafka", 1),
        "spec": {"endpointType": "Kafka", "kafkaSettings": {"host": "h:1"}},
    }
    found = checked(kafka)
    assert conditions(found["evalDataflowEndpoints"], "kafka")["probe"].state == "skipped"
    assert next(each for each in found["evalDataflowEndpoints"].checked if each.name == "kafka").settings == {}


@pytest.mark.parametrize(
    ("health", "state"),
    [("Available", "success"), ("Degraded", "warning"), ("Unavailable", "error"), ("Unknown", "warning")],
)
def test_the_health_of_what_runs(health: str, state: State) -> None:
    status = engine_status(flow_status("uplink", health=health, message="so it is"))
    told = conditions(checked(dataflow("uplink"), status=status)["evalDataflows"], "uplink")["status"]
    assert (told.state, told.detail) == (state, f"{health}: so it is")


def test_an_engine_that_runs_something_else() -> None:
    rejected = ReloadStatus(at="", applied=False, errors=["flow.yaml:1:1: wrong"])
    status = engine_status(last_reload=rejected, problems=["cannot listen"])
    found = checked(dataflow("uplink"), status=status)
    assert conditions(found["evalDataflows"], "uplink")["status"].state == "warning"
    core = found["evalCoreServiceRuntime"]
    assert [each.state for each in core.checked[0].conditions] == ["success", "warning", "error"]


def test_missing_instances() -> None:
    status = engine_status(flow_status("uplink", profile="many"))
    found = checked(profile("many", 3), dataflow("uplink", profile_ref="many"), status=status)
    told = conditions(found["evalDataflowProfiles"], "many")["instances"]
    assert (told.state, told.detail) == ("warning", "1 of 3 instances of uplink run")


def test_only_what_is_asked_for() -> None:
    found = checked(dataflow("uplink"), dataflow("other"), kinds=("dataflow",), name_pattern="up*")
    assert set(found) == {"enumerateDataflowApi", "evalCoreServiceRuntime", "evalDataflows"}
    assert [each.name for each in found["evalDataflows"].checked] == ["uplink"]
    assert Checked("a", ()).state == "skipped"
