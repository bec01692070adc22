"""`tidegate diff`: what `tidegate apply` would change, as a unified diff.

Knows the form and the exit codes of `diff`. Does not know what changes: that is a dry run.
"""

import difflib
import sys
import time
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.apply import read_manifests
from tidegate.cli.output import Json, Outcome, render_diagnostics
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import change_data

if TYPE_CHECKING:
    from tidegate.engine.changes import Change
    from tidegate.store.stored import Document

__all__ = ["EXAMPLES", "arguments", "diff", "unified"]

EXAMPLES = (("See what a folder of manifests would change.", "tidegate diff -f manifests/"),)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.argument(
        "filename",
        options_list=["--filename", "-f"],
        nargs="+",
        metavar="PATH",
        help="Manifests, folders of them, or - for standard input.",
    )
    place_options(context)
    rule_options(context)


def diff(filename: list[str], **kwargs: Unpack[Place]) -> Outcome:
    """Show the difference; the exit code is 0 when there is none, 1 when there is one, and 2 when it cannot be applied."""
    from tidegate.engine.changes import Edit

    with opened(kwargs) as workspace:
        outcome = workspace.apply(Edit(put=read_manifests(filename)), author("diff"), time.time(), dry_run=True)
    print(render_diagnostics(outcome.diagnostics, outcome.lines, stream=sys.stderr), end="", file=sys.stderr)
    changed = [change for change in outcome.changes if change.action != "unchanged"]
    data: Json = [change_data(change) for change in changed]
    return Outcome(data, "".join(map(unified, changed)), 2 if outcome.is_refused else 1 if changed else 0)


def unified(change: "Change") -> str:
    """Return a change as a unified diff of manifests."""
    before, after = (_lines(document) for document in (change.before, change.after))
    lines = difflib.unified_diff(before, after, f"stored {change.key}", f"{change.action} {change.key}", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(document: "Document | None") -> list[str]:
    from tidegate.resources.yaml_writer import write_yaml

    return write_yaml(document).splitlines() if document is not None else []
