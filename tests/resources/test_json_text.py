"""`resources/json_text.py`."""

import json

import pytest

from tidegate.resources.json_text import without_comments, write_json
from tidegate.resources.source_map import SourceText
from tidegate.resources.yaml_text import read_documents


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('{"a": 1} // one', '{"a": 1}       '),
        ('{"a": "https://x/*y*/"}', '{"a": "https://x/*y*/"}'),
        ('{/* a\nb */"a": "\\"//"}', '{    \n    "a": "\\"//"}'),
        ('{"a": 1 /* open', '{"a": 1 /* open'),
        ("// all\n", "      \n"),
        ("", ""),
    ],
)
def test_comments_become_blanks(text: str, plain: str) -> None:
    assert without_comments(text) == plain
    assert len(plain) == len(text)


def test_what_is_written_is_read_by_both() -> None:
    value = {"a": "\x7f\x85\u2028\ufeff\uffff\U0001f600ü\n"}
    text = write_json(value)
    assert text.isprintable() is False
    assert "ü" in text
    assert json.loads(text) == value
    documents, found, _ = read_documents(SourceText("x", text))
    assert found == []
    assert documents[0].plain() == value
