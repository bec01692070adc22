"""`tidegate dataflow apply|show|list|delete`: data flows, in the words of az.

Knows the commands. Does not know how resources are judged or kept.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidegate.cli.azure import (
    azure_options,
    change_options,
    config_option,
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
from tidegate.cli.confirm import confirm
from tidegate.cli.kind_words import NotFound

if TYPE_CHECKING:
    from tidegate.cli.output import Outcome
    from tidegate.cli.store_options import Place
    from tidegate.diagnostics import Diagnostic
    from tidegate.resources.base import Resource
    from tidegate.resources.resource_key import ResourceKey

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
    return put(place_of(kwargs), key, written, "dataflow apply", dry_run=dry_run, explain=_typed)


def _typed(found: "Diagnostic") -> "Diagnostic":
    """Say of a finding about the name or the profile that it is about what was typed: the file has neither."""
    if found.path != "name":
        return found
    return replace(found, span=None, path="--profile" if found.code == "missing-reference" else "--name")


def show(name: str, profile: str | None = None, **kwargs: Any) -> "Outcome":
    """Show a data flow; names are unique over all profiles, but a profile that is named has to be its own."""
    place = place_of(kwargs)
    return show_of(place, _key(name, profile, place))


def dataflows(profile: str | None = None, **kwargs: Any) -> "Outcome":
    """List data flows."""

    return list_of(place_of(kwargs), KIND, lambda each: profile is None or profile_of(each) == profile)


def profile_of(resource: "Resource") -> str:
    """Return the profile that a data flow belongs to."""
    from tidegate.resources.arm_form import names_of

    return names_of(resource, "")[1]


def delete(name: str, profile: str | None = None, yes: bool = False, **kwargs: Any) -> "Outcome":
    """Delete a data flow; its sessions end."""
    place = place_of(kwargs)
    key = _key(name, profile, place)
    confirm(f"Delete the data flow {name}?", yes=yes)
    return delete_of(place, [key], "dataflow delete")


def _key(name: str, profile: str | None, place: "Place") -> "ResourceKey":
    """Return which data flow is meant. Raises `NotFound` where a profile is named that it does not belong to."""
    from tidegate.resources.resource_key import ResourceKey

    key = ResourceKey(KIND, name)
    if profile is None:
        return key
    found = list_of(place, KIND, lambda each: profile_of(each) == profile).data
    names = [str(each["name"]) for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    if name not in names:
        raise NotFound(key, names)
    return key
