"""`templates/lambda_functions.py`."""

import pytest
from tests.templates.expressions import check_examples, value

from tidegate.templates.lambda_functions import LAMBDA_ROWS
from tidegate.templates.template_error import TemplateError


def test_every_example_is_true() -> None:
    check_examples(LAMBDA_ROWS)


@pytest.mark.parametrize(
    "expression",
    [
        "map(createArray(1), 2)",
        "map(createArray(1), lambda(1))",
        "map(1, lambda('x', 1))",
        "filter(createArray(1), lambda('x', 1))",
        "sort(createArray(1, 2), lambda('a', true()))",
        "toObject(createArray(1), lambda('x', lambdaVariables('x')))",
        "reduce(createArray(1), 0, lambda('x', 1))",
        "lambda('x', 1)",
        "map(createArray(1), lambda(2, 1))",
        "lambdaVariables('x')",
        "lambda()",
    ],
)
def test_what_it_does_not_take_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


def test_equal_items_stay_in_their_order() -> None:
    by_first = "lambda('a', 'b', less(first(lambdaVariables('a')), first(lambdaVariables('b'))))"
    assert value(f"sort(createArray('b1', 'a1', 'b2', 'a2'), {by_first})") == ["a1", "a2", "b1", "b2"]
