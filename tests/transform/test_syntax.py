"""Trees are written so that they parse again."""

import pytest

from tidegate.transform.parser import parse_expression
from tidegate.transform.syntax import write


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1+2*3", "(1 + (2 * 3))"),
        ("-$1 * 2", "((-$1) * 2)"),
        ("-2^2", "(-(2 ^ 2))"),
        ("!$1 && $2 || true", "(((!$1) && $2) || true)"),
        ("1 < 2 == 3 > 2", "((1 < 2) == (3 > 2))"),
        ("2^3^2", "((2 ^ 3) ^ 2)"),
        ("if($1 == (), -1, (1, 2))", "if(($1 == ()), (-1), (1, 2))"),
        ('"a\\"\\n"', '"a\\"\\n"'),
        ("abs(-1)", "math::abs((-1))"),
        ("-9223372036854775808", "(-9223372036854775808)"),
    ],
)
def test_brackets_show_what_binds(text: str, written: str) -> None:
    tree = parse_expression(text, 2)
    assert write(tree) == written
    assert parse_expression(written, 2) == tree
