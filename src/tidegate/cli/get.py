"""`tidegate get`: show resources of the store, and those of the files that the engine was given.

Knows tables and which columns each kind has. Does not know where resources lie: that is `engine/inventory.py`.
"""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.completers import ResourceCompleter
from tidegate.cli.kind_words import NotFound, kinds_and_names
from tidegate.cli.output import Json, Outcome, table
from tidegate.cli.store_options import Place, opened, place_options

if TYPE_CHECKING:
    from tidegate.engine.inventory import Entry

__all__ = ["EXAMPLES", "age", "arguments", "get"]

EXAMPLES = (
    ("List everything.", "tidegate get"),
    ("List the data flows.", "tidegate get dataflows"),
    ("Show one endpoint as a manifest.", "tidegate get endpoint cloud -o yaml"),
    ("Show two resources.", "tidegate get dataflow/uplink endpoint/cloud"),
)

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional(
        "resources",
        nargs="*",
        metavar="KIND",
        help="KIND, KIND NAME..., KIND/NAME... or KIND,KIND. Default: all.",
        completer=ResourceCompleter(),
    )
    place_options(context)


def get(resources: list[str], **kwargs: Unpack[Place]) -> Outcome:
    """Show resources; contents of secrets are not shown. The exit code is 3 when a resource that is named is not there."""
    from tidegate.engine.inventory import inventory, with_versions
    from tidegate.resources.yaml_writer import write_documents

    kinds, keys = kinds_and_names(resources)
    with opened(kwargs) as workspace:
        names_default = any(key.name == "default" for key in keys)
        entries = inventory(workspace, kinds or {key.kind for key in keys}, with_built_in=names_default)
    if keys:
        found = {entry.key: entry for entry in entries}
        for key in keys:
            if key not in found:
                raise NotFound(key, [each.name for each in found if each.kind == key.kind])
        entries = [found[key] for key in keys]
    documents = [with_versions(entry) for entry in entries]
    data: Json = documents[0] if len(keys) == 1 else {"apiVersion": "v1", "kind": "List", "items": documents}
    forms = {
        "yaml": write_documents(documents),
        "name": "".join(f"{entry.key}\n" for entry in entries),
        "table": _tables(entries),
    }
    return Outcome(data, forms["table"], forms=forms)


def age(seconds: float) -> str:
    """Return a time for a column: `5s`, `12m`, `3h`, `8d`."""
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= unit:
            return f"{int(seconds // unit)}{letter}"
    return f"{max(0, int(seconds))}s"


def _tables(entries: Sequence["Entry"]) -> str:
    """Write a table for each kind."""
    now = time.time()
    kinds = list(dict.fromkeys(entry.key.kind for entry in entries))
    parts = []
    for kind in kinds:
        columns = _COLUMNS.get(kind, {})
        rows = [(kind.upper() if len(kinds) > 1 else "NAME", *columns, "GENERATION", "AGE", "FROM")]
        for entry in entries:
            if entry.key.kind == kind:
                stored = entry.stored
                cells = [_cell(entry.document, path) for path in columns.values()]
                generation, old = (
                    ("-", "-") if stored is None else (str(stored.generation), age(now - stored.created_wall))
                )
                origin = entry.file or ("built-in" if stored is None else "store")
                rows.append((entry.key.name, *cells, generation, old, origin))
        parts.append("\n".join([*table(rows), ""]))
    return "\n".join(parts) or "there is nothing yet\n"


_MQTT = ("spec", "mqttSettings")
_COLUMNS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "DataflowEndpoint": {
        "TYPE": ("spec", "endpointType"),
        "HOST": (*_MQTT, "host"),
        "METHOD": (*_MQTT, "authentication", "method"),
    },
    "Dataflow": {
        "PROFILE": ("spec", "profileRef"),
        "MODE": ("spec", "mode=Enabled"),
        "SOURCE": ("spec", "operations", "sourceSettings", "endpointRef"),
        "DESTINATION": ("spec", "operations", "destinationSettings", "endpointRef"),
    },
    "DataflowProfile": {"INSTANCES": ("spec", "instanceCount=1")},
    "BrokerListener": {"SERVICE": ("spec", "serviceType=ClusterIp"), "PORTS": ("spec", "ports", "port")},
    "BrokerAuthentication": {"METHODS": ("spec", "authenticationMethods", "method")},
    "Secret": {"KEYS": ("data", "*")},
    "ConfigMap": {"KEYS": ("data", "*")},
}
"""By kind and title, where the value stands; a default follows `=`, and `*` are the names of the fields."""


def _cell(value: Json, path: Sequence[str]) -> str:
    if isinstance(value, list | tuple):
        return ",".join(each for each in (_cell(child, path) for child in value) if each != "-") or "-"
    if not path:
        return str(value) if value not in (None, "") else "-"
    if not isinstance(value, Mapping):
        return "-"
    if path[0] == "*":
        return ",".join(value) or "-"
    name, _, default = path[0].partition("=")
    return _cell(value.get(name, default or None), path[1:])
