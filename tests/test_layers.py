"""The contracts of `[tool.importlinter]` in pyproject.toml: who may import whom."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_the_contracts_are_kept(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1", "COLUMNS": "120"}
    linted = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    if linted.returncode != 0:
        pytest.fail(linted.stdout + linted.stderr, pytrace=False)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in linted.stdout


def test_every_package_has_its_layer() -> None:
    """A new package must be placed: without a layer nothing would hold it."""
    layers = " ".join(next(contract for contract in CONTRACTS if contract["type"] == "layers")["layers"])
    package = ROOT / "src" / "tidegate"
    names = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    unplaced = {name for name in names if f"tidegate.{name}" not in layers.replace("(", " ").replace(")", " ").split()}
    assert unplaced == {"__init__"}
