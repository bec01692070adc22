"""`tidegate dataflow apply|show|list|delete`: data flows, in the words of az.

Knows the commands. Does not know how resources are judged or kept.
"""

from typing import TYPE_CHECKING, Any

from tidegate.cli.azure import (
    azure_options,
    change_options,
    config_option,
    confirm,
    declared,
    delete_of,
    list_of,
    name_option,
    place_of,
    put,
    read_config,
    show_of,
    yes_option,
)
from tidegate.cli.completers import NameCompleter

if TYPE_CHECKING:
    from tidegate.cli.output import Outcome
    from tidegate.resources.base import Resource

__all__ = ["EXAMPLES", "apply", "arguments", "dataflows", "delete", "profile_of", "show"]

EXAMPLES = (
    (
        "Create or replace a data flow as a file says.",
        "tidegate dataflow apply -n to-cloud --config-file to-cloud.json",
    ),
    ("Show one.", "tidegate dataflow show -n to-cloud"),
    ("List those of a profile.", "tidegate dataflow list --profile line-1"),
)

KIND = "Dataflow"


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    azure_options(context)
    verb = context.command_scope.split()[-1]
    context.argument(
        "profile",
        options_list=["--profile", "-p"],
        completer=NameCompleter("DataflowProfile"),
        help="Profile that the data flow belongs to.",
    )
    if verb != "list":
        name_option(context, "data flow", KIND)
    if verb == "apply":
        config_option(context)
        change_options(context)
    elif verb == "delete":
        yes_option(context)


def apply(
    name: str, config_file: str, profile: str = "default", dry_run: bool = False, **kwargs: Any
) -> "Outcome":  # Any, here and below: knack hands over whatever was declared
    """Create or replace a data flow as a file says."""
    from tidegate.resources.resource_key import ResourceKey

    key = ResourceKey(KIND, name)
    written = declared(key, (profile, name), read_config(config_file))
    return put(place_of(kwargs), key, written, "dataflow apply", dry_run=dry_run)


def show(name: str, profile: str | None = None, **kwargs: Any) -> "Outcome":
    """Show a data flow; names are unique over all profiles."""
    from tidegate.resources.resource_key import ResourceKey

    del profile
    return show_of(place_of(kwargs), ResourceKey(KIND, name))


def dataflows(profile: str | None = None, **kwargs: Any) -> "Outcome":
    """List data flows."""

    return list_of(place_of(kwargs), KIND, lambda each: profile is None or profile_of(each) == profile)


def profile_of(resource: "Resource") -> str:
    """Return the profile that a data flow belongs to."""
    from tidegate.resources.arm_form import names_of

    return names_of(resource, "")[1]


def delete(name: str, profile: str | None = None, yes: bool = False, **kwargs: Any) -> "Outcome":
    """Delete a data flow; its sessions end."""
    from tidegate.resources.resource_key import ResourceKey

    del profile
    confirm(f"Delete the data flow {name}?", yes=yes)
    return delete_of(place_of(kwargs), [ResourceKey(KIND, name)], "dataflow delete")
