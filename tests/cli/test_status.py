import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.telemetry.statuses import broker_status, engine_status, flow_status, side_status

from tidegate.cli import main
from tidegate.engine import control
from tidegate.telemetry.status import EngineStatus, ReloadStatus


def say(monkeypatch: pytest.MonkeyPatch, status: EngineStatus) -> None:
    """Let an engine answer with this."""
    document: Any = msgspec.json.decode(msgspec.json.encode(status))
    monkeypatch.setattr(control, "ask", lambda directory, request: document)


def test_each_side_is_a_row(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    down = side_status("there", state="idle", connected=False, next_retry_seconds=3.21)
    flow = flow_status(
        health="Unavailable",
        reason_code="DataflowMqttTargetConnectionFailed",
        message="refused",
        oldest_pending_seconds=12.34,
        destination=down,
    )
    say(monkeypatch, engine_status(flow))
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "FLOW      SIDE         ENDPOINT  STATE       HEALTH       OLDEST  NEXT RETRY  REASON",
        "bridge-0  source       here      subscribed  Unavailable  12.3 s  -           DataflowMqttTargetConnectionFailed",
        "          destination  there     idle                             3.2 s",
        "bridge-0: refused",
    ]


def test_what_was_not_applied_and_what_is_amiss_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rejected = ReloadStatus(at="", applied=False, errors=["flow.yaml:1:1: wrong"])
    say(monkeypatch, engine_status(last_reload=rejected, problems=["cannot listen on 127.0.0.1:1: in use"]))
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "no data flow runs",
        "the last edit was not applied: flow.yaml:1:1: wrong",
        "cannot listen on 127.0.0.1:1: in use",
    ]


def test_the_broker_says_who_is_there_what_waits_and_what_was_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    say(monkeypatch, engine_status(broker=broker_status()))
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "no data flow runs",
        "broker on 18883: 2 of 3 sessions connected, 5 messages wait (50 bytes), 6 retained",
        "broker, dropped: queue 7",
        "broker, connections refused: 0x87 not authorized 1",
        "broker, queue of 'slow-client': 4 messages, not connected",
    ]


def test_json_is_the_whole_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    say(monkeypatch, engine_status(flow_status()))
    assert main(["status", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["flows"][0]["source"]["state"] == "subscribed"


def test_nothing_running_is_said_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data-dir", str(tmp_path)]) == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err == (
        f"error: no engine answers in {tmp_path}\n"
        "  hint: start one with `tidegate run PATH...`, or name its data directory with --data-dir\n"
    )
