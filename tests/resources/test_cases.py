"""Every golden case says exactly what it should."""

import re
from pathlib import Path

import pytest
from tests.resources.cases import CASES, read_case

LANGUAGE = {"expression", "path", "wildcard", "map-rule", "topic-template", "dataset", "schema"}
"""The codes of what is found in expressions, paths, rules, templates, data sets and schemas."""


@pytest.mark.parametrize("path", sorted(CASES.glob("*.case")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read_case(path)
    assert case.found() == case.expected


def test_what_is_wrong_in_the_language_has_a_caret_and_a_hint() -> None:
    found = []
    for path in sorted(CASES.glob("*.case")):
        for finding in read_case(path).expected.split("\n\n"):
            code = re.match(r"error\[([\w-]+)\]", finding)
            if code is not None and code[1] in LANGUAGE:
                assert re.search(r"^ +\| +\^+$", finding, re.MULTILINE), path.name
                assert re.search(r"^  hint: ", finding, re.MULTILINE), path.name
                found.append(code[1])
    assert len(found) >= 60 and set(found) == LANGUAGE


def test_there_are_cases() -> None:
    assert len(list(CASES.glob("*.case"))) > 50
