"""One rule of the map, compiled (facts 3.1).

Knows what the texts of a rule compile to, and which parts go together. Does not know other rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.evaluator import Evaluate
from tidegate.transform.output import to_json
from tidegate.transform.paths import MISSING, Path, Reference, Root, parse_output
from tidegate.transform.rule import compile_expression, compile_readers, evaluate_over, named, references_of
from tidegate.transform.spec import MapSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View

__all__ = ["MapRule", "check_shape", "compile_rules", "is_identity", "produced"]

Produce = Callable[[View], Any]  # Any: what JSON holds, or MISSING


@dataclass(frozen=True, slots=True, eq=False)
class MapRule:
    """One rule compiled. `output` None removes the inputs; `evaluate` None copies the only one.

    `produce` makes the value of a rule without wildcards, `MISSING` where nothing is to be written.
    """

    name: str
    references: tuple[Reference, ...]
    output: Path | None
    evaluate: Evaluate | None
    produce: Produce

    @property
    def has_wildcard(self) -> bool:
        """Tell whether the rule stands for many."""
        return bool(self.references) and self.references[0].path.wildcard is not None

    @property
    def moves(self) -> bool:
        """Tell whether the rule is a plain copy from one field of the payload to another."""
        return (
            self.evaluate is None
            and self.output is not None
            and self.output.root is Root.PAYLOAD
            and self.references[0].path.root is Root.PAYLOAD
        )


def compile_rules(maps: tuple[MapSpec, ...], *, last_per_topic: bool) -> tuple[MapRule, ...]:
    """Return the rules compiled, in order. Raises `DeclarationError`."""
    return tuple(_rule(number, each, last_per_topic) for number, each in enumerate(maps))


def is_identity(rule: MapRule) -> bool:
    """Tell whether a rule copies every field of the payload to its own place."""
    if len(rule.references) != 1 or rule.evaluate is not None or rule.output is None:
        return False
    path, output = rule.references[0].path, rule.output
    return path.root is Root.PAYLOAD is output.root and path.segments == output.segments == ("*",) and rule.has_wildcard


def produced(rule: MapRule, view: View) -> Any:
    """Make the value of a rule without wildcards; what goes wrong names the rule."""
    try:
        return rule.produce(view)
    except EvaluationError as error:
        raise EvaluationError(f"{rule.name}: {error.detail}") from None


def _rule(number: int, spec: MapSpec, last_per_topic: bool) -> MapRule:
    references = references_of(spec.inputs)
    output = parse_output(spec.output)
    check_shape(spec.output, spec.expression, references, output)
    evaluate = None if spec.expression is None else compile_expression(spec.expression, len(references))
    produce = _produce(references, evaluate, last_per_topic) if output is not None else _nothing
    return MapRule(named("map", number, spec.description), references, output, evaluate, produce)


def _nothing(_: View) -> Any:
    return MISSING


def _produce(references: tuple[Reference, ...], evaluate: Evaluate | None, last_per_topic: bool) -> Produce:
    if any(each.path.wildcard is not None for each in references):
        return _nothing
    readers = compile_readers(references, last_per_topic=last_per_topic)
    if evaluate is None:
        return readers[0]
    if not references:
        constant = to_json(evaluate(()))
        return lambda view: constant
    value = evaluate_over(readers, evaluate, needs_all=False)
    names = [each.path.key or "" for each in references if each.path.root is Root.CONTEXT]
    if len(names) == len(references):
        return _where_a_record_is(value, names)
    return lambda view: to_json(value(view))


def _where_a_record_is(value: Callable[[View], Any], names: list[str]) -> Produce:
    """A rule over data sets alone is passed over where none of them has a record (facts 3.10)."""

    def produce(view: View) -> Any:
        if all(view.records.get(name) is None for name in names):
            return MISSING
        return to_json(value(view))

    return produce


def check_shape(written: str, expression: str | None, references: tuple[Reference, ...], output: Path | None) -> None:
    """Refuse a rule whose parts do not go together; `written` is its output as it was declared.

    Raises:
        DeclarationError: about the output.
    """
    length = max(1, len(written))
    if output is None:
        if expression is not None:
            raise DeclarationError(
                "an empty output removes the inputs, which takes no expression",
                0,
                length,
                "remove `expression`, or name an output",
            )
        if not references:
            raise DeclarationError(
                "an empty output removes the inputs, and there are none",
                0,
                length,
                "list the fields in `inputs`, or name an output",
            )
        return
    if expression is None and len(references) != 1:
        message = f"the rule has {len(references)} inputs and no expression that makes one value of them"
        hint = "add an `expression`, or give it one input"
        if not references:
            message, hint = "the rule has no inputs and no expression", "add a field to `inputs`, or an `expression`"
        raise DeclarationError(message, 0, length, hint)
    captures = bool(references) and references[0].path.wildcard is not None
    if output.wildcard is not None and not captures:
        hint = "let the first input have a `*`, or name one field"
        raise DeclarationError(
            "the output has a `*`, and the first input has none that it could stand for", 0, length, hint
        )
    if captures and output.wildcard is None:
        hint = "let the input be one field" if output.is_metadata else "add a `*` to the output, as in `copied.*`"
        raise DeclarationError(
            "the first input has a `*`, and the output has none: all would be written to one place", 0, length, hint
        )
