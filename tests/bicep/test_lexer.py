"""`bicep/lexer.py`."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.lexer import TEXT_CHARACTERS_MAX, tokenize


def kinds(text: str) -> list[str]:
    return [token.kind for token in tokenize(text)]


def test_strings_with_places() -> None:
    assert kinds("'a${b}c${'d${e}'}f'") == ["left", "name", "middle", "left", "name", "right", "right", "end"]
    assert kinds("'${{ a: 1 }}'") == ["left", "mark", "name", "mark", "int", "mark", "right", "end"]


def test_comments_and_directives_are_left_out() -> None:
    assert kinds("a // b\n/* c\n */ d\n#disable-next-line x\n") == [
        "name",
        "newline",
        "name",
        "newline",
        "newline",
        "end",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a'", "a"),
        (r"'\'\\\n\t\r\$\u{41}'", "'\\\n\t\r$A"),
        ("'''\n a'b\n'''", " a'b\n"),
        ("'''a''''", "a'"),
        ("'$a'", "$a"),
    ],
)
def test_texts(text: str, value: str) -> None:
    assert tokenize(text)[0].value == value


@pytest.mark.parametrize(
    "text",
    [
        "'a",
        "'a\n'",
        "'''a",
        "'${a",
        "'${'",
        "/* a",
        '"',
        r"'\x'",
        r"'\u{110000}'",
        r"'\u{d800}'",
        "1.5",
        "1a",
        "9" * 20,
        "^",
        "'\\",
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BicepError):
        tokenize(text)


def test_limits() -> None:
    with pytest.raises(BicepError):
        tokenize("a" * (TEXT_CHARACTERS_MAX + 1))
    with pytest.raises(BicepError):
        tokenize("'${" * 40)


@given(st.text(max_size=40))
def test_tokens_follow_each_other_in_the_text(text: str) -> None:
    try:
        tokens = tokenize(text)
    except BicepError as error:
        assert error.start < error.end
        return
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert all(before.end <= after.start for before, after in pairwise(tokens))
