"""`templates/number_functions.py`."""

import pytest
from tests.templates.expressions import check_examples, value

from tidegate.templates.number_functions import LOGIC_ROWS, NUMBER_ROWS
from tidegate.templates.template_error import TemplateError


def test_every_example_is_true() -> None:
    check_examples(NUMBER_ROWS)
    check_examples(LOGIC_ROWS)


@pytest.mark.parametrize(
    "expression",
    [
        "add(9223372036854775807, 1)",
        "div(1, 0)",
        "mod(1, 0)",
        "int('x')",
        "int(true())",
        "float('x')",
        "bool('yes')",
        "max()",
        "max(createArray())",
        "less(1, 'a')",
        "not(1)",
        "and(1, true())",
        "if(1, 2, 3)",
    ],
)
def test_what_it_does_not_take_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("div(-7, 2)", -3),
        ("mod(-7, 2)", -1),
        ("int('-5')", -5),
        ("equals(json('1.0'), 1)", True),
        ("equals(createObject('a', 1), createObject('a', 1))", True),
        ("equals(1, true())", False),
        ("bool(1)", True),
    ],
)
def test_corners(expression: str, expected: object) -> None:
    assert value(expression) == expected
