"""Which data flows take a topic, what comes out where, and why others do not take it.

Knows declared data flows and topics. Does not know payloads: what depends on one is said to. Nothing is connected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from tidegate.diagnostics import Diagnostic
from tidegate.engine.loop_rules import broker_of
from tidegate.engine.transform_plan import topic_template
from tidegate.mqtt.topics import matches, split_share
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.resolved_flow import ResolvedFlow, resolve, resolve_endpoint
from tidegate.resources.resource_set import ResourceSet
from tidegate.settings import Settings
from tidegate.transform.topic_template import TopicTemplate, Unresolvable

__all__ = ["TopicRoute", "Verdict", "topic_routes"]

Verdict = Literal["takes", "shares", "drops", "no"]
"""`takes`: publishes it. `shares`: one of several data flows does, in turn. `drops`: acknowledges it and counts why it ends."""


@dataclass(frozen=True, slots=True)
class TopicRoute:
    """What one data flow does with a topic. `topic` is what comes out, None where nothing does or the map decides; `following`
    names the data flows that read it where it comes out.
    """

    flow: str
    source: str
    destination: str
    verdict: Verdict
    reason: str
    topic: str | None = None
    following: tuple[str, ...] = ()


def topic_routes(
    topic: str,
    resources: ResourceSet,
    diagnostics: Sequence[Diagnostic],
    settings: Settings,
    *,
    endpoint: str | None = None,
) -> list[TopicRoute]:
    """Return a route for each declared data flow, those that take the topic first.

    Args:
        topic: a valid topic name, as somebody publishes it.
        diagnostics: the findings about `resources`; what does not validate does not run.
        endpoint: where it is published: data flows that read from another broker do not take it. None means anywhere.
    """
    errors = {each.resource: each.message for each in reversed(diagnostics) if each.level == "error"}
    routes: list[TopicRoute] = []
    resolved = [flow for each in resources.dataflows.values() if (flow := resolve(each, resources)) is not None]
    finder = _Finder(resolved, resources, settings, errors)
    for dataflow in resources.dataflows.values():
        flow = next((each for each in resolved if each.key == dataflow.key), None)
        if flow is None or str(dataflow.key) in errors:
            reason = f"it does not validate: {errors.get(str(dataflow.key), 'what it refers to is not there')}"
            routes.append(_no(dataflow, reason))
        else:
            routes.append(finder.route(flow, topic, endpoint))
    order = ("takes", "shares", "drops", "no")
    return sorted(routes, key=lambda each: order.index(each.verdict))


def _no(dataflow: Dataflow, reason: str) -> TopicRoute:
    source, destination = dataflow.spec.source[1], dataflow.spec.destination[1]
    return TopicRoute(dataflow.name, source.endpoint_ref, destination.endpoint_ref, "no", reason)


class _Finder:
    """Finds the routes among data flows that resolve."""

    def __init__(
        self, flows: Sequence[ResolvedFlow], resources: ResourceSet, settings: Settings, errors: dict[str, str]
    ) -> None:
        self._flows = [flow for flow in flows if flow.is_enabled and str(flow.key) not in errors]
        self._resources = resources
        self._settings = settings

    def route(self, flow: ResolvedFlow, topic: str, endpoint: str | None) -> TopicRoute:
        """Return what one data flow does with a topic."""
        if not flow.is_enabled:
            return _no(flow.dataflow, "it is disabled (`mode: Disabled`)")
        if endpoint is not None and not self._reads_from(flow, endpoint):
            return _no(flow.dataflow, f"it reads from `{flow.source.name}`, which is another broker than `{endpoint}`")
        taken = [each for each in flow.topic_filters if matches(each, topic)]
        if not taken:
            reasons = [f"`{each}` {_mismatch(each, topic)}" for each in flow.topic_filters]
            return _no(flow.dataflow, f"no topic filter matches: {'; '.join(reasons)}")
        template = topic_template(flow.dataflow)
        reason = f"`{taken[0]}` matches"
        made = _made(template, topic)
        if isinstance(made, Unresolvable):
            return self._found(flow, "drops", f"{reason}, and it would be dropped (topic): {made.detail}")
        rivals = self._rivals(flow, taken, topic)
        if rivals:
            reason += f"; each message goes to it or to {' or '.join(f'`{each}`' for each in rivals)}, which share it"
        reason += _depends(flow, template)
        return self._found(flow, "shares" if rivals else "takes", reason, made)

    def _found(self, flow: ResolvedFlow, verdict: Verdict, reason: str, topic: str | None = None) -> TopicRoute:
        following: tuple[str, ...] = ()
        if topic is not None:
            broker = broker_of(flow.destination, self._resources, self._settings)
            following = tuple(
                each.key.name
                for each in self._flows
                if broker_of(each.source, self._resources, self._settings) == broker
                and any(matches(topic_filter, topic) for topic_filter in each.topic_filters)
            )
        return TopicRoute(flow.key.name, flow.source.name, flow.destination.name, verdict, reason, topic, following)

    def _reads_from(self, flow: ResolvedFlow, endpoint: str) -> bool:
        meant = resolve_endpoint(endpoint, self._resources)
        if meant is None:
            return flow.source.name == endpoint
        brokers = [broker_of(each, self._resources, self._settings) for each in (meant, flow.source)]
        return brokers[0] == brokers[1]

    def _rivals(self, flow: ResolvedFlow, taken: Sequence[str], topic: str) -> list[str]:
        """Return the other members of the shared subscription by which alone a topic is taken [section 4.8.2]."""
        groups = {each for each in taken if split_share(each)[0] is not None}
        if len(groups) < len(taken):
            return []
        broker = broker_of(flow.source, self._resources, self._settings)
        return [
            each.key.name
            for each in self._flows
            if each.key != flow.key
            and groups & set(each.topic_filters)
            and broker_of(each.source, self._resources, self._settings) == broker
        ]


def _made(template: TopicTemplate, topic: str) -> str | Unresolvable | None:
    """Return the topic that a template makes; None where the map decides."""
    if not template.uses_output_topic:
        return template.compile()(topic, None)
    # Whatever the map writes, a segment that is not there stays so.
    made = template.compile()(topic, "x")
    return made if isinstance(made, Unresolvable) else None


def _depends(flow: ResolvedFlow, template: TopicTemplate) -> str:
    """Say what of the outcome depends on the payload."""
    transformation = flow.dataflow.spec.transformation
    says = []
    if transformation is not None and transformation[1].filter:
        says.append("its filters decide by each message")
    if template.uses_output_topic:
        says.append("its map writes the topic")
    return f"; {' and '.join(says)}, see `tidegate trace`" if says else ""


def _mismatch(topic_filter: str, topic: str) -> str:
    """Say why a filter does not match a topic."""
    pattern = split_share(topic_filter)[1]
    if topic.startswith("$") and pattern[0] in "+#":
        return "begins with a wildcard, which stands for no topic that begins with `$`"
    levels, wanted = topic.split("/"), pattern.split("/")
    for number, (level, want) in enumerate(zip_longest(levels, wanted), 1):
        if level is None or want is None:
            return f"has {len(wanted)} level{'s' if len(wanted) > 1 else ''}, and the topic {len(levels)}"
        if want not in ("+", level):
            return f"has `{want}` in level {number}, and the topic `{level}`"
    raise AssertionError("it matches")
