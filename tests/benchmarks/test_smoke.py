"""The whole benchmarks, with so few messages that its figures mean nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.node_red import node_red_version
from tests.peers import require

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.integration
@pytest.mark.parametrize(("module", "row_count"), [("benchmarks", 24), ("benchmarks.brokers", 42)])
def test_the_quick_benchmark_fills_every_row(module: str, row_count: int) -> None:
    rows, output = quick(module)
    assert len(rows) == row_count
    assert all(row[1] for row in rows)
    assert "2,000 messages a pass" in output


@pytest.mark.integration
def test_the_quick_benchmark_of_transformations_has_its_peer_where_it_is_installed() -> None:
    rows, output = quick("benchmarks.transformations")
    assert [bool(row[2]) for row in rows] == [False] * 3 + [node_red_version() is not None] * 2
    assert all(row[1] for row in rows)
    assert "2,000 messages of 130 bytes a pass" in output


def quick(module: str) -> tuple[list[list[str]], str]:
    """Run a benchmark for a moment, and return the rows of its table and all of its output."""
    require("mosquitto")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")])),
    }
    command = [sys.executable, "-m", module, "--quick"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:], done.stdout
