"""Finds the tests that are named after a number of a list.

A test belongs to number 7 of the list `failure` when its name begins `test_failure_07_`; `test_failures_03_and_04_` belongs
to both.
"""

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["named_tests"]

TESTS = Path(__file__).parent.parent / "tests"


def named_tests(word: str, numbers: Iterable[int]) -> dict[int, list[str]]:
    """Return for each of the numbers the tests that name it, as `file::test` below `tests/`."""
    found: dict[int, list[str]] = {number: [] for number in numbers}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for name, named in re.findall(rf"def (test_{word}s?_(\d\d(?:_and_\d\d)*)_\w+)", text):
            for number in re.findall(r"\d\d", named):
                found[int(number)].append(f"{path.relative_to(TESTS).as_posix()}::{name}")
    return found
