"""`tidegate dataflow profile create|update|apply|show|list|delete`: profiles, in the words of az.

Knows the commands and their flags (facts 6.3). Does not know how resources are judged or kept.
"""

from collections.abc import Mapping
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
    put_properties,
    read_config,
    show_of,
    yes_option,
)
from tidegate.cli.confirm import confirm
from tidegate.cli.dataflow import profile_of

if TYPE_CHECKING:
    from tidegate.cli.output import Outcome
    from tidegate.cli.store_options import Place

__all__ = ["EXAMPLES", "apply", "arguments", "create", "delete", "profiles", "show", "update"]

EXAMPLES = (
    ("Create a profile with three instances.", "tidegate dataflow profile create -n line-1 --profile-instances 3"),
    ("Log more of it.", "tidegate dataflow profile update -n line-1 --log-level debug"),
    ("Delete it with its data flows.", "tidegate dataflow profile delete -n line-1 --yes"),
)

KIND = "DataflowProfile"
_FLAGS = {"instanceCount": "--profile-instances", "level": "--log-level"}


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    azure_options(context)
    verb = context.command_scope.split()[-1]
    if verb != "list":
        name_option(context, "profile", KIND)
    if verb in ("create", "update"):
        context.argument(
            "profile_instances", options_list=["--profile-instances"], type=int, help="How many instances, 1 to 20."
        )
        context.argument("log_level", options_list=["--log-level"], help="What its data flows log, such as info.")
        change_options(context)
    elif verb == "apply":
        config_option(context)
        change_options(context)
    elif verb == "delete":
        yes_option(context)


def create(
    name: str, profile_instances: int = 1, log_level: str = "info", dry_run: bool = False, **kwargs: Any
) -> "Outcome":  # Any, here and below: knack hands over whatever was declared
    """Create or replace a profile."""
    properties = {"diagnostics": {"logs": {"level": log_level}}, "instanceCount": profile_instances}
    return _put(name, properties, "dataflow profile create", place_of(kwargs), dry_run=dry_run)


def apply(name: str, config_file: str, dry_run: bool = False, **kwargs: Any) -> "Outcome":
    """Create or replace a profile as a file says; az has no such command."""
    from tidegate.resources.resource_key import ResourceKey

    key = ResourceKey(KIND, name)
    written = declared(key, (name,), read_config(config_file))
    return put(place_of(kwargs), key, written, "dataflow profile apply", dry_run=dry_run)


def update(
    name: str,
    profile_instances: int | None = None,
    log_level: str | None = None,
    dry_run: bool = False,
    **kwargs: Any,
) -> "Outcome":
    """Change what flags name of a profile."""
    from tidegate.resources.resource_key import ResourceKey

    before = show_of(place_of(kwargs), ResourceKey(KIND, name))
    if not isinstance(before.data, dict):
        return before
    properties: dict[str, Any] = dict(before.data["properties"])
    if profile_instances is not None:
        properties["instanceCount"] = profile_instances
    if log_level is not None:
        diagnostics = dict(properties.get("diagnostics") or {})
        diagnostics["logs"] = {**(diagnostics.get("logs") or {}), "level": log_level}
        properties["diagnostics"] = diagnostics
    return _put(name, properties, "dataflow profile update", place_of(kwargs), dry_run=dry_run)


def show(name: str, **kwargs: Any) -> "Outcome":
    """Show a profile."""
    from tidegate.resources.resource_key import ResourceKey

    return show_of(place_of(kwargs), ResourceKey(KIND, name))


def profiles(**kwargs: Any) -> "Outcome":
    """List profiles."""
    return list_of(place_of(kwargs), KIND)


def delete(name: str, yes: bool = False, **kwargs: Any) -> "Outcome":
    """Delete a profile, and with it its data flows."""
    from tidegate.resources.resource_key import ResourceKey

    found = list_of(place_of(kwargs), "Dataflow", lambda each: profile_of(each) == name).data
    flows = [str(each["name"]) for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    with_flows = f" and its data flows {', '.join(flows)}" if flows else ""
    again = " It then has its built-in settings again." if name == "default" else ""
    confirm(f"Delete the profile {name}{with_flows}?{again}", yes=yes)
    keys = [ResourceKey(KIND, name), *(ResourceKey("Dataflow", each) for each in flows)]
    return delete_of(place_of(kwargs), keys, "dataflow profile delete")


def _put(name: str, properties: dict[str, Any], means: str, place: "Place", *, dry_run: bool) -> "Outcome":
    from tidegate.resources.resource_key import ResourceKey

    return put_properties(place, ResourceKey(KIND, name), properties, means, dry_run=dry_run, flag_of=_flag_of)


def _flag_of(path: str) -> str | None:
    return _FLAGS.get(path.rpartition(".")[2])
