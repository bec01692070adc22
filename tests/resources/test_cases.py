"""Every golden case says exactly what it should."""

from pathlib import Path

import pytest
from tests.resources.cases import CASES, read_case


@pytest.mark.parametrize("path", sorted(CASES.glob("*.case")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read_case(path)
    assert case.found() == case.expected


def test_there_are_cases() -> None:
    assert len(list(CASES.glob("*.case"))) > 50
