"""The filter: conditions that end messages (facts 3.3).

Knows what several conditions mean together. Does not know how one is evaluated (`rule`).
"""

from collections.abc import Callable
from typing import Literal

from tidegate.transform.rule import compile_expression, compile_readers, evaluate_over, named, references_of
from tidegate.transform.spec import Filtered, FilterSpec
from tidegate.transform.values import EvaluationError, Value, type_name
from tidegate.transform.view import View

__all__ = ["Condition", "compile_conditions", "compile_filter"]

Condition = Callable[[View], bool]


def compile_filter(
    filters: tuple[FilterSpec, ...], filter_true: Literal["drop", "pass"], *, last_per_topic: bool
) -> Callable[[View], Filtered | None]:
    """Return the function that says which rule ends a message, None where it goes on.

    With `drop` a message ends at the first condition that is true; with `pass` at the first that is false. The function
    raises `EvaluationError` where a condition has no value, an input is missing, or the value is no boolean.
    """
    conditions = compile_conditions(filters, last_per_topic=last_per_topic)
    ends = filter_true == "drop"

    def judge(view: View) -> Filtered | None:
        for number, condition in enumerate(conditions):
            if condition(view) is ends:
                return Filtered(number)
        return None

    return judge


def compile_conditions(filters: tuple[FilterSpec, ...], *, last_per_topic: bool) -> tuple[Condition, ...]:
    """Return each condition by itself; what it raises names the rule."""
    return tuple(_condition(number, each, last_per_topic) for number, each in enumerate(filters))


def _condition(number: int, spec: FilterSpec, last_per_topic: bool) -> Condition:
    readers = compile_readers(references_of(spec.inputs), last_per_topic=last_per_topic)
    evaluate = evaluate_over(readers, compile_expression(spec.expression, len(spec.inputs)), needs_all=True)
    name = named("filter", number, spec.description)

    def condition(view: View) -> bool:
        try:
            value: Value = evaluate(view)
        except EvaluationError as error:
            raise EvaluationError(f"{name}: {error.detail}") from None
        if value is True or value is False:
            return value
        raise EvaluationError(f"{name}: a condition is true or false, and this is of type {type_name(value)}")

    return condition
