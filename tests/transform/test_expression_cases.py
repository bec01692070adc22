"""Every golden case of an expression comes to exactly what it should."""

from pathlib import Path

import pytest
from tests.transform.cases import EXPRESSIONS, evaluated


@pytest.mark.parametrize("path", sorted(EXPRESSIONS.glob("*.case")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    found, expected = evaluated(path)
    assert found == expected
