"""`templates/text_functions.py`."""

import pytest
from tests.templates.expressions import check_examples, value

from tidegate.templates.template_error import TemplateError
from tidegate.templates.text_functions import TEXT_ROWS


def test_every_example_is_true() -> None:
    check_examples(TEXT_ROWS)


@pytest.mark.parametrize(
    "expression",
    [
        "base64ToString('%')",
        "base64ToJson(base64('{'))",
        "dataUriToString('a')",
        "json('{')",
        "json('NaN')",
        "replace('a', '', 'b')",
        "split('a', '')",
        "substring('abc', 2, 3)",
        "substring('abc', -1)",
        "padLeft('a', 3, '')",
        "padLeft(true(), 3)",
        "toLower(1)",
        "join('a', 'b')",
        "uniqueString(1)",
    ],
)
def test_what_it_does_not_take_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("split('a/b-c', createArray('/', '-'))", ["a", "b", "c"]),
        ("substring('abc', 3)", ""),
        ("string(null())", ""),
        ("join(createArray(1, true()), '-')", "1-True"),
        ("dataUriToString('data:text/plain,a%20b')", "a b"),
        ("json('123456789012345678901234567890')", 1.2345678901234568e29),
    ],
)
def test_corners(expression: str, expected: object) -> None:
    assert value(expression) == expected
