"""`resources/json_text.py`."""

import pytest

from tidegate.resources.json_text import without_comments


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
