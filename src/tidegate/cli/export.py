"""`tidegate export`: resources as files for somewhere else.

Knows what is asked for. Does not know notations: those are `engine/notations.py`. Contents of secrets are exported in none.
"""

from typing import Any, Unpack

from tidegate.cli.completers import ResourceCompleter
from tidegate.cli.kind_words import NotFound, kinds_and_names
from tidegate.cli.output import Outcome
from tidegate.cli.store_options import Place, opened, place_options
from tidegate.cli.store_output import note

__all__ = ["EXAMPLES", "arguments", "export"]

EXAMPLES = (
    ("Export everything as manifests.", "tidegate export"),
    ("Export the data flows and endpoints as an ARM template.", "tidegate export dataflows,endpoints --as arm"),
    ("Export one resource.", "tidegate export endpoint cloud"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    from tidegate.engine.notations import NOTATIONS

    context.positional(
        "resources",
        nargs="*",
        metavar="KIND",
        help="KIND, KIND NAME..., KIND/NAME... or KIND,KIND. Default: all.",
        completer=ResourceCompleter(),
    )
    summaries = " ".join(f"{name}: {row.summary}" for name, row in NOTATIONS.items())
    context.argument(
        "notation", options_list=["--as"], choices=list(NOTATIONS), help=f"Notation to write in. {summaries}"
    )
    place_options(context)


def export(resources: list[str], notation: str = "yaml", **kwargs: Unpack[Place]) -> Outcome:
    """Write resources out; the exit code is 3 when one that is named is not there."""
    from tidegate.engine.notations import NOTATIONS
    from tidegate.engine.stored import read_stored

    kinds, keys = kinds_and_names(resources)
    with opened(kwargs) as workspace:
        declared = workspace.files().over(read_stored(workspace.store.resources())).resources.declared
    here = {resource.key: resource for resource in declared}
    for key in keys:
        if key not in here:
            raise NotFound(key, [each.name for each in here if each.kind == key.kind])
    chosen = [resource for key, resource in here.items() if key in keys or key.kind in kinds]
    written = NOTATIONS[notation].write(chosen)
    for each in written.notes:
        note(each)
    return Outcome(written.text, written.text)
