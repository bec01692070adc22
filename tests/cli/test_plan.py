"""`tidegate plan`, as one types it; with an engine that runs in `tests/integration/test_plan.py`."""

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
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    Path("a.yaml").write_text(DEFAULT + CLOUD + UPLINK)


def test_from_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "a.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "no engine runs on this data directory: this is all from nothing",
        "+ uplink starts",
        "    a session of its own, tidegate-uplink-0-source, or the one that is kept under this name",
        "starts 1 data flow",
    ]


def test_json_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "a.yaml", "--exit-code", "-o", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["engineRuns"], found["summary"], found["broker"]) == (False, "starts 1 data flow", [])
    assert [(each["name"], each["action"], each["instances"]) for each in found["flows"]] == [("uplink", "start", 1)]
    Path("a.yaml").write_text(DEFAULT + CLOUD)
    assert main(["plan", "a.yaml", "--exit-code"]) == 1
    assert capsys.readouterr().out.endswith("~ the embedded broker starts on 18883\nchanges the broker\n")
    assert main(["plan", "a.yaml", "--exit-code", "--no-broker"]) == 0
    assert capsys.readouterr().out.endswith("nothing changes\n")


def test_what_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(DEFAULT + UPLINK)
    assert main(["plan", "a.yaml"]) == 1
    assert main(["plan", "a.yaml", "--exit-code"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("error[missing-reference]") == 2
    assert "this cannot run; what runs would go on unchanged" in captured.err


def test_brokers_are_tried_where_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def probe(target: Target, wanted: Wanted) -> list[Finding]:
        assert wanted.publishing == "never"
        if target.endpoint.name == "default":
            return [Finding("dns", "success", "localhost")]
        return [Finding("tcp", "error", "connection refused", "start it")]

    monkeypatch.setattr(endpoint_probes, "probe", probe)
    assert main(["plan", "a.yaml", "--probe"]) == 1
    assert capsys.readouterr().out.splitlines()[3:] == [
        "cloud: tried",
        "    error: tcp: connection refused",
        "      hint: start it",
        "default: tried, and well",
        "starts 1 data flow",
    ]
    assert main(["plan", "a.yaml", "--probe", "--exit-code"]) == 2


def test_the_store_is_read_where_that_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["plan"]) == 2
    assert "there is no PATH, and no engine runs" in capsys.readouterr().err
    assert main(["apply", "-f", "a.yaml", "--data-dir", str(tmp_path / "state")]) == 0
    capsys.readouterr()
    assert main(["plan", "--from-store"]) == 0
    assert capsys.readouterr().out.endswith("starts 1 data flow\n")
