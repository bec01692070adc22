"""`tidegate history`: who changed which resource when, and by what.

Knows the table. Does not know how long changes are kept: that is `store/resource_store.py`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.completers import ResourceCompleter
from tidegate.cli.kind_words import NotFound, one_key
from tidegate.cli.output import Json, Outcome, table
from tidegate.cli.store_options import Place, opened, place_options

if TYPE_CHECKING:
    from tidegate.store.stored import StoredChange

__all__ = ["EXAMPLES", "arguments", "history"]

EXAMPLES = (
    ("Show the last changes.", "tidegate history"),
    ("Show the changes of one resource with what it said.", "tidegate history dataflow uplink -o yaml"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional(
        "resource",
        nargs="*",
        metavar="KIND",
        help="KIND NAME or KIND/NAME. Default: all resources.",
        completer=ResourceCompleter(only_one=True, with_deleted=True),
    )
    context.argument("limit", options_list=["--limit"], type=int, help="How many changes at most, the latest first.")
    place_options(context)


def history(resource: list[str], limit: int = 50, **kwargs: Unpack[Place]) -> Outcome:
    """Show changes, the latest first; what a resource said after each is in the data, without contents of secrets."""
    key = one_key(resource) if resource else None
    with opened(kwargs) as workspace:
        changes = workspace.store.history(key, limit=max(0, limit))
        if key is not None and not changes and not workspace.store.history(key, limit=1):
            raise NotFound(key, [each.key.name for each in workspace.store.resources(key.kind)])
    rows: list[Sequence[str]] = [("VERSION", "WHEN", "WHO", "WHAT", "RESOURCE", "BY")]
    rows += [
        (str(each.version), _when(each.at_wall), each.author.name, each.action, str(each.key), each.author.means)
        for each in changes
    ]
    text = "\n".join([*table(rows), ""]) if changes else "nothing has changed yet\n"
    return Outcome([_data(each) for each in changes], text, forms={"table": text})


def _when(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _data(change: "StoredChange") -> Json:
    from tidegate.engine.masking import masked

    return {
        "version": change.version,
        "at": _when(change.at_wall),
        "author": change.author.name,
        "means": change.author.means,
        "action": change.action,
        "kind": change.key.kind,
        "name": change.key.name,
        "generation": change.generation,
        "resource": masked(change.document) if change.document is not None else None,
    }
