"""`tidegate delete`: remove resources from the store.

Knows what is asked before. Does not know what depends on what: that is judged as for every change.
"""

import time
from collections.abc import Sequence
from typing import Any, Unpack

from tidegate.cli.apply import read_manifests
from tidegate.cli.completers import ResourceCompleter
from tidegate.cli.confirm import confirm
from tidegate.cli.kind_words import NotFound, keys_of
from tidegate.cli.output import NotUnderstood, Outcome
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import shown
from tidegate.exceptions import DeclarationError
from tidegate.resources.resource_key import ResourceKey

__all__ = ["EXAMPLES", "arguments", "delete"]

EXAMPLES = (
    ("Remove a data flow.", "tidegate delete dataflow uplink"),
    ("Remove what a file declares.", "tidegate delete -f flow.yaml"),
    ("Bring back the built-in endpoint.", "tidegate delete endpoint default --yes"),
)

_DEFAULT = "default"


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional(
        "resources", nargs="*", metavar="KIND", help="KIND NAME... or KIND/NAME...", completer=ResourceCompleter()
    )
    context.argument(
        "filename",
        options_list=["--filename", "-f"],
        nargs="+",
        metavar="PATH",
        help="Manifests that name the resources, folders of them, or - for standard input.",
    )
    context.argument("dry_run", options_list=["--dry-run"], action="store_true", help="Say what would be done only.")
    context.argument("yes", options_list=["--yes", "-y"], action="store_true", help="Do not ask before `default`.")
    context.argument(
        "ignore_not_found",
        options_list=["--ignore-not-found"],
        action="store_true",
        help="Take it as done when a resource is not there.",
    )
    place_options(context)
    rule_options(context)


def delete(
    resources: list[str],
    filename: list[str] | None = None,
    dry_run: bool = False,
    yes: bool = False,
    ignore_not_found: bool = False,
    **kwargs: Unpack[Place],
) -> Outcome:
    """Remove resources; the exit code is 1 when others need them, and 3 when one is not there. Nothing is removed then."""
    if resources and filename:
        raise NotUnderstood("resources are named, and files too", "repeat the command for each")
    if not resources and not filename:
        raise NotUnderstood("name resources, or files with `-f`", "as in `tidegate delete dataflow uplink`")
    keys = _named_in(filename) if filename else keys_of(resources)
    with opened(kwargs) as workspace:
        stored = [record.key for record in workspace.store.resources()]
        missing = [key for key in keys if key not in stored]
        # What a file gives is refused below, with the name of the file.
        if missing and not ignore_not_found:
            in_files = workspace.files().source_map.keys
            for key in missing:
                if key not in in_files:
                    raise NotFound(key, [each.name for each in stored if each.kind == key.kind])
        if not dry_run:
            _confirm_defaults([key for key in keys if key in stored], yes=yes)
        from tidegate.engine.changes import Edit

        outcome = workspace.apply(Edit(delete=tuple(keys)), author("delete"), time.time(), dry_run=dry_run)
        return shown(outcome, workspace, dry_run=dry_run)


def _named_in(paths: Sequence[str]) -> list[ResourceKey]:
    """Return the resources that manifests name, whatever else they say. Raises `DeclarationError` when one is unreadable."""
    declared = read_manifests(list(paths))
    unreadable = tuple(each for each in declared.diagnostics if each.level == "error" and not each.resource)
    if unreadable:
        raise DeclarationError(unreadable)
    return sorted(declared.source_map.keys)


def _confirm_defaults(keys: Sequence[ResourceKey], *, yes: bool) -> None:
    """Ask before a `default` is removed, which brings back the built-in one. Raises as `confirm`."""
    for key in keys:
        if key.name == _DEFAULT and key.kind not in ("Secret", "ConfigMap"):
            effect = "It goes back to its built-in values, which may change every data flow that uses it."
            confirm(f"Delete {key}? {effect}", yes=yes)
