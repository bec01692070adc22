"""Tries the endpoints of declared resources, all at once, each with what its data flows need.

Knows which endpoints there is something to try at, and as which client. Does not know the steps (`probe`).
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from tidegate.engine.load import Loaded
from tidegate.engine.mqtt_target import Target, resolved_target
from tidegate.engine.plan import CLIENT_ID_PREFIX, build
from tidegate.engine.probe import Wanted, probe
from tidegate.engine.probe_findings import Finding
from tidegate.exceptions import ConnectFailed, CredentialError
from tidegate.flow.plan import FlowPlan
from tidegate.resources.resolved_flow import ResolvedEndpoint, resolve_endpoint
from tidegate.settings import Settings

__all__ = ["probe_endpoints"]

AT_ONCE_MAX = 16


def probe_endpoints(
    loaded: Loaded, settings: Settings, wanted: Wanted, names: Collection[str] | None = None
) -> dict[str, list[Finding]]:
    """Try the MQTT endpoints that have no errors, those of `names` alone where it is given; return findings by endpoint.

    The built-in `default` is tried only where a data flow uses it. `wanted.client_id` is part of the client identifiers,
    between the prefix of the endpoint and its name; its data flows are those of `loaded`. To be called from outside a loop.
    """
    faulty = {each.resource for each in loaded.diagnostics if each.level == "error"}
    flows = loaded.plan.flows if loaded.plan is not None else _valid_flows(loaded, settings, faulty)
    used = {side.endpoint.name for flow in flows for side in (flow.source, flow.destination)}
    declared = {each.name for each in loaded.resources.declared} | used
    found: dict[str, list[Finding]] = {}
    waiting: dict[str, tuple[Target, Wanted]] = {}
    for name in loaded.resources.endpoints:
        endpoint = resolve_endpoint(name, loaded.resources)
        is_meant = name in declared and (names is None or name in names)
        if endpoint is None or not is_meant or str(endpoint.resource.key) in faulty:
            continue
        target = _target(endpoint, loaded, settings)
        if isinstance(target, Finding):
            found[name] = [target]
        else:
            waiting[name] = (target, _wanted(endpoint, wanted, flows))
    found.update(asyncio.run(_probe_all(waiting)) if waiting else {})
    return found


def _valid_flows(loaded: Loaded, settings: Settings, faulty: Collection[str]) -> tuple[FlowPlan, ...]:
    """Return the plans of the data flows that have no errors, and whose endpoints have none, where others have."""
    kept = {
        name: flow
        for name, flow in loaded.resources.dataflows.items()
        if str(flow.key) not in faulty
        and not {
            f"DataflowEndpoint/{flow.spec.source[1].endpoint_ref}",
            f"DataflowEndpoint/{flow.spec.destination[1].endpoint_ref}",
        }
        & set(faulty)
    }
    return build(replace(loaded.resources, dataflows=kept), settings).flows


def _target(endpoint: ResolvedEndpoint, loaded: Loaded, settings: Settings) -> Target | Finding:
    try:
        return resolved_target(endpoint, loaded.resources, settings)
    except CredentialError as error:
        return Finding("credential", "error", str(error), error.hint)
    except ConnectFailed as error:
        # The embedded broker comes with the engine: before that there is nothing wrong with it.
        return Finding("tcp", "skipped", error.detail, error.hint)


def _wanted(endpoint: ResolvedEndpoint, wanted: Wanted, flows: Collection[FlowPlan]) -> Wanted:
    prefix = endpoint.settings.client_id_prefix or CLIENT_ID_PREFIX
    first = [flow for flow in flows if flow.ordinal == 0]
    return replace(
        wanted,
        # Two endpoints may mean one broker, and there would take over each other's session.
        client_id=f"{prefix}-{wanted.client_id}-{endpoint.name}",
        reading=[flow for flow in first if flow.source.endpoint.name == endpoint.name],
        writing=[flow for flow in first if flow.destination.endpoint.name == endpoint.name],
    )


async def _probe_all(waiting: dict[str, tuple[Target, Wanted]]) -> dict[str, list[Finding]]:
    free = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(target: Target, wanted: Wanted) -> list[Finding]:
        async with free:
            return await probe(target, wanted)

    found = await asyncio.gather(*(one(target, wanted) for target, wanted in waiting.values()))
    return dict(zip(waiting, found, strict=True))
