"""What a flow needs of a server, checked against what the server announced in CONNACK.

Knows both and the remedy. Does not know connections.
"""

from dataclasses import dataclass

from tidegate.flow.plan import FlowPlan
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.mqtt.topics import has_wildcard, split_share

__all__ = ["Shortcoming", "destination_refusal", "source_refusal", "source_weakness"]


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """What the server lacks, and what to do about it."""

    detail: str
    remedy: str


def source_refusal(plan: FlowPlan, limits: ServerLimits) -> Shortcoming | None:
    """Say why this source cannot serve the flow at all, None when it can."""
    shared = [item for item in plan.topic_filters if split_share(item)[0] is not None]
    if shared and not limits.shared_subscription_available:
        return Shortcoming(
            f"the source does not support shared subscriptions, and the flow needs `{shared[0]}`",
            "set instanceCount: 1 on the profile, and take `$share/` out of dataSources",
        )
    wildcards = [item for item in plan.topic_filters if has_wildcard(item)]
    if wildcards and not limits.wildcard_subscription_available:
        return Shortcoming(
            f"the source does not support wildcard subscriptions, and the flow needs `{wildcards[0]}`",
            "name the topics one by one in dataSources",
        )
    return None


def source_weakness(plan: FlowPlan, limits: ServerLimits) -> Shortcoming | None:
    """Say why the promise does not wholly hold with this source, None when it does."""
    asked = plan.source.session_expiry_seconds
    if limits.session_expiry_seconds < asked:
        return Shortcoming(
            f"the source keeps the session for {limits.session_expiry_seconds} s, and {asked} s were asked for",
            "raise the source broker's maximum session expiry, or lower sessionExpirySeconds",
        )
    return None


def destination_refusal(plan: FlowPlan, limits: ServerLimits) -> Shortcoming | None:
    """Say why this destination cannot serve the flow at all, None when it can."""
    if limits.maximum_qos < plan.destination.qos:
        return Shortcoming(
            f"the destination accepts QoS {limits.maximum_qos} at most, and the flow publishes with QoS {plan.destination.qos}",
            "set qos: 0 on the destination endpoint, which gives up the promise, or use another broker",
        )
    return None
