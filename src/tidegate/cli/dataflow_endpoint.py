"""`tidegate dataflow endpoint create|update|apply|show|list|delete`: endpoints, in the words of az.

Knows the commands. Does not know what flags mean (`adapters/endpoint_flags.py`) or how resources are kept.
"""

import json
import sys
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
    put_properties,
    read_config,
    show_of,
    yes_option,
)
from tidegate.cli.completers import NameCompleter
from tidegate.cli.confirm import confirm
from tidegate.cli.endpoint_options import endpoint_flags, endpoint_options
from tidegate.cli.output import Outcome, diagnostic_data, render_diagnostics
from tidegate.cli.store_options import Place

if TYPE_CHECKING:
    from tidegate.adapters.endpoint_flags import Properties
    from tidegate.diagnostics import Diagnostic

__all__ = [
    "EXAMPLES",
    "apply",
    "arguments",
    "create_custom_mqtt",
    "create_eventgrid",
    "create_local_mqtt",
    "delete",
    "endpoints",
    "show",
    "update_custom_mqtt",
    "update_eventgrid",
    "update_local_mqtt",
]

EXAMPLES = (
    (
        "Create an endpoint for another broker, with a certificate.",
        "tidegate dataflow endpoint create custom-mqtt -n cloud --host mqtt.example --port 8883 --secret-name client",
    ),
    (
        "See the properties that flags make, and change nothing.",
        "tidegate dataflow endpoint create local-mqtt -n own --host aio-broker --port 18883 --show-config",
    ),
    ("Create or replace one as a file says.", "tidegate dataflow endpoint apply -n cloud --config-file cloud.json"),
    ("Change one setting.", "tidegate dataflow endpoint update custom-mqtt -n cloud --qos 0"),
)

KIND = "DataflowEndpoint"


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    azure_options(context)
    words = context.command_scope.split()
    if words[-1] != "list":
        name_option(context, "endpoint", KIND)
    if words[2] in ("create", "update"):
        names = NameCompleter(KIND)
        context.extra(
            "name", options_list=["--name", "-n"], completer=names, help="Name of the endpoint.", required=True
        )
        endpoint_options(context, words[3])
        context.extra(
            "show_config",
            options_list=["--show-config"],
            action="store_true",
            help="Show the properties that would result, and write nothing.",
        )
        change_options(context)
    elif words[2] == "apply":
        config_option(context)
        change_options(context)
    elif words[2] == "delete":
        yes_option(context)


def create_local_mqtt(**kwargs: Any) -> Outcome:  # Any, here and below: knack hands over whatever was declared
    """Create or replace an endpoint of the local broker."""
    return _create("local-mqtt", kwargs)


def create_eventgrid(**kwargs: Any) -> Outcome:
    """Create or replace an endpoint of Azure Event Grid."""
    return _create("eventgrid", kwargs)


def create_custom_mqtt(**kwargs: Any) -> Outcome:
    """Create or replace an endpoint of any MQTT broker."""
    return _create("custom-mqtt", kwargs)


def update_local_mqtt(**kwargs: Any) -> Outcome:
    """Change what flags name of an endpoint of the local broker."""
    return _update("local-mqtt", kwargs)


def update_eventgrid(**kwargs: Any) -> Outcome:
    """Change what flags name of an endpoint of Azure Event Grid."""
    return _update("eventgrid", kwargs)


def update_custom_mqtt(**kwargs: Any) -> Outcome:
    """Change what flags name of an endpoint of any MQTT broker."""
    return _update("custom-mqtt", kwargs)


def apply(name: str, config_file: str, dry_run: bool = False, **kwargs: Any) -> Outcome:
    """Create or replace an endpoint as a file says."""
    from tidegate.resources.resource_key import ResourceKey

    key = ResourceKey(KIND, name)
    written = declared(key, (name,), read_config(config_file))
    means = "dataflow endpoint apply"
    return put(place_of(kwargs), key, written, means, dry_run=dry_run, explain=lambda each: _whole(each, name))


def show(name: str, **kwargs: Any) -> Outcome:
    """Show an endpoint."""
    from tidegate.resources.resource_key import ResourceKey

    return show_of(place_of(kwargs), ResourceKey(KIND, name))


def endpoints(**kwargs: Any) -> Outcome:
    """List endpoints."""
    return list_of(place_of(kwargs), KIND)


def delete(name: str, yes: bool = False, **kwargs: Any) -> Outcome:
    """Delete an endpoint; `default` then has its built-in settings again."""
    from tidegate.resources.resource_key import ResourceKey

    again = " It then has its built-in settings again." if name == "default" else ""
    confirm(f"Delete the endpoint {name}?{again}", yes=yes)
    return delete_of(place_of(kwargs), [ResourceKey(KIND, name)], "dataflow endpoint delete")


def _create(kind: str, given: dict[str, Any]) -> Outcome:
    from tidegate.adapters.endpoint_flags import KINDS, create

    name, shows, dry_run = given.pop("name"), given.pop("show_config", False), given.pop("dry_run", False)
    properties, found = create(KINDS[kind], endpoint_flags(given))
    if found:
        return _refused(found)
    if shows:
        return Outcome(properties, f"{json.dumps(properties, indent=2, ensure_ascii=False)}\n")
    return _put(name, properties, f"dataflow endpoint create {kind}", place_of(given), dry_run=dry_run)


def _update(kind: str, given: dict[str, Any]) -> Outcome:
    from tidegate.adapters.endpoint_flags import KINDS, update
    from tidegate.resources.resource_key import ResourceKey

    name, shows, dry_run = given.pop("name"), given.pop("show_config", False), given.pop("dry_run", False)
    flags = endpoint_flags(given)
    place = place_of(given)
    before = show_of(place, ResourceKey(KIND, name))
    if not isinstance(before.data, dict):
        return before
    properties, found = update(KINDS[kind], flags, before.data["properties"])
    if found:
        return _refused(found)
    if shows:
        return Outcome(properties, f"{json.dumps(properties, indent=2, ensure_ascii=False)}\n")
    return _put(name, properties, f"dataflow endpoint update {kind}", place, dry_run=dry_run)


def _put(name: str, properties: "Properties", means: str, place: Place, *, dry_run: bool) -> Outcome:
    from tidegate.adapters.endpoint_flags import flag_of
    from tidegate.resources.resource_key import ResourceKey

    return put_properties(place, ResourceKey(KIND, name), properties, means, dry_run=dry_run, flag_of=flag_of)


def _whole(found: "Diagnostic", name: str) -> "Diagnostic":
    """Say of a file that lacks something that `apply` replaces the whole endpoint."""
    if found.code != "missing-field":
        return found
    hint = f"{found.hint}; `apply` replaces the whole endpoint, and single settings are changed by "
    return replace(found, hint=f"{hint}`tidegate dataflow endpoint update custom-mqtt -n {name}`")


def _refused(found: "tuple[Diagnostic, ...]") -> Outcome:
    print(render_diagnostics(found, {}, stream=sys.stderr), end="", file=sys.stderr)
    return Outcome([diagnostic_data(each) for each in found], "", 2)
