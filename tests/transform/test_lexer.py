"""Tokens of expressions."""

import pytest

from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.lexer import EXPRESSION_CHARACTERS_MAX as MOST
from tidegate.transform.lexer import tokenize


def test_all_kinds() -> None:
    tokens = tokenize("math::abs($12) >= 0x1f /* why */ && 'a\\'b' != .35 // the end")
    assert [(token.kind, token.text) for token in tokens] == [
        ("name", "math::abs"),
        ("open", "("),
        ("variable", "$12"),
        ("close", ")"),
        ("operator", ">="),
        ("int", "0x1f"),
        ("operator", "&&"),
        ("string", "'a\\'b'"),
        ("operator", "!="),
        ("float", ".35"),
        ("end", ""),
    ]
    assert [token.value for token in tokens if token.value is not None] == [12, 31, "a'b", 0.35]
    assert tokens[-1].length == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("3.", 3.0),
        ("23e4", 230_000.0),
        ("1.5E-3", 0.0015),
        ('"\\n\\t\\r\\\\\\""', '\n\t\r\\"'),
        ('"ö"', "ö"),
    ],
)
def test_literals(text: str, value: object) -> None:
    token = tokenize(text)[0]
    assert token.value == value and type(token.value) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("1 = 2", "`=` has no meaning here", (2, 1)),
        ("a & b", "`&` has no meaning here", (2, 1)),
        ("1 => 2", "`=>` is no operator", (2, 2)),
        ("1 > 1e999", "the number 1e999 is beyond that of a float", (4, 5)),
        ('"abc', 'the text is not closed by "', (0, 4)),
        ("1 /* x", "the comment is not closed by `*/`", (2, 4)),
        ("$metadata.topic", "`$metadata.topic` is no input", (0, 15)),
        ("$", "`$` is no input", (0, 1)),
        ('"a\\d"', "\\d is no escape", (2, 2)),
        ("9223372036854775809", "the integer 9223372036854775809 is outside of 64 bits", (0, 19)),
        ("1" * 5_000, f"the integer {'1' * 40} is outside of 64 bits", (0, 5_000)),
        ("a[1]", "`[` has no meaning here", (1, 1)),
        (" " * (MOST + 1), f"the expression has {MOST + 1} characters; allowed are {MOST}", (0, MOST + 1)),
    ],
)
def test_what_is_no_token(text: str, message: str, at: tuple[int, int]) -> None:
    with pytest.raises(DeclarationError) as caught:
        tokenize(text)
    assert (caught.value.message, (caught.value.offset, caught.value.length)) == (message, at)
