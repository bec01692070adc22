"""`tidegate schema add`, `list` and `show`: schemas in a folder, to which `schemaRef` and `dataschema` refer.

Knows the options and exit codes. Does not know where a schema lies (`engine/schema_folder.py`) or what it may say.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.options import schemas_option
from tidegate.cli.output import NotUnderstood, Outcome, print_error, render_diagnostics

if TYPE_CHECKING:
    from tidegate.resources.schema_reference import SchemaReference

__all__ = ["EXAMPLES", "add", "arguments", "show", "show_all"]

EXAMPLES = (
    (
        "Add a schema, as the next version of its name.",
        "tidegate schema add aio-sr://plant/oven -f oven.json --schemas-dir schemas/",
    ),
    ("Show the newest version.", "tidegate schema show aio-sr://plant/oven --schemas-dir schemas/"),
    ("List what there is.", "tidegate schema list --schemas-dir schemas/"),
)

FORM = "aio-sr://<namespace>/<name>[:<version>]"


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    schemas_option(context)
    if context.command_scope == "schema list":
        return
    context.positional(
        "reference",
        metavar="REFERENCE",
        help=f"{FORM}; without a version, {'the next' if context.command_scope == 'schema add' else 'the newest'} one.",
    )
    if context.command_scope == "schema add":
        context.argument(
            "file",
            options_list=["--file", "-f"],
            metavar="FILE",
            help="File with a JSON Schema of draft-07; - is standard input.",
        )


def add(reference: str, file: str, schemas_dir: str) -> Outcome:
    """Keep a schema; the exit code is 1 where it is none, or where another one has this reference."""
    from tidegate.engine.schema_folder import SchemaExists, SchemaFolder
    from tidegate.engine.schema_rules import check_document
    from tidegate.resources.source_map import SourceText

    name, text = _reference(reference), _text(file)
    found = check_document(SourceText(file, text))
    if found is not None:
        print(render_diagnostics([found], {file: text}, stream=sys.stderr), end="", file=sys.stderr)
        return Outcome(None, "", 1)
    try:
        added = SchemaFolder(schemas_dir).add(name, text)
    except SchemaExists:
        print_error(
            f"{name} is there already, and says something else",
            f"a version never changes; add the next one: `tidegate schema add {name._replace(version=None)} -f {file}`",
        )
        return Outcome(None, "", 1)
    return Outcome({"reference": str(added)}, f"{added}\n")


def show(reference: str, schemas_dir: str) -> Outcome:
    """Print a schema as it was added."""
    from tidegate.engine.schema_folder import SchemaFolder
    from tidegate.resources.schema_reference import UnreadableSchema

    folder, name = SchemaFolder(schemas_dir), _reference(reference)
    wanted = folder.newest(name) if name.version is None else name
    text = folder.read(wanted) if wanted is not None else None
    if text is None:
        print_error(f"there is no schema {name}", f"see `tidegate schema list --schemas-dir {schemas_dir}`")
        return Outcome(None, "", 1)
    if isinstance(text, UnreadableSchema):
        print_error(f"{wanted} cannot be read: {text.detail}")
        return Outcome(None, "", 1)
    return Outcome({"reference": str(wanted), "schema": text}, text if text.endswith("\n") else f"{text}\n")


def show_all(schemas_dir: str) -> Outcome:
    """List the references of all schemas."""
    from tidegate.engine.schema_folder import SchemaFolder

    found = [str(each) for each in SchemaFolder(schemas_dir).references()]
    return Outcome(found, "".join(f"{each}\n" for each in found))


def _reference(text: str) -> "SchemaReference":
    from tidegate.resources.schema_reference import parse_reference

    found = parse_reference(text, needs_version=False)
    if found is None:
        raise NotUnderstood(f"{text!r} is no reference to a schema", f"write `{FORM}`")
    return found


def _text(file: str) -> str:
    from tidegate.transform.schema import SCHEMA_BYTES_MAX

    try:
        if file == "-":
            content = sys.stdin.buffer.read(SCHEMA_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(SCHEMA_BYTES_MAX + 1)
        return content.decode("utf-8-sig")
    except OSError as error:
        raise NotUnderstood(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise NotUnderstood(f"{file} is not UTF-8", "save it as UTF-8") from None
