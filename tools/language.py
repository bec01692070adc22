"""The reference page on expressions, paths, wildcards and rules.

Every example of the page is a value here, which `tests/tools/test_language.py` computes; functions and operators are those of
the language itself.
"""

from collections.abc import Callable, Iterable, Sequence

from tidegate.transform.function import Function
from tidegate.transform.functions import ROWS
from tidegate.transform.parser import MINUS_PRECEDENCE, NOT_PRECEDENCE, PRECEDENCE
from tidegate.transform.values import Value

__all__ = ["LITERALS", "MAPS", "PATHS", "PAYLOAD", "SUFFIXES", "language_page", "operator_rows"]

Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]

GROUPS = {
    "unit": "Units",
    "round": "Ranges and rounding",
    "math": "Numbers",
    "text": "Texts",
    "choice": "Choices and sets",
    "bits": "Bits",
}

LITERALS = (
    ("int", ("42", "-7", "0x1f"), "an integer; one outside of 64 bits is an error"),
    ("float", ("3.14", ".5", "2e3"), "a number with a point or an exponent"),
    ("string", ('"oven"', "'oven'", r'"a\n\"b\""'), r"a text; there are `\"`, `\'`, `\\`, `\n`, `\t` and `\r`"),
    ("boolean", ("true", "false"), ""),
    ("tuple", ("(1, 2, 3)",), "an array of numbers, texts and booleans"),
    ("empty", ("()",), "what is missing or null"),
)

OPERATORS = {
    "!": "of a boolean",
    "^": "power, always a float",
    "-x": "of a number",
    "*": "of two ints an int, cut towards zero; else a float",
    "+": "`+` joins where one side is a string",
    "<": "numbers with numbers, strings with strings",
    "==": "values of two types are never equal: `1 == 1.0` is false",
    "&&": "both sides are evaluated",
    "||": "both sides are evaluated",
}
"""What there is to say of each strength of operators, by the first of them."""

PAYLOAD = (
    '{"oven": {"temperature": 180, "set.point": 200}, "Date of Birth": "1970-01-01", "list": [1, 2], "*": true, '
    '"door": null}'
)
"""The payload that the examples of paths are about; its topic is `line/7/oven`, and it has the user property `unit`, `C`."""

PATHS = (
    ("oven.temperature", "180", "points separate the segments"),
    ("Date of Birth", '"1970-01-01"', "blanks and most characters are literal"),
    ('oven."set.point"', "200", "a segment that begins with a quote ends with it, whatever is between"),
    ("oven.'set.point'", "200", "single quotes do the same"),
    ('"*"', "true", "a name that would be a wildcard"),
    ("list", "[1,2]", "an array is one value; its elements have no paths"),
    ("oven.pressure", "missing", "there is none"),
    ("$source.oven.temperature", "180", "the same, and in a condition of a data set what is not of its record"),
    ("@oven.temperature", "180", "an `@` of the operations experience is passed over"),
    ("$metadata.topic", '"line/7/oven"', "the source topic"),
    ("$metadata.user_property.unit", '"C"', "a user property; `user_properties` is the same; odd keys in quotes"),
    ("$metadata.system_property.content_type", "missing", "the content type"),
)
"""Inputs, what they lead to, and why."""

SUFFIXES = (
    ("oven.pressure ?? 0", "0", "a number, a text in quotes, `true`, `false` or `null` where it is missing or null"),
    ("door ?? 'shut'", '"shut"', ""),
    ("oven.pressure ? $last", "missing", "the last value seen, in memory, for each instance or for each topic"),
    ("oven.pressure ? $last ?? 0", "0", "the last value seen, and before there was one the default"),
)

MAPS = (
    ((("*", "*", None),), '{"a":{"b":1,"c":2},"d":3}', "everything is kept"),
    ((("a.b", "x", None),), '{"x":1}', "what no rule writes is not there"),
    ((("a.*", "*", None),), '{"b":1,"c":2}', "takes a level away"),
    ((("*", "in.*", None),), '{"in":{"a":{"b":1,"c":2},"d":3}}', "adds a level"),
    ((("a.*", "a.*.value", None),), '{"a":{"b":{"value":1},"c":{"value":2}}}', "the `*` may stand anywhere"),
    ((("a.*", "a.*", "$1 * 10"),), '{"a":{"b":10,"c":20}}', "the expression is evaluated for each field"),
    ((("*", "*", None), ("d", "", None)), '{"a":{"b":1,"c":2}}', "an empty output takes a field away"),
    ((("*", "*", None), ("d", "e", None)), '{"a":{"b":1,"c":2},"e":3}', "a plain copy behind a wildcard moves"),
    (
        (("*", "*", None), ("d", "e", "$1 + 1")),
        '{"a":{"b":1,"c":2},"d":3,"e":4}',
        "a computed field is added, and so is metadata",
    ),
    ((("*", "*", None), ("d", "d", "$1 + 1")), '{"a":{"b":1,"c":2},"d":4}', "one with the same output takes its place"),
    ((("*", "*", None), ("", "on", "true")), '{"a":{"b":1,"c":2},"d":3,"on":true}', "no input: a constant"),
)
"""Rules (input, output, expression), and what they make of `{"a":{"b":1,"c":2},"d":3}`."""

INTRODUCTION = """\
What filter and map rules compute. `$1` is the first of a rule's `inputs`, `$2` the second, and so on. `tidegate eval` computes
an expression, `tidegate trace` shows what each rule makes of a message.

"""

ABOUT_VALUES = """
What has no value (an int beyond 64 bits, a text times a number, NaN as an output, an operator on `()`) ends the message: it is
acknowledged, counted as a processing error, and logged. `//` and `/* */` are comments.
"""

ABOUT_PATHS = """
## Inputs

An input is a path into the message. Of the payload

```json
{payload}
```

on the topic `line/7/oven`, with the user property `unit`, these lead to

"""

ABOUT_RECORDS = """
`$context(<name>).<path>` leads into the record of a [data set](../state-store.md#data-sets), `$context.<path>` in the condition
of a data set into its own. A path has no indexes, and no way to write a quote inside of quotes. What may stand behind a path:

"""

ABOUT_MAPS = """
## Outputs and wildcards

An output is a path too, without what may stand behind one: into the payload, or `$metadata.topic` (which `${{outputTopic}}` in
`dataDestination` takes up) or `$metadata.user_property.<key>` (which adds a property, and where the value is `()` removes those
with the key). Objects on the way are made.

A `*` is a whole segment of a path, and stands for one or more of them: a rule applies to every field of which the rest of the
path is right. Fields are values, arrays and, for `*` to `*`, empty objects. What the `*` of the first input stands for is put in
the place of the `*` in the other inputs and the output; where another input has no such field the rule does not apply. Filters
and data sets have no wildcards. Of `{{"a":{{"b":1,"c":2}},"d":3}}` these rules make

"""

ABOUT_ORDER = """
Rules go from top to bottom. A later rule that names a field more exactly than a wildcard before it takes the wildcard's copy away
where it removes the field, has the same output, or copies it to another field of the payload; where the wildcard's rule has an
expression, always. All others add. Of two that are equally exact both apply. With the annotation
`tidegate.dev/copy-behind-wildcard: add` a plain copy adds too.

## Filters

A filter computes a boolean. One that is true drops the message, and of several any one does. With the annotation
`tidegate.dev/filter-true: pass` a message goes on where all of them are true, which is the meaning of older texts about Azure IoT
Operations. An input that is missing, and has nothing behind it that stands in, is an error.
"""


def language_page(table: Table) -> str:
    """Return the page without its first line; `table` writes a table."""
    literals = [(name, ", ".join(map(_code, written)), said) for name, written, said in LITERALS]
    text = "# Expressions\n\n" + INTRODUCTION + table(("value", "written", "of a message"), literals)
    text += "\nOperators, from those that bind most strongly; those of one row go from left to right:\n\n"
    text += table(("operators", ""), operator_rows()) + ABOUT_VALUES
    text += ABOUT_PATHS.format(payload=PAYLOAD) + table(("input", "value", ""), _examples(PATHS))
    text += ABOUT_RECORDS + table(("input", "value", ""), _examples(SUFFIXES))
    maps = [("; ".join(map(_rule, rules)), _code(made), said) for rules, made, said in MAPS]
    text += ABOUT_MAPS.format() + table(("rules", "output", ""), maps) + ABOUT_ORDER
    for group in dict.fromkeys(row.group for row in ROWS):
        rows = [_function(row) for row in ROWS if row.group == group]
        text += f"\n## {GROUPS[group]}\n\n" + table(("function", "what it gives", "example"), rows)
    return text


def operator_rows() -> list[tuple[str, str]]:
    """Return the operators by how strongly they bind, most first, as the parser has it."""
    strengths: dict[int, list[str]] = {NOT_PRECEDENCE: ["!"], MINUS_PRECEDENCE: ["-x"]}
    for symbol, strength in PRECEDENCE.items():
        strengths.setdefault(strength, []).append(symbol)
    return [(" ".join(map(_code, symbols)), OPERATORS[symbols[0]]) for _, symbols in sorted(strengths.items())[::-1]]


def _examples(rows: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(_code(path), value if value == "missing" else _code(value), said) for path, value, said in rows]


def _rule(rule: tuple[str, str, str | None]) -> str:
    path, output, expression = rule
    written = f"{_code(path) if path else 'nothing'} to {_code(output) if output else 'nothing'}"
    return written if expression is None else f"{written}, {_code(expression)}"


def _function(row: Function[Value]) -> tuple[str, str, str]:
    also = f" Also {' and '.join(map(_code, row.aliases))}." if row.aliases else ""
    return _code(row.signature), row.summary + also, f"{_code(row.example)} is {_code(row.result)}"


def _code(text: str) -> str:
    return f"`{text}`"
