"""The YAML reader: JSON types, and bounded work. Messages are in tests/cases/manifests."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.resources.source_map import SourceText
from tidegate.resources.yaml_text import DEPTH_MAX, NODES_MAX, read_documents

SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e9, 1e9) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


def values(text: str) -> list[object]:
    documents, diagnostics, is_whole = read_documents(SourceText("x.yaml", text))
    assert is_whole
    assert not diagnostics
    return [document.plain() for document in documents]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("true", True), ("False", False), ("12", 12), ("-3", -3), ("1.5", 1.5), ("1e3", 1000.0),
        (".5", 0.5), ("'12'", "12"), ('"true"', "true"), ("!!str 12", "12"), ("! 12", "12"), ("y", "y"), ("12:30", "12:30"),
        ("1.2.3.4:80", "1.2.3.4:80"), ("$share/a", "$share/a"), ("!!int 5", 5), ("-", "-"), ("1-2", "1-2"),
    ],
)  # fmt: skip
def test_types_are_those_of_json(text: str, value: object) -> None:
    found = values(f"a: {text}" if text != "-" else "a: '-'")
    assert found == [{"a": value}]
    assert isinstance(found[0], dict)
    assert type(found[0]["a"]) is type(value)


def test_empty_documents_are_passed_over() -> None:
    assert values("# nothing\n---\n---\na: 1\n---\n") == [{"a": 1}]
    assert values("") == []


@given(VALUES.filter(lambda value: value is not None))
def test_json_is_read_as_json(value: Any) -> None:
    def as_read(part: Any) -> Any:
        if isinstance(part, list):
            return tuple(as_read(each) for each in part)
        return {key: as_read(each) for key, each in part.items()} if isinstance(part, dict) else part

    documents, diagnostics, _ = read_documents(SourceText("x.json", json.dumps([value])))
    if any(diagnostic.code in ("yaml-merge", "syntax") for diagnostic in diagnostics):
        return  # `<<` as a field, and keys longer than YAML's 1024 characters, are more than YAML can say
    assert not diagnostics
    assert documents[0].plain() == (as_read(value),)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#\n\t ,?0%<@\\\ud800\x07", max_size=60) | st.text(max_size=60))
def test_no_text_raises_and_every_finding_has_a_place_in_it(text: str) -> None:
    documents, diagnostics, is_whole = read_documents(SourceText("x.yaml", text))
    assert is_whole or diagnostics
    for document in documents:
        document.plain()
    lines = text.split("\n")
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        assert 1 <= diagnostic.span.line <= len(lines)
        assert 1 <= diagnostic.span.column <= len(lines[diagnostic.span.line - 1]) + 1


def test_promise_16_depth_is_bounded_before_anything_is_built() -> None:
    assert values("[" * DEPTH_MAX + "]" * DEPTH_MAX) != []
    for deep in ("[" * 1_000_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000):
        _, diagnostics, is_whole = read_documents(SourceText("x.yaml", deep))
        assert not is_whole
        assert [diagnostic.code for diagnostic in diagnostics] in (["too-deep"], ["yaml-key"])


def test_promise_16_aliases_count_with_all_they_repeat() -> None:
    wide = "a: &a [" + "x, " * (NODES_MAX // 2) + "]\n"
    assert read_documents(SourceText("x.yaml", wide))[2]
    _, diagnostics, is_whole = read_documents(SourceText("x.yaml", wide + "b: *a\n"))
    assert not is_whole
    assert diagnostics[0].code == "too-many-values"


def test_anchors_end_with_their_document() -> None:
    _, diagnostics, _ = read_documents(SourceText("x.yaml", "a: &a 1\n---\nb: *a\n"))
    assert diagnostics[0].message == "the alias `*a` has no anchor before it"
