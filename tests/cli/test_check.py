"""`tidegate check`, as one types it; real brokers are in `tests/integration/test_check.py`."""

import json
from pathlib import Path

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.cli import main
from tidegate.engine import endpoint_probes
from tidegate.engine.mqtt_target import Target
from tidegate.engine.probe import Wanted
from tidegate.engine.probe_findings import Finding


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifests, and endpoints of which `default` is well and `cloud` is not there."""

    async def probe(target: Target, wanted: Wanted) -> list[Finding]:
        if target.endpoint.name == "default":
            return [Finding("dns", "success", "localhost"), Finding("publish", "skipped", wanted.publishing)]
        return [Finding("tcp", "error", "connection refused", "start it")]

    monkeypatch.setattr(endpoint_probes, "probe", probe)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    Path("a.yaml").write_text(DEFAULT + CLOUD + UPLINK)


def test_what_is_not_well_has_its_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a.yaml"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "✔ ok      enumerateDataflowApi  connectivity.iotoperations.azure.com",
        "- skipped evalCoreServiceRuntime  engine: no engine runs on this data directory",
        "✔ ok      evalDataflows  dataflows.connectivity.iotoperations.azure.com",
        "✘ error   evalDataflowEndpoints  dataflowendpoints.connectivity.iotoperations.azure.com",
        "  ✘ error   cloud",
        "    ✘ error   tcp: connection refused",
        "                hint: start it",
        "✔ ok      evalDataflowProfiles  dataflowprofiles.connectivity.iotoperations.azure.com",
    ]


def test_more_detail(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "a.yaml", "--detail-level", "1", "--publish", "never"])
    one = capsys.readouterr().out
    assert "    ✔ ok      dns: localhost\n    - skipped publish: never\n" in one
    assert "keepAliveSeconds" not in one
    main(["check", "a.yaml", "--detail-level", "2"])
    assert "            keepAliveSeconds: 60\n" in capsys.readouterr().out


def test_words_stand_where_signs_cannot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(type(sys.stdout), "encoding", "ascii", raising=False)
    main(["check", "a.yaml"])
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\nerror   evalDataflowEndpoints" in out


def test_without_paths_it_is_what_the_engine_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    assert "there is no PATH, and no engine runs" in capsys.readouterr().err
    assert main(["check", "--from-store"]) == 0
    assert "- skipped evalDataflows" in capsys.readouterr().out


def test_json_and_what_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "a.yaml", "-o", "json", "--resources", "dataflowendpoint", "--resource-name", "def*"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found] == [
        "enumerateDataflowApi",
        "evalCoreServiceRuntime",
        "evalDataflowEndpoints",
    ]
    (default,) = found[2]["resources"]
    assert default["status"] == "success"
    assert default["conditions"][1] == {"name": "dns", "status": "success", "detail": "localhost", "hint": None}
    assert default["settings"]["qos"] == "1"


@pytest.mark.parametrize("seconds", ["0", "x", "301"])
def test_a_time_that_is_none(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a.yaml", "--timeout", seconds]) == 2
    assert "is not a number of seconds" in capsys.readouterr().err
