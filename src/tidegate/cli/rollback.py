"""`tidegate rollback`: bring a resource, or all of them, back to what was said before.

Knows which change is meant. Does not know how it is judged: going back is a change like any other.
"""

import time
from collections.abc import Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.completers import ResourceCompleter
from tidegate.cli.kind_words import NotFound, one_key
from tidegate.cli.output import NotUnderstood, Outcome
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import note, shown
from tidegate.resources.resource_key import ResourceKey

if TYPE_CHECKING:
    from tidegate.engine.changes import Edit
    from tidegate.engine.store_access import StoreReader
    from tidegate.resources.manifest import Manifest
    from tidegate.store.stored import StoredChange

__all__ = ["EXAMPLES", "arguments", "rollback"]

EXAMPLES = (
    ("Undo the last change of a data flow.", "tidegate rollback dataflow uplink"),
    ("Go back to what it said when the store had version 7.", "tidegate rollback dataflow uplink --to 7"),
    ("See what would bring all resources back to version 7.", "tidegate rollback --all --to 7 --dry-run"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional(
        "resource",
        nargs="*",
        metavar="KIND",
        help="KIND NAME or KIND/NAME.",
        completer=ResourceCompleter(only_one=True, with_deleted=True),
    )
    context.argument(
        "every",
        options_list=["--all"],
        action="store_true",
        help="Bring back all resources together, secrets too, or none of them.",
    )
    context.argument(
        "to",
        options_list=["--to"],
        type=int,
        metavar="VERSION",
        help="As it was then. Default: before its last change; with --all, before the last command or request.",
    )
    context.argument("dry_run", options_list=["--dry-run"], action="store_true", help="Say what would be done only.")
    place_options(context)
    rule_options(context)


def rollback(
    resource: list[str], every: bool = False, to: int | None = None, dry_run: bool = False, **kwargs: Unpack[Place]
) -> Outcome:
    """Bring back what is named; what was not there then is removed. The exit code is 1 when that would be an error now."""
    if bool(resource) == every:
        raise NotUnderstood("name a resource, or say `--all`", "as in `tidegate rollback dataflow uplink`")
    key = one_key(resource) if resource else None
    with opened(kwargs) as workspace:
        version, edit = _to_all(workspace.store, to) if key is None else _to_one(workspace.store, key, to)
        means = author(f"rollback {'--all ' if every else ''}to {version}")
        outcome = workspace.apply(edit, means, time.time(), dry_run=dry_run)
        return shown(outcome, workspace, dry_run=dry_run)


def _to_one(store: "StoreReader", key: ResourceKey, to: int | None) -> "tuple[int, Edit]":
    """Return the version that is meant, and what brings one resource back to it."""
    from tidegate.engine.changes import Edit

    changes = store.history(key)
    if not changes:
        raise NotFound(key, [each.key.name for each in store.resources(key.kind)])
    (last_of_all,) = store.history(limit=1)
    _check_version(to, last_of_all)
    latest = changes[0]
    version = latest.version - 1 if to is None else to
    put, delete = _parted({key: _meant(key, changes, version)})
    # Nobody may have changed it since its history was read.
    expected = {key: 0 if latest.action == "deleted" else latest.version}
    return version, Edit(put=put, delete=delete, expected=expected)


def _to_all(store: "StoreReader", to: int | None) -> "tuple[int, Edit]":
    """Return the version that is meant, and what brings all resources back to it that have changed since."""
    from tidegate.engine.changes import Edit
    from tidegate.engine.store_wire import HISTORY_MAX

    changes = store.history(limit=HISTORY_MAX)
    if not changes:
        raise NotUnderstood("nothing has changed yet", "there is nothing to go back to")
    _check_version(to, changes[0])
    version = _before_last_edit(changes) if to is None else to
    if len(changes) == HISTORY_MAX and version < changes[-1].version - 1:
        # What was deleted before may be told of by nothing that is looked at.
        raise NotUnderstood(
            f"all resources together go back {HISTORY_MAX} changes at most, to version {changes[-1].version - 1}",
            "see `tidegate history` for its versions",
        )
    meant: dict[ResourceKey, StoredChange | None] = {}
    for key in sorted({each.key for each in changes if each.version > version}):
        history = store.history(key)
        found = _meant(key, history, version)
        was_there = found is not None and found.document is not None
        if was_there or history[0].action != "deleted":
            meant[key] = found
    if not meant:
        note(f"everything is as it was in version {version}")
    put, delete = _parted(meant)
    # Nobody may have changed anything since the history was read.
    return version, Edit(put=put, delete=delete, store_version=changes[0].version)


def _check_version(to: int | None, latest: "StoredChange") -> None:
    """Refuse a version that the store does not have yet. Raises `NotUnderstood`."""
    if to is not None and to > latest.version:
        message = f"there is no version {to} yet; the latest is {latest.version}"
        raise NotUnderstood(message, "see `tidegate history` for the versions")


def _before_last_edit(changes: "list[StoredChange]") -> int:
    """Return the version before the changes that were made together last: those of one author at one time."""
    latest = changes[0]
    together = takewhile(lambda each: (each.at_wall, each.author) == (latest.at_wall, latest.author), changes)
    return min(each.version for each in together) - 1


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


def _parted(meant: "Mapping[ResourceKey, StoredChange | None]") -> "tuple[Manifest, tuple[ResourceKey, ...]]":
    """Return what is to be put, and what is to be deleted."""
    from tidegate.resources.manifest import parse
    from tidegate.resources.source_map import SourceText
    from tidegate.resources.yaml_writer import write_yaml

    texts = {
        key: SourceText(f"{key} in version {change.version}", write_yaml(change.document))
        for key, change in meant.items()
        if change is not None and change.document is not None
    }
    return parse(list(texts.values())), tuple(key for key in meant if key not in texts)
