"""What filter and map have in common: inputs that are read, an expression over them, and words for what goes wrong.

Knows one rule's text compiled. Does not know what follows from its value.
"""

from collections.abc import Callable
from typing import Any

from tidegate.transform.evaluator import Evaluate, compile_node
from tidegate.transform.parser import parse_expression
from tidegate.transform.paths import MISSING, Reference, parse_reference
from tidegate.transform.values import EvaluationError, Value, from_json
from tidegate.transform.view import View, compile_input

__all__ = ["INPUTS_MAX", "Reader", "compile_expression", "compile_readers", "evaluate_over", "named", "references_of"]

INPUTS_MAX = 100
"""How many inputs a rule may have."""

Reader = Callable[[View], Any]  # Any: what JSON holds, or MISSING


def references_of(inputs: tuple[str, ...]) -> tuple[Reference, ...]:
    """Parse the inputs of a rule. Raises `DeclarationError`."""
    return tuple(map(parse_reference, inputs))


def compile_readers(references: tuple[Reference, ...], *, last_per_topic: bool) -> tuple[Reader, ...]:
    """Return how each input is read."""
    return tuple(compile_input(each, last_per_topic=last_per_topic) for each in references)


def compile_expression(text: str, inputs: int) -> Evaluate:
    """Return the closure of an expression. Raises `DeclarationError`."""
    return compile_node(parse_expression(text, inputs))


def evaluate_over(readers: tuple[Reader, ...], evaluate: Evaluate, *, needs_all: bool) -> Callable[[View], Value]:
    """Return the function from a view to an expression's value; with `needs_all` an input that is missing is an error."""
    if len(readers) == 1:
        (only,) = readers

        def of_one(view: View) -> Value:
            found = only(view)
            if needs_all and found is MISSING:
                raise EvaluationError("the input $1 is missing")
            return evaluate((found if type(found) is float else from_json(found),))

        return of_one

    def of_all(view: View) -> Value:
        found = [read(view) for read in readers]
        if needs_all and MISSING in found:
            raise EvaluationError(f"the input ${found.index(MISSING) + 1} is missing")
        return evaluate([from_json(each) for each in found])

    return of_all


def named(stage: str, number: int, description: str | None) -> str:
    """Name a rule for people: `map rule 2 (degrees for the line's display)`."""
    return f"{stage} rule {number + 1}{f' ({description})' if description else ''}"
