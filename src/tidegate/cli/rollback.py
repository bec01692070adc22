"""`tidegate rollback`: bring a resource back to what it said before.

Knows which of its changes is meant. Does not know how it is judged: going back is a change like any other.
"""

import time
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.completers import ResourceCompleter
from tidegate.cli.kind_words import NotFound, one_key
from tidegate.cli.output import NotUnderstood, Outcome
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import shown
from tidegate.resources.resource_key import ResourceKey

if TYPE_CHECKING:
    from tidegate.engine.changes import Edit
    from tidegate.store.stored import StoredChange

__all__ = ["EXAMPLES", "arguments", "rollback"]

EXAMPLES = (
    ("Undo the last change of a data flow.", "tidegate rollback dataflow uplink"),
    ("Go back to what it said when the store had version 7.", "tidegate rollback dataflow uplink --to 7"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional(
        "resource",
        nargs="+",
        metavar="KIND",
        help="KIND NAME or KIND/NAME.",
        completer=ResourceCompleter(only_one=True, with_deleted=True),
    )
    context.argument(
        "to",
        options_list=["--to"],
        type=int,
        metavar="VERSION",
        help="As it was then. Default: before its last change.",
    )
    context.argument("dry_run", options_list=["--dry-run"], action="store_true", help="Say what would be done only.")
    place_options(context)
    rule_options(context)


def rollback(resource: list[str], to: int | None = None, dry_run: bool = False, **kwargs: Unpack[Place]) -> Outcome:
    """Bring a resource back; one that was not there then is removed. The exit code is 1 when that would be an error now."""
    key = one_key(resource)
    with opened(kwargs) as workspace:
        changes = workspace.store.history(key)
        if not changes:
            raise NotFound(key, [each.key.name for each in workspace.store.resources(key.kind)])
        (latest,) = workspace.store.history(limit=1)
        if to is not None and to > latest.version:
            message = f"there is no version {to} yet; the latest is {latest.version}"
            raise NotUnderstood(message, "see `tidegate history` for the versions")
        meant = _meant(key, changes, changes[0].version - 1 if to is None else to)
        means = author(f"rollback to {changes[0].version - 1 if to is None else to}")
        outcome = workspace.apply(_edit(key, meant, changes[0]), means, time.time(), dry_run=dry_run)
        return shown(outcome, workspace, dry_run=dry_run)


def _meant(key: ResourceKey, changes: "list[StoredChange]", version: int) -> "StoredChange | None":
    """Return the change after which a resource was as it was at a version of the store; None when it was not there."""
    found = next((each for each in changes if each.version <= version), None)
    if found is None and changes[-1].action != "created":
        raise NotUnderstood(
            f"what is kept of {key} begins with version {changes[-1].version}",
            "see `tidegate history` for its versions",
        )
    if found is not None and found.is_locked:
        raise NotUnderstood(
            f"the content of {key} in version {found.version} is not here: its key is missing, or a server keeps it",
            "see `--secrets-key-file`, and go back on the machine where the store lies",
        )
    return found


def _edit(key: ResourceKey, meant: "StoredChange | None", latest: "StoredChange") -> "Edit":
    from tidegate.engine.changes import Edit
    from tidegate.resources.manifest import parse
    from tidegate.resources.source_map import SourceText
    from tidegate.resources.yaml_writer import write_yaml

    # Nobody may have changed it since its history was read.
    expected = {key: 0 if latest.action == "deleted" else latest.version}
    if meant is None or meant.document is None:
        return Edit(delete=(key,), expected=expected)
    text = SourceText(f"{key} in version {meant.version}", write_yaml(meant.document))
    return Edit(put=parse([text]), expected=expected)
