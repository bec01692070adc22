"""`tidegate plan` beside an engine that runs: what it says before an edit is what the engine then does."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import Declared, dataflow, endpoint, listener, remove, write
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World

from tidegate.cli import main

pytestmark = pytest.mark.integration


def planned(
    engine: Engine, capsys: pytest.CaptureFixture[str], path: Path | None = None, code: int = 1
) -> dict[str, Any]:
    """Return what the verb says; its exit code with `--exit-code` is `code`."""
    paths = [] if path is None else [str(path)]
    assert main(["plan", *paths, "--data-dir", str(engine.data_dir), "--exit-code", "-o", "json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["engineRuns"] is True
    return found


def actions(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["action"] for each in found["flows"]}


def test_what_is_planned_is_what_happens(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here, there = world.mosquitto("here"), world.mosquitto("there")
    default, cloud = endpoint("default", here.port), endpoint("cloud", there.port)
    running: list[Declared] = [
        default,
        cloud,
        dataflow("kept"),
        dataflow("edited", filters=["a/#"]),
        dataflow("gone", filters=["b/#"]),
        dataflow("rested", filters=["c/#"]),
    ]
    # Options of the process are no difference.
    engine = world.engine(*running, options=["--stall-seconds", "7", "--on-rejected", "drop"])
    engine.start("kept", "edited", "gone", "rested")
    assert planned(engine, capsys, code=0)["summary"] == "nothing changes"
    assert (
        main(
            ["route", "plant/x", "--data-dir", str(engine.data_dir), "--query", "[?verdict=='takes'].flow", "-o", "tsv"]
        )
        == 0
    )
    assert capsys.readouterr().out == "kept\n"
    assert main(["check", "--data-dir", str(engine.data_dir), "--query", "[?status=='error'].name", "-o", "tsv"]) == 0

    edited = [
        default,
        cloud,
        dataflow("kept"),
        dataflow("edited", filters=["a/#", "d/#"]),
        dataflow("rested", filters=["c/#"], mode="Disabled"),
        dataflow("fresh", filters=["e/#"]),
    ]
    write(tmp_path / "edited", *edited)
    found = planned(engine, capsys, tmp_path / "edited")
    assert actions(found) == {
        "kept": "keep",
        "edited": "reconnect",
        "gone": "stop",
        "rested": "disable",
        "fresh": "start",
    }
    assert found["summary"] == (
        "starts 1 data flow, reconnects 1 data flow, switches off 1 data flow, ends 1 data flow; 1 data flow not touched"
    )
    since = {name: engine.flow(name)["source"]["since"] for name in ("kept", "edited")}
    remove(engine.manifests, running[4])
    write(engine.manifests, *edited)
    until(lambda: engine.flow("fresh") and not engine.flow("gone") and not engine.flow("rested"), "the edit")
    engine.wait_connected("kept", "edited", "fresh")
    assert engine.flow("kept")["source"]["since"] == since["kept"]
    assert engine.flow("edited")["source"]["since"] != since["edited"]
    assert planned(engine, capsys, code=0)["summary"] == "nothing changes"
    assert (
        main(
            ["route", "plant/x", "--data-dir", str(engine.data_dir), "--query", "[?verdict=='takes'].flow", "-o", "tsv"]
        )
        == 0
    )
    assert capsys.readouterr().out == "kept\n"
    assert main(["check", "--data-dir", str(engine.data_dir), "--query", "[?status=='error'].name", "-o", "tsv"]) == 0


def test_the_embedded_broker_is_part_of_it(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage = dataflow("stage", destination="default", topic="made/${inputTopic}")
    engine = world.engine(stage)
    engine.start("stage")
    write(tmp_path / "edited", stage, listener({"port": 11999}, name="plain"))
    found = planned(engine, capsys, tmp_path / "edited")
    assert found["broker"] == ["port 11999 of the broker opens"]
    assert actions(found) == {"stage": "keep"}


def test_an_edit_that_cannot_run_changes_nothing(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = world.engine(dataflow("stage", destination="default", topic="made/${inputTopic}"))
    engine.start("stage")
    write(tmp_path / "edited", dataflow("stage", destination="nowhere"))
    command = ["plan", str(tmp_path / "edited"), "--data-dir", str(engine.data_dir), "--exit-code"]
    assert main(command) == 2
    assert "what runs would go on unchanged" in capsys.readouterr().err
