"""The reference pages on Bicep and on templates, from the tables of both packages."""

from collections.abc import Callable, Iterable, Sequence

from tidegate.bicep.decorators import DECORATORS
from tidegate.bicep.functions import BICEP_FUNCTIONS, OPERATORS
from tidegate.bicep.parameter_emitter import TYPES
from tidegate.bicep.resource_types import KNOWN_TYPES
from tidegate.resources.findings import enumerate_words
from tidegate.templates.functions import REFUSED, ROWS
from tidegate.templates.limits import COPIES_MAX, DEPTH_MAX, NESTED_TEMPLATES_MAX, RANGE_MAX, STEPS_MAX

__all__ = ["bicep_page", "templates_page"]

Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]

GROUPS = {
    "text": "Texts",
    "array": "Arrays and objects",
    "lambda": "With a lambda",
    "number": "Numbers",
    "logic": "Conditions",
    "date": "Dates",
    "resource": "Resources",
    "template": "The template itself",
}

BICEP = """\
What of the language of Azure's Bicep files Tidegate reads. `tidegate bicep build` makes ARM templates of them, in the form with
symbolic names; [a page of its own](templates.md) says what is known of those.

"""

STATEMENTS = (
    (
        "param name type = default",
        f"types are {enumerate_words(TYPES)}, `type[]`, `{{ name: type }}`, `'a' | 'b'`, each with `?`",
    ),
    ("var name = value", "also a loop"),
    (
        "resource name 'type@version' = body",
        "`body` is `{ ... }`, `if (condition) { ... }` or `[for item in values: ...]`; with `parent`, `dependsOn`, and resources"
        " inside of resources, which are named `outer::inner`",
    ),
    (
        "resource name 'type@version' existing = body",
        "of any type: its `id`, `name`, `type` and `apiVersion` are known; `scope: resourceGroup('name')`",
    ),
    (
        "module name 'path' = body",
        "a Bicep file or JSON template of the project, with `params`; it gives `name.outputs.x`",
    ),
    ("output name type = value", "also a loop"),
    ("targetScope = 'resourceGroup'", "no other scope"),
    ("metadata name = value", ""),
)

VALUES = """
Values are strings with `${places}`, strings of several lines between `'''`, ints, `true`, `false`, `null`, arrays, objects,
`...` in both, `x => value`, and these operators, from those that bind most strongly: `a.b` `a[b]` `a::b` `a.?b` `a[?b]` `a!`,
`!` `-`, `*` `/` `%`, `+` `-`, `<` `<=` `>` `>=`, `==` `!=` `=~` `!~`, `&&`, `||`, `??`, `a ? b : c`.

A parameter file (`.bicepparam`) has `using 'path'`, `param name = value` and `var`. `tidegate deployment group create
--parameters main.bicepparam` deploys the file that `using` names; with `--template-file` too, both have to name the same.

Not read, and refused in words: `type`, `func`, `import`, `extension`, `assert`, `extends`, other scopes, modules of registries.
Files are read below the working folder alone; for a file outside of it, below that file's folder.

"""

TEMPLATES = """\
What of ARM templates Tidegate evaluates: both forms of `resources`, `parameters` with their checks, `variables`, `copy` (in
resources, properties, variables and outputs), `condition`, `dependsOn`, deployments inside of deployments with inner and outer
scope, and `outputs`. JSON may hold `//` and `/* */` comments. Functions and types of one's own, linked templates and other
scopes than that of a resource group are refused in words. Nothing is asked of Azure: of a resource that is not in the template,
the id and the name are known.

A copy makes up to {copies} rounds, `range` gives up to {numbers} numbers, values and expressions nest up to {depth} levels,
deployments up to {deployments}; an evaluation takes up to {steps} steps.

Functions are written as in an expression: `[toLower('A')]`. Square brackets mark what may be left out.
"""


def bicep_page(table: Table) -> str:
    """Return the page on Bicep, without its head."""
    text = "# Bicep\n\n" + BICEP + table(("statement", ""), [(f"`{form}`", says) for form, says in STATEMENTS]) + VALUES
    rows = [(f"`@{name}`", places, takes) for name, (places, takes) in DECORATORS.items()]
    text += "## Decorators\n\n" + table(("decorator", "before", "takes"), rows)
    text += "\n## Functions\n\n[Those of templates](templates.md), but for those in the second table, and these:\n\n"
    text += table(
        ("function", "what it gives"), [(f"`{signature}`", says) for _, signature, says in BICEP_FUNCTIONS.values()]
    )
    text += "\nWhat templates have as functions is a notation of its own:\n\n"
    shown = [
        (f"`{name}`", notation if notation.startswith("the ") else f"`{notation}`")
        for name, notation in OPERATORS.items()
    ]
    text += table(("function of templates", "in Bicep"), shown)
    text += "\n## Types of resources\n\nOf other name spaces, any type may be named as existing. Known are:\n\n"
    return text + "".join(f"- `{name}`\n" for name in KNOWN_TYPES)


def templates_page(table: Table) -> str:
    """Return the page on templates, without its head."""
    text = "# Templates\n\n" + TEMPLATES.format(
        copies=COPIES_MAX, numbers=RANGE_MAX, depth=DEPTH_MAX, deployments=NESTED_TEMPLATES_MAX, steps=STEPS_MAX
    )
    for group, title in GROUPS.items():
        rows = [
            (f"`{row.signature}`", row.summary, _example(row.example, row.result)) for row in ROWS if row.group == group
        ]
        text += f"\n## {title}\n\n" + table(("function", "what it gives", "example"), rows)
    text += "\n## Not supported\n\n"
    return text + table(("function", "why"), [(f"`{name}`", reason) for name, reason in REFUSED.items()])


def _example(example: str, result: str) -> str:
    said = result.strip('"')
    return f"`{example}` is {said}" if said.startswith("of the ") else f"`{example}` is `{result}`"
