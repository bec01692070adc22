"""The composition root, as whole processes without brokers; what needs brokers is in `tests/integration`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.engine.manifests import PROFILE, write_flow
from tidegate.engine.control import EngineNotRunning, ask

SOURCES = Path(__file__).parents[1] / "src"
COMMAND = [sys.executable, "-c", "import sys; from tidegate.cli import main; sys.exit(main())"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Callable[[], Any]":
    """Give a function that runs an engine on `tmp_path` until the block ends."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))

    @contextmanager
    def running() -> "Iterator[subprocess.Popen[bytes]]":
        command = [
            *COMMAND,
            "run",
            str(tmp_path),
            "--data-dir",
            str(tmp_path / "data"),
            "--http",
            "off",
            "--api",
            "off",
        ]
        with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
            try:
                yield process
            finally:
                process.kill()

    return running


def status(directory: Path) -> dict[str, Any]:
    """Ask until an engine answers."""
    deadline = monotonic() + 20
    while True:
        try:
            answer: Any = ask(directory, "status")
        except EngineNotRunning:
            assert monotonic() < deadline, (directory.parent / "log").read_text()
        else:
            return dict(answer)


def children(process_id: int) -> list[int]:
    """Return the ids of the children of a process."""
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(child) for child in text.split()]


def is_gone(process_id: int) -> bool:
    """Tell whether a process has ended, reaped or not."""
    try:
        text = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"


def test_an_engine_shows_its_flows_and_ends_politely(tmp_path: Path, run: Any) -> None:
    write_flow(tmp_path)
    with run() as process:
        shown = status(tmp_path / "data")
        assert [flow["name"] for flow in shown["flows"]] == ["bridge"]
        assert shown["process_id"] == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert not (tmp_path / "data" / "control.sock").exists()


def test_workers_end_within_a_second_of_their_killed_engine(tmp_path: Path, run: Any) -> None:
    write_flow(tmp_path)
    (tmp_path / "profile.yaml").write_text(PROFILE.format(instances=2, level="info", port=0))
    with run() as process:
        while any(flow["message"] == "the worker process starts" for flow in status(tmp_path / "data")["flows"]):
            pass
        workers = children(process.pid)
        assert len(workers) == 2
        os.kill(process.pid, signal.SIGKILL)
        deadline = monotonic() + 1
        while not all(map(is_gone, workers)):
            assert monotonic() < deadline
