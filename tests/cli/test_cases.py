"""Every golden case of the command line prints exactly what it should."""

import os
from pathlib import Path

import pytest
from tests.cli.cases import CASES, TYPED, read_case
from tests.cli.stores import Shell

PATHS = sorted(CASES.glob("*.case"))


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_case(path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    case = read_case(path)
    transcript = case.typed(shell, monkeypatch)
    if os.environ.get("TIDEGATE_WRITE_CASES"):
        path.write_text(case.given + TYPED + transcript, encoding="utf-8")
    else:
        assert transcript == case.transcript


def test_there_are_cases() -> None:
    assert len(PATHS) >= 50
