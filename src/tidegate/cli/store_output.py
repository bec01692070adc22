"""What changes of the store look like: a line for each resource, findings, and how they reached the engine.

Knows the form. Does not know how anything is changed.
"""

import sys
from typing import TYPE_CHECKING

from tidegate.cli.output import Json, Outcome, diagnostic_data, print_error, render_diagnostics

if TYPE_CHECKING:
    from tidegate.engine import changes
    from tidegate.engine.store_access import StoreAccess

__all__ = ["change_data", "note", "shown"]


def shown(outcome: "changes.Outcome", workspace: "StoreAccess", *, dry_run: bool) -> Outcome:
    """Show what an edit did, or would do, and bring it to the engine; the exit code is 1 when it is refused."""
    print(render_diagnostics(outcome.diagnostics, outcome.lines, stream=sys.stderr), end="", file=sys.stderr)
    data: Json = {
        "changes": [change_data(change) for change in outcome.changes],
        "diagnostics": [diagnostic_data(each) for each in outcome.diagnostics],
        "dryRun": dry_run,
        "refused": outcome.is_refused,
    }
    if outcome.is_refused:
        print_error("nothing was changed", "mend what is said above")
        return Outcome(data, "", 1)
    suffix = " (dry run)" if dry_run else ""
    text = "".join(f"{change.key} {change.action}{suffix}\n" for change in outcome.changes)
    if not dry_run and any(change.action not in ("unchanged", "absent") for change in outcome.changes):
        _ring(workspace)
    return Outcome(data, text, forms={"name": "".join(f"{change.key}\n" for change in outcome.changes)})


def note(text: str) -> None:
    """Say something on standard error that is no error."""
    print(f"note: {text}", file=sys.stderr)


def _ring(workspace: "StoreAccess") -> None:
    reached = workspace.ring()
    if reached.how == "rejected":
        for error in reached.errors:
            print_error(f"the engine goes on as before: {error}")
    elif reached.how == "not-looking":
        note("the engine that runs here was given files alone and does not take it up; start it with --data-dir")


def change_data(change: "changes.Change") -> Json:
    """Return a change as JSON values."""
    from tidegate.resources.differences import ABSENT
    from tidegate.resources.source_map import path_text

    def value(each: object) -> Json:
        return None if each is ABSENT else each  # type: ignore[return-value]  # a difference holds JSON or ABSENT

    return {
        "kind": change.key.kind,
        "name": change.key.name,
        "action": change.action,
        "version": change.version,
        "generation": change.generation,
        "differences": [
            {"path": path_text(each.path), "before": value(each.before), "after": value(each.after)}
            for each in change.differences
        ],
    }
