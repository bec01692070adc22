"""What is said about loops of data flows, and which data flows count hops so that no loop turns for ever.

Knows declared data flows and which endpoints mean one broker. Does not know how loops are found (`loops`) or hops counted.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tidegate.engine.broker_plan import is_embedded
from tidegate.engine.loops import Broker, Hop, find_loops, find_two_way
from tidegate.engine.transform_plan import COUNT_HOPS, NO_ECHO_OF, topic_template
from tidegate.flow.plan import FlowPlan
from tidegate.mqtt.topics import filter_error
from tidegate.resources.base import ResourceKey
from tidegate.resources.finding_list import FindingList
from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.resolved_flow import ResolvedEndpoint, ResolvedFlow
from tidegate.resources.resource_set import ResourceSet
from tidegate.settings import Settings
from tidegate.transform.topic_template import TopicTemplate

__all__ = ["broker_of", "check_echoes", "check_loops", "ignored_by", "with_trails"]

EMBEDDED: Broker = ("aio-broker", 0)
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

Templates = Mapping[ResourceKey, TopicTemplate]


def check_loops(
    flows: Sequence[ResolvedFlow],
    templates: Templates,
    resources: ResourceSet,
    settings: Settings,
    findings: FindingList,
) -> None:
    """Failure mode 22: a data flow that reads what it writes, alone or through others."""
    hops = _hops(flows, templates, resources, settings)
    uncounted = {flow.key.name for flow, _ in hops if _annotation(flow) == "never"}
    for loop in find_loops([hop for _, hop in hops]):
        ways = [hops[index][0] for index in loop]
        flow = ways[0]
        path = (*flow.destination_path, "dataDestination")
        if len(ways) == 1:
            message = f"the data flow reads what it writes: `{flow.topic_template}` on `{flow.destination.name}` is covered by "
            message += f"its own topic filters, {' and '.join(f'`{each}`' for each in flow.topic_filters)}"
            hint = "write to topics that the source does not read, or read fewer"
            findings.add("error", "loop", message, flow.key, path, hint)
            continue
        steps = ", ".join(map(_step, ways))
        names = " → ".join(each.key.name for each in (*ways, flow))
        message = f"messages may go round in a loop, {names}: {steps}, which `{flow.key.name}` reads again"
        hint = "let one of them write to topics that the next does not read; "
        if uncounted.issuperset(each.key.name for each in ways):
            hint += f"nothing ends it, for {COUNT_HOPS} is never"
        else:
            hint += f"a message that has been through {settings.hops_max} of them is dropped"
        findings.add("warning", "loop", message, flow.key, path, hint)


def check_echoes(flows: Sequence[ResolvedFlow], names: Collection[str], findings: FindingList) -> None:
    """Check that the data flows whose messages are not to be taken are there; `names` are those of all that are declared."""
    for flow in flows:
        for name in ignored_by(flow):
            if name not in names:
                meant = closest(name, sorted(names))
                hint = f"did you mean `{meant}`?" if meant else "name data flows, with commas between"
                message = f"the annotation {NO_ECHO_OF} names `{name}`, and there is no such data flow"
                findings.add("error", "annotation", message, flow.key, ("metadata", "annotations", NO_ECHO_OF), hint)


def ignored_by(flow: ResolvedFlow) -> list[str]:
    """Return the names of the data flows whose messages a data flow does not take."""
    named = (flow.dataflow.metadata.annotations or {}).get(NO_ECHO_OF)
    return [] if named is None else [each.strip() for each in named.split(",")]


def with_trails(
    plans: Sequence[FlowPlan], flows: Sequence[ResolvedFlow], resources: ResourceSet, settings: Settings
) -> tuple[FlowPlan, ...]:
    """Return the plans of valid data flows with what they note on messages and look for, so that none goes round for ever."""
    templates = {flow.key: topic_template(flow.dataflow) for flow in flows}
    counting = _counting(flows, templates, resources, settings)
    ignored = {flow.key.name: ignored_by(flow) for flow in flows}
    sought = {name for names in ignored.values() for name in names}
    client_ids: defaultdict[str, set[str]] = defaultdict(set)
    for plan in plans:
        client_ids[plan.name].add(plan.destination.client_id)
    return tuple(
        replace(
            plan,
            hops_max=settings.hops_max if plan.name in counting else None,
            echoes_of=frozenset(each for name in ignored[plan.name] for each in client_ids.get(name, ())),
            leaves_mark=plan.name in sought,
        )
        for plan in plans
    )


def _counting(
    flows: Sequence[ResolvedFlow], templates: Templates, resources: ResourceSet, settings: Settings
) -> frozenset[str]:
    """Return the names of the data flows that count hops.

    Those whose annotation says so; without one, those of a loop that was found, and those that go both ways between two brokers
    with topics that can overlap.
    """
    hops = _hops(flows, templates, resources, settings)
    counting = {hops[index][0].key.name for loop in find_loops([hop for _, hop in hops]) for index in loop}
    counting |= {hops[index][0].key.name for index in find_two_way([hop for _, hop in hops])}
    chosen = {flow.key.name: _annotation(flow) for flow in flows}
    return frozenset(
        name for name, choice in chosen.items() if choice == "always" or (choice is None and name in counting)
    )


def broker_of(endpoint: ResolvedEndpoint, resources: ResourceSet, settings: Settings) -> Broker:
    """Return what tells the broker of an endpoint from others: one broker may be meant by several names and ports."""
    if is_embedded(endpoint, settings):
        return EMBEDDED
    host, port = endpoint.address
    host = host.removesuffix(".")
    if host not in THIS_MACHINE:
        return host, port
    ours = {each.port for listener in resources.listeners.values() for each in listener.spec.ports}
    return EMBEDDED if port in ours and not settings.no_broker else (THIS_MACHINE[0], port)


def _annotation(flow: ResolvedFlow) -> str | None:
    return (flow.dataflow.metadata.annotations or {}).get(COUNT_HOPS)


def _step(flow: ResolvedFlow) -> str:
    filters = enumerate_words([f"`{each}`" for each in flow.topic_filters])
    return f"`{flow.key.name}` takes {filters} of `{flow.source.name}` to `{flow.topic_template}` of `{flow.destination.name}`"


def _hops(
    flows: Sequence[ResolvedFlow], templates: Templates, resources: ResourceSet, settings: Settings
) -> list[tuple[ResolvedFlow, Hop]]:
    """Return what loops are made of, for the enabled data flows whose topics are valid."""
    return [
        (
            flow,
            Hop(
                broker_of(flow.source, resources, settings),
                broker_of(flow.destination, resources, settings),
                flow.topic_filters,
                templates[flow.key],
                flow.key.name,
                frozenset(ignored_by(flow)),
            ),
        )
        for flow in flows
        if flow.is_enabled and flow.key in templates and not any(map(filter_error, flow.topic_filters))
    ]
