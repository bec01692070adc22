"""Which endpoints are tried, and as which client. Real brokers: `tests/integration/test_check.py`."""

from pathlib import Path

import pytest
from tests.integration.harness.manifests import Declared, dataflow, endpoint, write

from tidegate.engine import endpoint_probes
from tidegate.engine.endpoint_probes import probe_endpoints
from tidegate.engine.load import load
from tidegate.engine.mqtt_target import Target
from tidegate.engine.probe import Wanted
from tidegate.engine.probe_findings import Finding
from tidegate.settings import Settings

WELL = Finding("connect", "success", "x")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> dict[str, Wanted]:
    """Take the place of the probe, and note what is tried."""
    seen: dict[str, Wanted] = {}

    async def probe(target: Target, wanted: Wanted) -> list[Finding]:
        seen[target.endpoint.name] = wanted
        return [WELL]

    monkeypatch.setattr(endpoint_probes, "probe", probe)
    return seen


def found(tmp_path: Path, *declared: Declared, names: set[str] | None = None) -> dict[str, list[Finding]]:
    write(tmp_path / "manifests", *declared)
    settings = Settings(data_dir=tmp_path / "data")
    return probe_endpoints(load([tmp_path / "manifests"], settings), settings, Wanted(client_id="check-1"), names)


def test_each_endpoint_is_tried_with_its_own_data_flows(tmp_path: Path, tried: dict[str, Wanted]) -> None:
    declared = [
        endpoint("default", 1883),
        endpoint("cloud", 1884, clientIdPrefix="site"),
        endpoint("unused", 1885),
        dataflow("uplink"),
        dataflow("downlink", source="cloud", filters=["c/#"], destination="default"),
    ]
    assert found(tmp_path, *declared) == {name: [WELL] for name in ("cloud", "default", "unused")}
    assert {name: each.client_id for name, each in tried.items()} == {
        "cloud": "site-check-1-cloud",
        "default": "tidegate-check-1-default",
        "unused": "tidegate-check-1-unused",
    }
    assert [each.name for each in tried["cloud"].reading] == ["downlink"]
    assert [each.name for each in tried["cloud"].writing] == ["uplink"]
    assert (tried["unused"].reading, tried["unused"].writing) == ([], [])


def test_what_has_errors_is_not_tried_and_the_rest_is(tmp_path: Path, tried: dict[str, Wanted]) -> None:
    declared = [
        endpoint("default", 1883),
        endpoint("cloud", 1884),
        endpoint("wrong", 1885, path="/x"),
        dataflow("uplink"),
        dataflow("other", destination="wrong"),
        dataflow("bad", filters=["a#"]),
    ]
    assert set(found(tmp_path, *declared)) == {"default", "cloud"}
    assert [each.name for each in tried["default"].reading] == ["uplink"]


def test_only_those_that_are_named(tmp_path: Path, tried: dict[str, Wanted]) -> None:
    declared = [endpoint("default", 1883), endpoint("cloud", 1884), dataflow("uplink")]
    assert set(found(tmp_path, *declared, names={"cloud"})) == {"cloud"}


def test_the_built_in_endpoint_counts_where_it_is_used(tmp_path: Path, tried: dict[str, Wanted]) -> None:
    assert set(found(tmp_path, endpoint("cloud", 1884))) == {"cloud"}
    (waits,) = found(tmp_path, dataflow("uplink"))["default"]
    assert (waits.step, waits.state) == ("tcp", "skipped")
    assert "no broker runs on" in waits.detail


def test_a_credential_that_cannot_be_used(tmp_path: Path, tried: dict[str, Wanted]) -> None:
    (unusable,) = found(tmp_path, endpoint("cloud", 1884, ca="nowhere"))["cloud"]
    assert (unusable.step, unusable.state) == ("credential", "error")
