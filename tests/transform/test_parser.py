"""What does not parse, and where it says so."""

import pytest

from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.parser import DEPTH_MAX, parse_expression


@pytest.mark.parametrize(
    ("text", "message", "at", "hint"),
    [
        ("", "the expression is empty", (0, 1), "write a value, such as `$1`"),
        ("1 <", "the expression ends too early", (2, 1), "write a value after `<`"),
        ("1 2", "`2` has no place here", (2, 1), "an operator is missing before it"),
        ("1)", "`)` has no place here", (1, 1), "remove it, or add the bracket that it closes"),
        ("1, 2", "`,` has no place here", (1, 1), "a tuple stands in brackets: `(1, 2)`"),
        ("(1, 2", "the bracket is not closed", (0, 1), "add `)`"),
        ("(1 2)", "`2` has no place here", (3, 1), "write a comma between values, an operator, or `)`"),
        ("* 2", "`*` has no place here", (0, 1), "a value is missing before it"),
        ("1 ! 2", "`!` has no place here", (2, 1), "an operator is missing before it"),
        ("$1 and $2", "`and` has no place here", (3, 3), "write `&&`"),
        ("not $1", "`not` is no value", (0, 3), "write `!`"),
        ("$1 == null", "`null` is no value", (6, 4), "what is missing or null is `()`"),
        ("$3", "the input $3 does not exist; there are 2", (0, 2), "`$1` is the first of `inputs`"),
        ("$0", "the input $0 does not exist; there are 2", (0, 2), "`$1` is the first of `inputs`"),
        (
            "temperature",
            "`temperature` is no value",
            (0, 11),
            'a text stands in quotes: `"temperature"`; a field is listed in `inputs` and written `$1`',
        ),
        ("cToF", "`cToF` is no value", (0, 4), "a function is called with brackets: `cToF(...)`"),
        ("cTof($1)", "there is no function `cTof`", (0, 4), "did you mean `cToF`?"),
        ("cos($1)", "there is no function `cos`", (0, 3), "did you mean `math::cos`?"),
        (
            "average($1)",
            "there is no function `average`",
            (0, 7),
            "it works on windows of a data flow graph; a data flow sees one message at a time",
        ),
        ("xyzzy($1)", "there is no function `xyzzy`", (0, 5), "the reference of expressions lists all functions"),
        ("1 + cToF($1, 2)", "cToF takes 1 argument, and has 2", (4, 11), "it is `cToF(value)`"),
        (
            "str::substring($1)",
            "str::substring takes 2 or 3 arguments, and has 1",
            (0, 18),
            "it is `str::substring(text, start, [end])`",
        ),
        ("min()", "min takes 1 or more arguments, and has 0", (0, 5), "it is `min(value, ...)`"),
        (
            "9223372036854775808",
            "the integer 9223372036854775808 is outside of 64 bits",
            (0, 19),
            "write it with a point to have a float",
        ),
    ],
)
def test_what_does_not_parse(text: str, message: str, at: tuple[int, int], hint: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_expression(text, 2)
    error = caught.value
    assert (error.message, (error.offset, error.length), error.hint) == (message, at, hint)


def test_words_for_few_inputs() -> None:
    for inputs, words in ((1, "there is one"), (0, "there is none")):
        with pytest.raises(DeclarationError, match=words):
            parse_expression("$2", inputs)


@pytest.mark.parametrize("text", ["(" * 5_000, "-" * 5_000 + "1", "!" * 5_000 + "true", "abs(" * 1_500, "2^(" * 2_000])
def test_promise_16_nesting_is_bounded(text: str) -> None:
    with pytest.raises(DeclarationError, match=f"nests deeper than {DEPTH_MAX} levels"):
        parse_expression(text, 0)


def test_a_long_chain_is_no_nest() -> None:
    assert parse_expression("+".join(["1"] * 4_000), 0)
