"""The health of resources, from what an engine says of its data flows (facts 8.2).

Knows which resources a data flow speaks for, and that an engine may not run. Does not know who wants to know.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tidegate.engine.control import EngineNotRunning, ask
from tidegate.resources.resource_key import ResourceKey
from tidegate.telemetry.status import EngineStatus, Health

__all__ = ["ask_resource_health", "resource_health"]

_WORST_FIRST: tuple[Health, ...] = ("Unavailable", "Degraded", "Unknown", "Available")


def ask_resource_health(directory: Path) -> Mapping[ResourceKey, Health]:
    """Ask the engine of a data directory; nothing where none answers. Blocks."""
    try:
        return resource_health(msgspec.convert(ask(directory, "status"), EngineStatus))
    except EngineNotRunning:
        return {}


def resource_health(status: EngineStatus) -> Mapping[ResourceKey, Health]:
    """Return the health of data flows, of their profiles, and of the endpoints that they use.

    A profile is as its worst data flow. An endpoint is Available where all connections to it stand, Unavailable where none
    does, and Degraded in between.
    """
    found: dict[ResourceKey, Health] = {ResourceKey("Dataflow", each.name): each.health for each in status.dataflows}
    profiles: dict[str, list[Health]] = {}
    connected: dict[str, list[bool]] = {}
    for flow in status.flows:
        profiles.setdefault(flow.profile, []).append(flow.health)
        for side in (flow.source, flow.destination):
            connected.setdefault(side.endpoint, []).append(side.connected)
    for name, healths in profiles.items():
        found[ResourceKey("DataflowProfile", name)] = _worst(healths)
    for name, states in connected.items():
        health: Health = "Available" if all(states) else "Degraded" if any(states) else "Unavailable"
        found[ResourceKey("DataflowEndpoint", name)] = health
    return found


def _worst(healths: Iterable[Health]) -> Health:
    return min(healths, key=_WORST_FIRST.index)
