"""`templates/evaluator.py`; most of what it does is in the golden cases."""

import pytest
from tests.templates.expressions import scope, value

from tidegate.templates.evaluator import evaluate, evaluate_text
from tidegate.templates.expression_syntax import Literal
from tidegate.templates.template_error import TemplateError


def test_the_characters_that_are_meant_are_told() -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate_text("[concat('a', toLower(1))]", scope())
    assert (caught.value.offset, caught.value.length) == (13, len("toLower(1)"))


def test_a_literal_is_its_value() -> None:
    assert evaluate(Literal("a"), scope()) == "a"


@pytest.mark.parametrize(
    "expression", ["createArray(1).a", "null().a", "createObject('a', 1)[0]", "createArray(1)[true()]"]
)
def test_what_has_no_such_item_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


def test_upper_and_lower_case_of_properties_do_not_matter() -> None:
    assert value("createObject('Host', 1).host") == 1
