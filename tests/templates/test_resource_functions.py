"""`templates/resource_functions.py`."""

import pytest
from tests.templates.expressions import check_examples, value

from tidegate.templates.resource_functions import RESOURCE_ROWS
from tidegate.templates.template_error import TemplateError


def test_every_example_is_true() -> None:
    check_examples(RESOURCE_ROWS)


@pytest.mark.parametrize(
    "expression",
    [
        "parameters('nope')",
        "variables('nope')",
        "reference('nope')",
        "reference('endpoint', '2025-10-01', 'Half')",
        "reference('/subscriptions/s/resourceGroups/g/providers/Microsoft.A/b/c')",
        "copyIndex('nope')",
        "resourceId('a/b')",
        "resourceId('Microsoft.A/', 'b')",
        "subscriptionResourceId('s')",
    ],
)
def test_what_is_not_there_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


def test_the_time_is_that_of_the_environment() -> None:
    assert value("utcNow()") == "19700101T000000Z"
