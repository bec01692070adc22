"""Writes docs/reference/*.md from the tables and models in the code.

usage: python -m tools.reference    (or `make docs`)

`tests/test_docs.py` fails when a page differs from what the code would give today.
"""

import contextlib
import dataclasses
import inspect
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.bicep_reference import bicep_page, templates_page
from tools.language import language_page
from tools.named_tests import named_tests
from tools.statements import ROLES, STATEMENTS, UNTESTED, tests_by_statement

from tidegate.adapters.mosquitto_options import BRIDGE_OPTIONS
from tidegate.cli import VERBS, main
from tidegate.flow import policy
from tidegate.resources.flow_test import FlowTest
from tidegate.resources.kinds import KINDS
from tidegate.settings import Settings
from tools import failures, promises

__all__ = ["FOLDER", "PAGES", "write_pages"]

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
HEAD = "<!-- Written by `make docs` from {source}; change it there. -->\n\n"


FLOW_TESTS = """\
Documents with `apiVersion: tidegate.dev/v1` and `kind: FlowTest`, in files whose names end in `.test.yaml`, `.test.yml` or
`.test.json`. Other documents in such a file are resources of its tests. `tidegate test` sends the messages through what the
data flow would do with them, one after the other, without a broker. The clock stands, and ids are `id-1`, `id-2` and so on.

JSON is compared by value: `42` is `42.0`, and the order of an object's fields says nothing. A payload has to be the same in
every field; of the rest of a message only what is written is compared. A message on a topic that the source does not take is
`dropped: unsubscribed`. [An example](../../examples/transformations) is run by our own tests.

"""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def terms(text: str) -> dict[str, str]:
    """Return what a docstring says of each of the names at the beginning of its sentences: "`name`: what it is."."""
    paragraphs = re.findall(
        r"^((?:`\w+`, )*`\w+`): (.*?)(?=\n(?:`\w+`, )*`\w+`: |\n\n|\Z)", text, re.DOTALL | re.MULTILINE
    )
    return {name: " ".join(said.split()) for names, said in paragraphs for name in re.findall(r"`(\w+)`", names)}


def settings_page() -> str:
    """Return the page on what the process is told beside the resources."""
    said = terms(inspect.getdoc(Settings) or "")
    rows = []
    for field in dataclasses.fields(Settings):
        default = "required" if field.default is dataclasses.MISSING else f"`{field.default}`"
        rows.append((f"`{field.name}`", f"`{type_name(field.type)}`", default, said.get(field.name, "")))
    text = "# Settings\n\nWhat the process is told beside the resources. `tidegate run --help` names the flags.\n\n"
    return (
        HEAD.format(source="src/tidegate/settings.py") + text + table(("setting", "type", "default", "meaning"), rows)
    )


def type_name(annotation: object) -> str:
    """Return a type as it is written in code."""
    return (
        annotation.__name__ if isinstance(annotation, type) else re.sub(r"\b(?:typing|pathlib)\.", "", str(annotation))
    )


def reason_codes_page() -> str:
    """Return the page on what follows from each reason code."""
    retries = [policy.CONNECTION_RETRY["connack"], policy.CONNECTION_RETRY["disconnect"], policy.SUBSCRIBE_RETRY]
    numbers = sorted({number for retry in retries for number in retry})
    connection_rows = [
        (policy.reason_name(number), *(retry[number].kind if number in retry else "" for retry in retries))
        for number in numbers
    ]
    rejection_rows = [
        (policy.reason_name(number), rejection.action, f"`{rejection.label}`", rejection.remedy)
        for number, rejection in sorted(policy.PUBLISH_REJECTIONS.items())
    ]
    return (
        HEAD.format(source="src/tidegate/flow/policy.py")
        + "# Reason codes\n\nWhat follows from what a broker answers.\n"
        + "A code without a row or an entry is tried again with back-off.\n\n"
        + "## When a connection is refused or ended\n\n"
        + inspect.cleandoc(policy.Retry.__doc__ or "").partition("\n\n")[2]
        + "\n\n"
        + table(("reason", "in CONNACK", "in DISCONNECT", "in SUBACK"), connection_rows)
        + "\n## When the destination refuses a message (PUBACK)\n\n"
        + "`hold`: sent again as new on the next connection, and everything behind it waits. `drop`: the source is\n"
        + "acknowledged, and the message counted under its label. `on_rejected` decides for all of them.\n\n"
        + table(("reason", "action", "counted as", "remedy"), rejection_rows)
    )


def mosquitto_page() -> str:
    """Return the page on what becomes of each option of a bridge of mosquitto."""
    effects: dict[str | None, str] = {
        None: "converted",
        "information": "not needed",
        "warning": "no counterpart",
        "error": "refused",
    }
    rows = []
    for option, row in BRIDGE_OPTIONS.items():
        words = row.said + (f"; {row.hint}" if row.hint else "")
        harmless = f" (`{'`, `'.join(row.harmless)}` asks for nothing)" if row.harmless else ""
        rows.append((f"`{option}`", effects[row.level], words + harmless))
    text = "# Bridges of mosquitto\n\n"
    text += "What `tidegate import mosquitto` makes of each option that mosquitto.conf(5) has for a bridge.\n"
    text += "The broker of the configuration stays as it is, and becomes the endpoint `default`.\n\n"
    columns = ("option", "what becomes of it", "in words")
    return HEAD.format(source="src/tidegate/adapters/mosquitto_options.py") + text + table(columns, rows)


def resources_page() -> str:
    """Return the page on the fields of every kind of resource."""
    text = HEAD.format(source="src/tidegate/resources/") + "# Resources\n\n"
    text += "`[]` marks the entries of a list. Fields that only a cluster writes are accepted and not listed.\n"
    for name, kind in KINDS.items():
        schema = kind.model.model_json_schema(by_alias=True)
        rows = [row for row in fields(schema, schema["$defs"], "") if not ENVELOPE.match(row[0].strip("`"))]
        versions = ", ".join(f"`{version}`" for version in kind.api_versions)
        text += f"\n## {name}\n\n{schema['description'].partition(chr(10) * 2)[0]} `apiVersion`: {versions}.\n\n"
        text += table(("field", "type or allowed values", "default", "meaning"), rows)
    return text


def flow_tests_page() -> str:
    """Return the page on the documents that `tidegate test` reads."""
    schema = FlowTest.model_json_schema(by_alias=True)
    rows = [row for row in fields(schema, schema["$defs"], "") if not ENVELOPE.match(row[0].strip("`"))]
    text = HEAD.format(source="src/tidegate/resources/flow_test.py") + "# Flow tests\n\n" + FLOW_TESTS
    return text + table(("field", "type or allowed values", "default", "meaning"), rows)


ENVELOPE = re.compile(r"(?:apiVersion|kind|status|metadata(?:\.(?!name)\w+)?)$")

# Any: JSON Schema, as pydantic gives it.
Schema = dict[str, Any]


def fields(schema: Schema, definitions: Schema, path: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each field of an object, and for those of the objects in it."""
    for name, field in schema.get("properties", {}).items():
        own_path = f"{path}.{name}" if path else name
        default = "required" if name in schema.get("required", ()) else default_of(field)
        described: Schema = next((part for part in (field, *options(field, definitions)) if "description" in part), {})
        meaning = " ".join(described.get("description", "").split())
        yield f"`{own_path}`", allowed(field, definitions), default, meaning
        yield from inner_fields(field, definitions, own_path)


def inner_fields(field: Schema, definitions: Schema, path: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of the objects that a field may hold."""
    for option in options(field, definitions):
        if "items" in option:
            yield from inner_fields(option["items"], definitions, f"{path}[]")
        yield from fields(option, definitions, path)


def options(field: Schema, definitions: Schema) -> list[Schema]:
    """Return the alternatives of a field with references resolved, without null."""
    if "$ref" in field:
        return options(definitions[field["$ref"].rpartition("/")[2]], definitions)
    alternatives = [*field.get("anyOf", ()), *field.get("oneOf", ()), *field.get("allOf", ())]
    if alternatives:
        return [option for alternative in alternatives for option in options(alternative, definitions)]
    return [] if field.get("type") == "null" else [field]


def default_of(field: Schema) -> str:
    """Return a default as it would be written, nothing for an absent value or a whole object."""
    default = field.get("default")
    return "" if default is None or isinstance(default, dict | list) else f"`{default}`"


def allowed(field: Schema, definitions: Schema) -> str:
    """Return the type of a field, or its values, with its bounds."""
    words = []
    for option in options(field, definitions):
        if "enum" in option or "const" in option:
            words += [f"`{value}`" for value in option.get("enum", [option.get("const")])]
        elif option.get("type") == "array":
            words.append(f"list of {allowed(option['items'], definitions)}")
        else:
            word = option.get("type", "any")
            if "minimum" in option and "maximum" in option:
                word += f" {option['minimum']} to {option['maximum']}"
            words.append(word)
    return ", ".join(dict.fromkeys(words)) or "any"


def failure_modes_page() -> str:
    """Return the page on what may go wrong and which tests make it go wrong."""
    text = (
        "# Failure modes\n\nWhat may go wrong between two brokers, and the tests, below `tests/`, in which it does.\n\n"
    )
    rows = proofs("failure", failures.MODES, failures.LATER)
    return HEAD.format(source="tools/failures.py") + text + table(("", "what happens", "tests"), rows)


def conformance_page() -> str:
    """Return the page on the normative statements of MQTT 5 and the tests that hold them."""
    tests = tests_by_statement()
    rows = [
        (
            identifier,
            meaning,
            *(
                "<br>".join(f"`{name}`" for name in tests[role].get(identifier, ()))
                or ("none, see below" if role in roles else "")
                for role in ROLES
            ),
        )
        for identifier, (roles, meaning) in STATEMENTS.items()
    ]
    untested = [
        (identifier, role, STATEMENTS[identifier][1], reason) for (identifier, role), reason in UNTESTED.items()
    ]
    return (
        HEAD.format(source="tools/statements.py")
        + "# Conformance to MQTT 5\n\n"
        + f"The {len(STATEMENTS)} normative statements of the OASIS standard MQTT Version 5.0 under their numbers, in our\n"
        + "words. A test below `tests/conformance/` is named after each, for the client and for the server, as far as it\n"
        + "binds them or its violation is to be noticed by them.\n\n"
        + table(("statement", "what it says", "tests of the client", "tests of the server"), rows)
        + "\n## Statements without a test\n\n"
        + table(("statement", "binds", "what it says", "why there is no test"), untested)
    )


def security_page() -> str:
    """Return the page on what is promised about security and which tests attack it."""
    text = "# Security\n\nWhat Tidegate promises, and the tests, below `tests/`, that try to break it.\n\n"
    rows = proofs("promise", promises.PROMISES, promises.LATER)
    return HEAD.format(source="tools/promises.py") + text + table(("", "promise", "tests"), rows)


def proofs(word: str, meanings: Mapping[int, str], later: Mapping[int, str]) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each number of a list: the tests that name it, or with what they will come."""
    tests = named_tests(word, meanings)
    for number, meaning in meanings.items():
        named = "<br>".join(f"`{name}`" for name in tests[number])
        yield str(number), meaning, named or (f"to come, with {later[number]}" if number in later else "")


def expressions_page() -> str:
    """Return the page on what filter and map rules read, compute and write."""
    return HEAD.format(source="src/tidegate/transform/functions.py and tools/language.py") + language_page(table)


def cli_page() -> str:
    """Return the page on the command line: the help of every verb, as it is shown."""
    text = HEAD.format(source="src/tidegate/cli/") + "# Command line\n\n"
    text += "Exit codes: 0 done, 1 failed, 2 not understood; `tidegate sub -W` ends with 27 when the time is over.\n"
    for verb in VERBS:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            main([*verb.split(), "--help"])
        lines = [line.rstrip() for line in shown.getvalue().strip().splitlines()]
        text += f"\n## tidegate {verb}\n\n```text\n" + "\n".join(lines) + "\n```\n"
    return text


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "conformance.md": conformance_page,
    "failure-modes.md": failure_modes_page,
    "reason-codes.md": reason_codes_page,
    "resources.md": resources_page,
    "security.md": security_page,
    "settings.md": settings_page,
    "expressions.md": expressions_page,
    "flow-tests.md": flow_tests_page,
    "mosquitto.md": mosquitto_page,
    "bicep.md": lambda: HEAD.format(source="src/tidegate/bicep/") + bicep_page(table),
    "templates.md": lambda: HEAD.format(source="src/tidegate/templates/") + templates_page(table),
}


def write_pages() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
    sys.stderr.write(f"{len(PAGES)} pages written\n")
