"""Which functions Bicep has: those of templates but for operators, and a few of its own.

Knows names and counts of arguments. What they do is known in `templates`, and for those of Bicep alone in the emitter.
"""

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.syntax import Call
from tidegate.resources.findings import closest
from tidegate.templates.functions import FUNCTIONS, REFUSED, ROWS
from tidegate.transform.function import ANY_NUMBER

__all__ = ["BICEP_FUNCTIONS", "OPERATORS", "check_call"]

OPERATORS = {
    "add": "a + b",
    "sub": "a - b",
    "mul": "a * b",
    "div": "a / b",
    "mod": "a % b",
    "equals": "a == b",
    "not": "!a",
    "and": "a && b",
    "or": "a || b",
    "if": "condition ? a : b",
    "less": "a < b",
    "lessOrEquals": "a <= b",
    "greater": "a > b",
    "greaterOrEquals": "a >= b",
    "coalesce": "a ?? b",
    "createArray": "[a, b]",
    "createObject": "{ name: value }",
    "true": "true",
    "false": "false",
    "null": "null",
    "float": "json('1.5')",
    "tryGet": "a.?name",
    "parameters": "the name of the parameter",
    "variables": "the name of the variable",
    "copyIndex": "[for (item, index) in values: ...]",
    "lambda": "x => value",
    "lambdaVariables": "the name of the parameter",
}
"""Functions of templates for which Bicep has a notation of its own."""

BICEP_FUNCTIONS = {
    "any": (1, "any(value)", "The value; to Bicep it may be of any type."),
    "loadJsonContent": (1, "loadJsonContent(path)", "What a JSON file of the project says."),
    "loadTextContent": (1, "loadTextContent(path)", "The text of a file of the project."),
    "nameof": (1, "nameof(symbol)", "The name of a parameter, variable or resource."),
}
"""Functions that Bicep alone has: how many arguments, how they are written, what they give."""

_REFUSED = {
    **REFUSED,
    "loadFileAsBase64": "only texts are read: use `base64(loadTextContent(...))`",
    "loadYamlContent": "write the file as JSON, and use `loadJsonContent`",
    "loadDirectoryFileInfo": "name the files one by one",
    "readEnvironmentVariable": "give the value as a parameter",
    "deployer": "nobody is known to the deployment",
    "toLogicalZone": "there are no zones",
    "toPhysicalZone": "there are no zones",
}


def check_call(call: Call) -> BicepError | None:
    """Say what is wrong with the name or the number of arguments of a call; None when nothing is."""
    start, end = call.name_start, call.name_start + len(call.name)
    name, count = call.name, len(call.arguments)
    if name in BICEP_FUNCTIONS:
        wanted, signature, _ = BICEP_FUNCTIONS[name]
        if count == wanted:
            return None
        message = f"`{name}` takes {wanted} argument, and has {count}"
        return BicepError(message, call.start, call.end, f"it is `{signature}`", "arguments")
    if name in OPERATORS:
        return BicepError(
            f"`{name}` is no function of Bicep", start, end, f"write {_shown(OPERATORS[name])}", "function"
        )
    row = FUNCTIONS.get(name.lower())
    if row is None or row.name != name or row.name in OPERATORS:
        return _unknown(name, start, end)
    if not row.least <= count <= row.most:
        message = f"`{name}` takes {row.arity}, and has {count}"
        return BicepError(message, call.start, call.end, f"it is `{row.signature}`", "arguments")
    assert row.most <= ANY_NUMBER
    return None


def _shown(notation: str) -> str:
    return notation if notation.startswith("the ") else f"`{notation}`"


def _unknown(name: str, start: int, end: int) -> BicepError:
    if name in _REFUSED:
        return BicepError(f"the function `{name}` is not supported: {_REFUSED[name]}", start, end, None, "function")
    known = [*(row.name for row in ROWS if row.name not in OPERATORS), *BICEP_FUNCTIONS]
    near = closest(name, known)
    hint = f"did you mean `{near}`?" if near else "the reference of Bicep lists all functions"
    if near is not None and near.lower() == name.lower():
        hint = f"write `{near}`; upper and lower case matter"
    return BicepError(f"there is no function `{name}`", start, end, hint, "function")
