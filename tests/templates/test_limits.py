"""`templates/limits.py`."""

import pytest

from tidegate.templates.limits import TEXT_CHARACTERS_MAX, Budget
from tidegate.templates.template_error import TemplateError


def test_a_budget_ends() -> None:
    budget = Budget(2)
    budget.spend(2)
    with pytest.raises(TemplateError, match="steps"):
        budget.spend(1)


@pytest.mark.parametrize("value", ["x" * (TEXT_CHARACTERS_MAX + 1), list(range(100)), {"a": list(range(100))}])
def test_what_is_too_large_is_refused(value: object) -> None:
    with pytest.raises(TemplateError):
        Budget(50).measure(value)


def test_what_nests_too_deep_is_refused() -> None:
    value: object = 1
    for _ in range(65):
        value = [value]
    with pytest.raises(TemplateError, match="deeper"):
        Budget().measure(value)
