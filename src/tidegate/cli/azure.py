"""What the commands that are spelled as az spells them have in common: options, properties as resources, answers.

Knows az's words: instance, resource group, properties. Does not know what a command does, or how resources are kept.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.completers import NameCompleter
from tidegate.cli.kind_words import NotFound
from tidegate.cli.output import Json, NotUnderstood, Outcome, print_error
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import shown
from tidegate.exceptions import DeclarationError

if TYPE_CHECKING:
    from tidegate.diagnostics import Diagnostic
    from tidegate.engine.store_access import StoreAccess
    from tidegate.engine.visible import Visible
    from tidegate.resources.base import Resource
    from tidegate.resources.manifest import Manifest
    from tidegate.resources.resource_key import ResourceKey
    from tidegate.resources.source_map import SourceText

__all__ = [
    "azure_options",
    "change_options",
    "config_option",
    "declared",
    "delete_of",
    "list_of",
    "name_option",
    "place_of",
    "put",
    "put_properties",
    "read_config",
    "show_of",
    "yes_option",
]

INSTANCE = "tidegate"
"""The one instance, whatever a command calls it."""

_TYPED = "what was typed"
"""Stands for the file in findings about flags."""


def azure_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare where the store lies, and what az wants everywhere: instance and resource group."""
    place_options(context)
    # az means the name of a resource by -n.
    context.extra("namespace", options_list=["--namespace"], default="azure-iot-operations", help="The one namespace.")
    for name, options in (("instance", ["--instance", "-i"]), ("resource_group", ["--resource-group", "-g"])):
        words = name.replace("_", " ").capitalize()
        context.extra(name, options_list=options, help=f"{words}: taken, for there is one. It has no effect.")


def name_option(context: Any, what: str, kind: str) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the name of a resource, which people call `what`; it arrives as `name`."""
    names = NameCompleter(kind)
    context.argument("name", options_list=["--name", "-n"], completer=names, help=f"Name of the {what}.")


def config_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare `--config-file`."""
    context.argument(
        "config_file",
        options_list=["--config-file"],
        metavar="FILE",
        help="JSON file with the properties, or with an object that has `properties`; // comments may stand in it.",
    )


def change_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare what a command that writes has."""
    rule_options(context)
    context.extra(
        "dry_run", options_list=["--dry-run", "--what-if"], action="store_true", help="Say what would be done only."
    )


def yes_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare `--yes`."""
    context.argument("yes", options_list=["--yes", "-y"], action="store_true", help="Do not ask.")


def place_of(given: dict[str, Any]) -> Place:
    """Return where the store lies; what az wants and has no effect here is left out."""
    return {name: value for name, value in given.items() if name not in ("instance", "resource_group")}  # type: ignore[return-value]  # declared by `place_options` and `rule_options`


def read_config(path: str) -> "SourceText":
    """Return the text of a file given with `--config-file`, its comments blanked. Raises `NotUnderstood`."""
    from tidegate.engine.files import read_stream
    from tidegate.resources.json_text import without_comments
    from tidegate.resources.source_map import SourceText

    try:
        with Path(path).expanduser().open("rb") as file:
            read = read_stream(file, path)
    except OSError as error:
        raise NotUnderstood(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}", "check the path"
        ) from None
    if not isinstance(read, SourceText):
        raise NotUnderstood(f"{path}: {read.message}", read.hint)
    return SourceText(path, without_comments(read.text))


def declared(key: "ResourceKey", names: tuple[str, ...], source: "SourceText") -> "Manifest":
    """Read the properties in a text as those of a resource; `names` are its own and its parents', without the instance."""
    from tidegate.resources.arm import ArmResource, parse
    from tidegate.resources.arm_types import LATEST_API_VERSION, arm_type_of
    from tidegate.resources.source_map import Node
    from tidegate.resources.source_map import Place as Written
    from tidegate.resources.yaml_text import read_documents

    documents, found, _ = read_documents(source)
    if found:
        raise DeclarationError(tuple(found))
    root = documents[0] if documents else Node({}, 0, 0)
    if root.child("properties") is None:
        root = Node({"properties": root}, root.start, root.end)
    row = arm_type_of(key.kind)
    assert row is not None
    resource = ArmResource(
        type=row.name,
        names=(INSTANCE, *names),
        api_version=LATEST_API_VERSION,
        place=Written(source, root),
    )
    return parse([resource])


def put(
    place: Place,
    key: "ResourceKey",
    declared: "Manifest",
    means: str,
    *,
    dry_run: bool,
    explain: "Callable[[Diagnostic], Diagnostic]" = lambda each: each,
) -> Outcome:
    """Create or replace a resource, and show it as az does; the exit code is 1 when it is refused.

    Args:
        explain: makes a finding one about what was typed.
    """
    from tidegate.engine.changes import Edit

    with opened(place) as workspace:
        outcome = workspace.apply(Edit(put=declared), author(means), time.time(), dry_run=dry_run)
        told = replace(outcome, diagnostics=tuple(map(explain, outcome.diagnostics)))
        answer = shown(told, workspace, dry_run=dry_run)
        if dry_run or outcome.is_refused:
            return answer
        return _resource(workspace, key)


def put_properties(
    place: Place,
    key: "ResourceKey",
    properties: Mapping[str, Json],
    means: str,
    *,
    dry_run: bool,
    flag_of: "Callable[[str], str | None]",
) -> Outcome:
    """Create or replace a resource by properties that flags made; `flag_of` names the flag of a field in findings."""
    from tidegate.resources.source_map import SourceText

    def explain(found: "Diagnostic") -> "Diagnostic":
        if found.span is None or found.span.file != _TYPED:
            return found
        path = "--name" if found.path == "name" else flag_of(found.path) or found.path
        return replace(found, span=None, path=path)

    source = SourceText(_TYPED, json.dumps(properties, indent=2, ensure_ascii=False))
    return put(place, key, declared(key, (key.name,), source), means, dry_run=dry_run, explain=explain)


def show_of(place: Place, key: "ResourceKey") -> Outcome:
    """Show a resource as az does. Raises `NotFound`."""
    with opened(place) as workspace:
        return _resource(workspace, key)


def list_of(place: Place, kind: str, is_wanted: "Callable[[Resource], bool]" = lambda _: True) -> Outcome:
    """Show all resources of a kind, the built-in ones too, as az does."""
    from tidegate.engine.visible import visible

    with opened(place) as workspace:
        every = visible(workspace, [kind])
    found = [_body(each) for each in every.values() if is_wanted(each.resource)]
    return Outcome(found, _text(found))


def delete_of(place: Place, keys: "Iterable[ResourceKey]", means: str) -> Outcome:
    """Delete resources; the exit code is 1 when others still need one. Raises `NotFound` when the first is not there."""
    from tidegate.engine.changes import Edit

    keys = tuple(keys)
    with opened(place) as workspace:
        if workspace.store.get(keys[0]) is None:
            return _not_stored(workspace, keys[0])
        outcome = workspace.apply(Edit(delete=keys), author(means), time.time())
        return shown(outcome, workspace, dry_run=False)


def _resource(workspace: "StoreAccess", key: "ResourceKey") -> Outcome:
    from tidegate.engine.visible import visible

    every = visible(workspace, [key.kind])
    if key not in every:
        raise NotFound(key, [each.name for each in every])
    body = _body(every[key])
    return Outcome(body, _text(body))


def _not_stored(workspace: "StoreAccess", key: "ResourceKey") -> Outcome:
    from tidegate.engine.visible import visible

    every = visible(workspace, [key.kind])
    if key not in every:
        raise NotFound(key, [each.name for each in every])
    found = every[key]
    if found.file is not None:
        print_error(f"{key} is given to the engine by a file, {found.file}", "remove it there")
    else:
        print_error(f"{key} is built in, and nobody changed it: there is nothing to delete")
    return Outcome(None, "", 1)


def _body(found: "Visible") -> dict[str, Json]:
    """Return a resource in az's form: its name, type and `properties`."""
    from tidegate.resources.arm_form import properties_of, tags_of
    from tidegate.resources.arm_types import arm_type_of

    row = arm_type_of(found.resource.kind_name)
    assert row is not None
    body: dict[str, Json] = {"name": found.resource.name, "properties": properties_of(found.resource), "type": row.name}
    if found.file is not None:
        body["file"] = found.file
    tags = tags_of(found.resource)
    return {**body, "tags": tags} if tags else body


def _text(data: Json) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
