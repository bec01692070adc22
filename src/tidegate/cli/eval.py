"""`tidegate eval`: the value of an expression, before it is used in a data flow.

Knows how inputs are given and a value is printed. The language is that of filter and map rules (`transform`).
"""

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from tidegate.cli.output import Json, NotUnderstood, Outcome, render_diagnostics

if TYPE_CHECKING:
    from tidegate.transform.values import Value

__all__ = ["EXAMPLES", "arguments", "evaluate"]

EXAMPLES = (
    ("Compute with two inputs.", """tidegate eval '$1 * 1.8 + 32' --input '{"$1": 21}'"""),
    ("Try a condition on a text.", """tidegate eval '$1 == "oven" && $2 > 20' --input '{"$1": "oven", "$2": 25}'"""),
    ("See what a missing input does.", "tidegate eval 'if($1 == (), 0, $1)'"),
)

_NAME = re.compile(r"\$[1-9][0-9]{0,2}")


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional("expression", metavar="EXPRESSION", help="Expression, as in filter and map rules.")
    context.argument(
        "input",
        options_list=["--input", "-i"],
        metavar="JSON",
        help="""Values of the inputs, such as '{"$1": 21, "$2": "x"}'; one that is not given is (), which is missing.""",
    )


def evaluate(expression: str, input: str = "{}") -> Outcome:
    """Return the value of an expression, as JSON on one line; `()` is null."""
    from tidegate.transform.declaration_error import DeclarationError
    from tidegate.transform.output import to_json
    from tidegate.transform.paths import MISSING
    from tidegate.transform.rule import INPUTS_MAX, compile_expression
    from tidegate.transform.values import EvaluationError

    values = _values(input, INPUTS_MAX)
    try:
        compiled = compile_expression(expression, INPUTS_MAX)
    except DeclarationError as error:
        return _refusal(expression, "expression", error.message, error.hint, error.offset, error.length)
    try:
        value = to_json(compiled(values))
    except EvaluationError as error:
        hint = "a data flow drops such a message, and counts it as a processing error"
        return _refusal(expression, "no-value", error.detail, hint, *(error.place or (0, len(expression))))
    if value is MISSING:
        # knack prints nothing for None.
        print("null")
        return Outcome(None, "")
    data: Json = value
    return Outcome(data, f"{json.dumps(data, ensure_ascii=False)}\n")


def _values(text: str, inputs_max: int) -> "list[Value]":
    """Read the inputs; raises `NotUnderstood`."""
    from tidegate.transform.values import EvaluationError, from_json
    from tidegate.transform.view import payload_of

    form = """write `--input '{"$1": 21, "$2": "x"}'`"""
    try:
        given = payload_of(text.encode(errors="surrogateescape"))
    except EvaluationError as error:
        reason = error.detail.replace("the payload is ", "").replace(", and rules read fields", "")
        raise NotUnderstood(f"--input is {reason}", form) from None
    values: list[Value] = [None] * inputs_max
    for name, value in given.items():
        if _NAME.fullmatch(name) is None or int(name[1:]) > inputs_max:
            raise NotUnderstood(f"--input names {name!r}; inputs are $1 to ${inputs_max}", form)
        try:
            values[int(name[1:]) - 1] = from_json(value)
        except EvaluationError as error:
            raise NotUnderstood(f"the input {name} has no value: {error.detail}") from None
    return values


def _refusal(expression: str, code: str, message: str, hint: str | None, offset: int, length: int) -> Outcome:
    from tidegate.diagnostics import Diagnostic, Span

    span = Span("expression", *_place(expression, offset), length)
    found = Diagnostic("error", code, message, span=span, hint=hint)
    print(render_diagnostics([found], {"expression": expression}, stream=sys.stderr), end="", file=sys.stderr)
    return Outcome(None, "", 1)


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
