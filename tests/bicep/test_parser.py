"""`bicep/parser.py`, against tree-sitter's grammar of Bicep; what is said of faulty files is in the golden cases."""

import re

import pytest
import tree_sitter
import tree_sitter_bicep
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.bicep.trees import files
from tests.templates.cases import CASES, read_case

from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import File
from tidegate.bicep.writer import write_file

THEIRS = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))

UNKNOWN_TO_THEM = re.compile(r"\.\.\.|\.\?|\[\?|(?<=[\w)\]}'])!(?!=)|//|(?<=[^\s?])\?")
"""Spreads, what may be missing, `a!`, and `//` in strings: newer than their grammar, or not told apart by it."""

EXCEPTIONS = {
    "body_of_a_resource": "we tell later, with the type, that a text is no body",
    "brace_on_next_line": "they take a line break after `=`, Bicep does not",
    "deep": "our limit of depth",
    "method_is_none": "they take any call for a method",
    "number_too_large": "they do not count digits",
    "property_twice": "they do not compare names",
    "string_bad_escape": "they take any escape",
}
"""Golden cases about which their grammar thinks otherwise, and why."""

PATHS = sorted((CASES / "bicep").glob("*.case"))


def they_accept(text: str) -> bool:
    return not THEIRS.parse(text.encode()).root_node.has_error


def test_we_accept_what_they_accept_in_the_golden_cases() -> None:
    different = set()
    for path in PATHS:
        for file, text in read_case(path, "main.bicep").files.items():
            is_ours = not parse(text).errors
            is_known = file.endswith(".bicep") and not UNKNOWN_TO_THEM.search(re.sub(r"(?m)(?:^| )//.*$", "", text))
            if is_known and is_ours != they_accept(text):
                different.add(path.stem)
    assert different == set(EXCEPTIONS)


@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(files())
def test_they_accept_what_we_write(file: File) -> None:
    text = write_file(file)
    assume(not UNKNOWN_TO_THEM.search(text))
    assert they_accept(text)


WORDS = "param var resource module output @secure() for in if existing string true targetScope using type"
MARKS = "= 'x' '${ }' { } [ ] ( ) : , . ? ! => ... :: ''' // /* | 1 - == ?? a \\ \" # é 'A/b@2024-01-01'"
PARTS = st.sampled_from([*(f"{word} " for word in WORDS.split()), *MARKS.split(), "\n", "\t"])


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.lists(PARTS, max_size=40).map("".join), st.text(max_size=40)))
def test_anything_becomes_a_tree_or_errors_inside_of_the_text(text: str) -> None:
    for error in parse(text).errors:
        assert 0 <= error.start <= len(text)
        assert error.start < error.end


@pytest.mark.parametrize("opening", ["(", "[", "{a:", "-", "!", "'${", "a[", "f(", "x =>", "1 ? ", "{a:[", "if ("])
def test_depth_is_bounded(opening: str) -> None:
    assert parse("var a = " + opening * 5_000).errors
    assert parse("param a " + "{ a: " * 5_000).errors


@pytest.mark.parametrize("step", [" + 1", ".a", "[0]", "!", "::a", " | 1"])
def test_length_is_bounded(step: str) -> None:
    head = "param a 1" if "|" in step else "var a = b"
    parse(head + step * 5_000)


def test_each_statement_has_its_own_errors() -> None:
    parsed = parse("param a\nvar b = (\nvar c = 1\noutput d = 2\nvar e = 2\n")
    assert len(parsed.errors) == 3
    assert [each.name for each in parsed.file.statements] == ["c", "e"]  # type: ignore[union-attr]
    assert parsed.broken_names == {"a", "b", "d"}
