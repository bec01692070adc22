"""The health of resources, from what an engine says of its data flows (facts 8.2).

Knows which resources a data flow speaks for. Does not know how an engine is asked.
"""

from collections.abc import Iterable, Mapping

from tidegate.resources.resource_key import ResourceKey
from tidegate.telemetry.status import EngineStatus, Health

__all__ = ["resource_health"]

_WORST_FIRST: tuple[Health, ...] = ("Unavailable", "Degraded", "Unknown", "Available")


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
