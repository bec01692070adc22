"""`bicep/cursor.py`."""

import pytest

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.cursor import DEPTH_MAX, Cursor
from tidegate.bicep.lexer import tokenize


def test_line_breaks_count_or_not() -> None:
    cursor = Cursor(tokenize("a\n\nb c"))
    cursor.take()
    assert cursor.token.kind == "newline"
    assert cursor.next_behind_lines().text == "b"
    with cursor.lines(count=False):
        assert cursor.token.text == "b"
        assert cursor.ahead().text == "c"


def test_what_is_missing_is_missing_behind_what_was_written() -> None:
    cursor = Cursor(tokenize("abc\n"))
    cursor.take()
    with pytest.raises(BicepError) as caught:
        cursor.expect("=")
    assert (caught.value.start, caught.value.end) == (0, 3)
    assert "the end of the line" in caught.value.message


def test_depth_ends() -> None:
    cursor = Cursor(tokenize(""))

    def deeper(levels: int) -> None:
        with cursor.deeper():
            if levels:
                deeper(levels - 1)

    deeper(DEPTH_MAX - 1)
    with pytest.raises(BicepError):
        deeper(DEPTH_MAX)
    cursor.restart(0)
    assert cursor.take().kind == cursor.take().kind == "end"
    assert not cursor.accept("=")
    assert not cursor.is_word("a")
