"""Characters and regular expressions."""

import time

import pytest

from tidegate.transform.texts import PATTERN_CHARACTERS_MAX, regex_matches, regex_replace, substring, text
from tidegate.transform.values import EvaluationError


def test_substrings_count_characters() -> None:
    assert (substring("größe", 2, 4), substring("abc", 1), substring("abc", 3)) == ("öß", "bc", "")
    for start, end in ((2, 1), (-1, 2), (0, 4), (0.0, 1)):
        with pytest.raises(EvaluationError):
            substring("abc", start, end)
    with pytest.raises(EvaluationError):
        text(1)


@pytest.mark.parametrize(
    ("value", "pattern", "replacement", "result"),
    [
        ("oven-12", r"(\w+)-(\d+)", "$2/$1", "12/oven"),
        ("oven-12", r"(?P<kind>\w+)-\d+", "${kind}$$", "oven$"),
        ("abab", "a", r"\1", r"\1b\1b"),
        ("abc", "x", "y", "abc"),
        ("a1", r"(\d)", "${1}0", "a10"),
    ],
)
def test_replacements(value: str, pattern: str, replacement: str, result: str) -> None:
    assert regex_replace(value, pattern, replacement) == result


def test_matches_are_anywhere() -> None:
    assert regex_matches("an oven", "oven") and not regex_matches("an oven", "^oven")


@pytest.mark.parametrize(
    ("pattern", "replacement", "detail"),
    [
        ("(", "", "is no regular expression"),
        ("a" * (PATTERN_CHARACTERS_MAX + 1), "", "allowed are"),
        ("(a)", "$2", "names the group"),
        ("a", "${name}", "names the group"),
        ("((a{100}){100}){100}", "", "is no regular expression"),
    ],
)
def test_refusals(pattern: str, replacement: str, detail: str) -> None:
    with pytest.raises(EvaluationError, match=detail):
        regex_replace("a", pattern, replacement)


def test_promises_16_and_17_a_hostile_pattern_takes_linear_time() -> None:
    # A backtracking engine needs 2**60000 steps here; the bound only tells the two apart.
    began = time.process_time()
    assert not regex_matches("a" * 60_000, "^(a+)+$b")
    assert time.process_time() - began < 20
