"""`tidegate apply`: bring the resource store to what manifests say.

Knows what is read and what is printed. Does not know how resources are judged or stored: that is `engine/changes.py`.
"""

import sys
import time
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.output import Outcome
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import shown

if TYPE_CHECKING:
    from tidegate.resources.manifest import Manifest
    from tidegate.resources.resource_key import ResourceKey

__all__ = ["EXAMPLES", "STDIN", "apply", "arguments", "read_manifests"]

EXAMPLES = (
    ("Create or change what a folder of manifests declares.", "tidegate apply -f manifests/"),
    ("See what would change.", "tidegate apply -f manifests/ --dry-run"),
    ("Apply what another program writes.", "tidegate apply -f - < made.yaml"),
)

STDIN = "-"
VERSION_DIGITS_MAX = 18


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.argument(
        "filename",
        options_list=["--filename", "-f"],
        nargs="+",
        metavar="PATH",
        help="Manifests, folders of them, or - for standard input.",
    )
    context.argument("dry_run", options_list=["--dry-run"], action="store_true", help="Say what would be done only.")
    place_options(context)
    rule_options(context)


def apply(filename: list[str], dry_run: bool = False, **kwargs: Unpack[Place]) -> Outcome:
    """Create resources and replace those that are there; the exit code is 1 when there are errors, and nothing is changed."""
    from tidegate.engine.changes import Edit

    with opened(kwargs) as workspace:
        put = read_manifests(filename)
        edit = Edit(put=put, expected=_expected(put))
        outcome = workspace.apply(edit, author("apply"), time.time(), dry_run=dry_run)
        return shown(outcome, workspace, dry_run=dry_run)


def _expected(put: "Manifest") -> "dict[ResourceKey, int]":
    """Return the versions that the resources were read with, as `tidegate get` writes them.

    A resource with a uid was read from a cluster, whose versions mean nothing here.
    """
    found = {}
    for resource in put.resources.declared:
        version = str(resource.metadata.resource_version or "")
        if version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS_MAX and not resource.metadata.uid:
            found[resource.key] = int(version)
    return found


def read_manifests(paths: list[str]) -> "Manifest":
    """Read what files, folders and standard input declare."""
    from dataclasses import replace

    from tidegate.engine import files
    from tidegate.resources.manifest import parse
    from tidegate.resources.source_map import SourceText

    texts, unreadable = files.read(path for path in paths if path != STDIN)
    if STDIN in paths:
        read = files.read_stream(sys.stdin.buffer, "standard input")
        if isinstance(read, SourceText):
            texts.append(read)
        else:
            unreadable.append(read)
    declared = parse(texts)
    return replace(declared, diagnostics=(*unreadable, *declared.diagnostics))
