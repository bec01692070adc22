"""Places in texts."""

import pytest

from tidegate.diagnostics import Span
from tidegate.resources.base import ResourceKey
from tidegate.resources.source_map import FieldPath, Place, SourceMap, SourceText, path_text
from tidegate.resources.yaml_text import read_documents

TEXT = """metadata:
  name: line
spec:
  empty:
  list: [1, [2]]
  items:
    - key: a
      other: b
  single: 'it''s here'
  double: "\\u00e9\\x41\\tb"
  literal: |
    first
      second
  folded: >
    one
    two
  plain: two
    lines
"""


def place(text: str = TEXT) -> Place:
    source = SourceText("x.yaml", text)
    documents, diagnostics, _ = read_documents(source)
    assert not diagnostics
    return Place(source, documents[0])


def marked(span: Span | None, text: str = TEXT) -> str:
    """Return the characters that a span underlines."""
    assert span is not None
    return text.split("\n")[span.line - 1][span.column - 1 : span.column - 1 + span.length]


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        (("metadata", "name"), "line", "name"),
        (("spec",), "spec", "spec"),
        (("spec", "empty"), "empty", "empty"),
        (("spec", "list"), "list", "list"),
        (("spec", "list", 0), "1", "1"),
        (("spec", "list", 1), "[", "["),
        (("spec", "items", 0), "key", "key"),
        (("spec", "items", 0, "other"), "b", "other"),
        (("spec", "items", 1), "items", "items"),
        (("spec", "nothing", "below"), "spec", "spec"),
        ((), "metadata", "metadata"),
        (("spec", "plain"), "two", "plain"),
    ],
)
def test_spans(path: FieldPath, value: str, name: str) -> None:
    assert marked(place().span(path)) == value
    assert marked(place().key_span(path)) == name


@pytest.mark.parametrize(
    ("field", "characters", "shown"),
    [
        ("single", "it", "it"),
        ("single", "here", "here"),
        ("double", "b", "b"),
        ("double", "A\t", "\\x41\\t"),
        ("literal", "first", "first"),
        ("literal", "second", "second"),
        ("folded", "two", ">"),
        ("plain", "lines", "two"),
    ],
)
def test_characters_within_a_text(field: str, characters: str, shown: str) -> None:
    node = place().find(("spec", field))
    assert node is not None
    offset = str(node.value).index(characters)
    assert marked(place().span_within(("spec", field), offset, len(characters))) == shown


def test_characters_beyond_a_text_are_the_whole_text() -> None:
    assert marked(place().span_within(("metadata", "name"), 9, 1)) == "line"
    assert marked(place().span_within(("spec", "empty"), 0, 1)) == "empty"


def test_a_literal_block_with_an_indentation_indicator() -> None:
    text = "a: |2-\n    x\n   y\n"
    assert marked(place(text).span_within(("a",), 5, 1), text) == "y"


def test_what_nobody_wrote_has_no_place() -> None:
    key = ResourceKey("Dataflow", "uplink")
    empty = SourceMap()
    assert (empty.span(key, ()), empty.key_span(key, ()), empty.span_within(key, (), 0, 1)) == (None, None, None)
    full = SourceMap({key: place()})
    assert full.span(key, ("metadata", "name")) == Span("x.yaml", 2, 9, 4)


def test_path_text() -> None:
    assert path_text(()) == ""
    assert path_text(("spec", "operations", 0, "name")) == "spec.operations[0].name"
    assert path_text(("data", "a.crt")) == 'data["a.crt"]'


def test_the_field_at_a_place_undoes_the_place_of_a_field() -> None:
    text = "a: plain text\nb:\n  - 'it''s'\n  - {c: \"tab\\there\", d: 7}\ne: |\n  two\n  lines\n"
    here = place(text)
    paths: list[FieldPath] = [("a",), ("b", 0), ("b", 1, "c"), ("b", 1, "d"), ("e",)]
    for path in paths:
        assert here.field_at(here.span(path)) == (path, "value")
        node = here.find(path)
        value = str(node.value) if node is not None else ""
        for offset, character in enumerate(value[1:-1], 1):
            if character != "\n":
                assert here.field_at(here.span_within(path, offset, 1)) == (path, offset)
    names: list[FieldPath] = [("a",), ("b",), ("b", 1, "c"), ("e",)]
    for path in names:
        assert here.field_at(here.key_span(path)) == (path, "name")
    assert here.source.offset(here.source.span(20, 22)) == 20
    assert here.field_at(here.source.span(len(text), len(text))) is None
