"""`templates/scope.py`."""

import pytest
from tests.templates.expressions import scope

from tidegate.templates.template_error import TemplateError


def test_the_innermost_copy_counts_and_a_name_says_another() -> None:
    inner = scope().in_copy("outer", 1).in_copy("inner", 2)
    assert inner.copy_index(None) == 2
    assert inner.copy_index("outer") == 1
    assert inner.in_copy("outer", 5).copy_index(None) == 5
    with pytest.raises(TemplateError, match="`outer`"):
        inner.copy_index("other")


def test_a_lambda_brings_names() -> None:
    assert scope().in_lambda({"x": 1}).in_lambda({"y": 2}).lambda_variable("x") == 1
    with pytest.raises(TemplateError):
        scope().lambda_variable("x")
