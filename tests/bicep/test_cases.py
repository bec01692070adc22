"""Every golden case of Bicep makes, or says, exactly what it should."""

from pathlib import Path

import pytest
from tests.templates.cases import CASES, read_case

PATHS = sorted((CASES / "bicep").glob("*.case"))


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_case(path: Path) -> None:
    case = read_case(path, "main.bicep")
    assert case.found() == case.expected


def test_there_are_cases() -> None:
    assert len(PATHS) >= 80
