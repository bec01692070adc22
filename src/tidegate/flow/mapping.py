"""The one place where a plan's words become MQTT's: settings of a connection, subscriptions, the message to publish.

Knows both vocabularies. Does not know connections.
"""

from collections.abc import Callable

from tidegate.flow.hops import counted, hop_count
from tidegate.flow.plan import (
    AuthenticationPlan,
    FlowPlan,
    SidePlan,
    SystemIdentityPlan,
    TokenPlan,
    UserIdentityPlan,
)
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.transform.compiler import Outcome, compile_transform
from tidegate.transform.enrich import Snapshots
from tidegate.transform.spec import Dropped

__all__ = ["PERSISTENCE_PROPERTY", "authentication_method", "client_settings", "outgoing", "subscriptions"]

PERSISTENCE_PROPERTY = ("aio-persistence", "true")
"""The user property by which a client asks the local broker for persistence (facts 1.9)."""


def authentication_method(plan: AuthenticationPlan) -> str | None:
    """Return MQTT's name of an authentication method (facts 5), None where nothing is presented in CONNECT."""
    match plan:
        case TokenPlan():
            return "K8S-SAT"
        case SystemIdentityPlan() | UserIdentityPlan():
            return "OAUTH2-JWT"
        case _:
            return None


def client_settings(side: SidePlan, packet_bytes_max: int | None) -> ClientSettings:
    """Return what CONNECT announces for one side; `packet_bytes_max` is set for a source only."""
    return ClientSettings(
        keep_alive_seconds=side.keep_alive_seconds,
        session_expiry_seconds=side.session_expiry_seconds,
        receive_maximum=side.receive_maximum,
        packet_bytes_max=packet_bytes_max,
        user_properties=(PERSISTENCE_PROPERTY,) if side.requests_persistence else (),
    )


def subscriptions(plan: FlowPlan) -> list[Subscription]:
    """Return the subscriptions of a flow; retain-as-published, so that `retain: Keep` can keep the flag."""
    return [Subscription(topic_filter, plan.source.qos) for topic_filter in plan.topic_filters]


def outgoing(
    plan: FlowPlan, new_id: Callable[[], str], snapshots: Snapshots | None = None
) -> Callable[[Message, Moment], Outcome]:
    """Return the function from a received message to the one to publish.

    The destination's `qos` decides whatever was received, and its `retain` whether the flag is kept (facts 4.1). What
    needs no change is answered as it is. Where hops are counted, what has come too far is dropped before anything else.
    """
    transform = compile_transform(plan.transform, new_id=new_id, snapshots=snapshots)
    qos = plan.destination.qos
    keeps_retain = plan.retain_mode == "Keep"

    def make(received: Message, now: Moment) -> Outcome:
        message = transform(received, now)
        if not isinstance(message, Message) or (message.qos == qos and (keeps_retain or not message.retain)):
            return message
        return _with_delivery(message, qos, message.retain and keeps_retain, message.user_properties)

    return make if plan.hops_max is None else _counting(make, plan.hops_max)


def _counting(make: Callable[[Message, Moment], Outcome], hops_max: int) -> Callable[[Message, Moment], Outcome]:
    """Return `make` with a count of hops, which drops what has been through `hops_max` data flows already."""

    def make_counted(received: Message, now: Moment) -> Outcome:
        count = hop_count(received.user_properties)
        if count >= hops_max:
            return Dropped(
                "hops", f"it has been through {count} data flows, and {hops_max} are allowed: does it go round?"
            )
        message = make(received, now)
        if not isinstance(message, Message):
            return message
        return _with_delivery(message, message.qos, message.retain, counted(message.user_properties, count + 1))

    return make_counted


def _with_delivery(message: Message, qos: int, retain: bool, user_properties: tuple[tuple[str, str], ...]) -> Message:
    # Written out, for `msgspec.structs.replace` costs three times as much and every message may come by here.
    return Message(
        message.topic,
        message.payload,
        qos,
        retain,
        message.payload_format_indicator,
        message.message_expiry_seconds,
        message.content_type,
        message.response_topic,
        message.correlation_data,
        user_properties,
    )
