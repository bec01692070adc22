"""The one place where a plan's words become MQTT's: settings of a connection, subscriptions, the message to publish.

Knows both vocabularies. Does not know connections.
"""

from collections.abc import Callable

from tidegate.flow.plan import (
    AuthenticationPlan,
    FlowPlan,
    SidePlan,
    SystemIdentityPlan,
    TokenPlan,
    UserIdentityPlan,
)
from tidegate.flow.trail import counted, echoed, hop_count, marked
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
    needs no change is answered as it is. What has come too far, or is an echo, is dropped before
    anything else.
    """
    transform = compile_transform(plan.transform, new_id=new_id, snapshots=snapshots)
    qos = plan.destination.qos
    keeps_retain = plan.retain_mode == "Keep"

    def make(received: Message, now: Moment) -> Outcome:
        message = transform(received, now)
        if not isinstance(message, Message) or (message.qos == qos and (keeps_retain or not message.retain)):
            return message
        return _with_delivery(message, qos, message.retain and keeps_retain, message.user_properties)

    is_plain = plan.hops_max is None and not plan.echoes_of and not plan.leaves_mark
    return make if is_plain else _on_the_trail(make, plan)


def _on_the_trail(make: Callable[[Message, Moment], Outcome], plan: FlowPlan) -> Callable[[Message, Moment], Outcome]:
    """Return `make`, looking first at where the message has been, and noting that it has been here."""
    hops_max, echoes_of, client_id = plan.hops_max, plan.echoes_of, plan.destination.client_id

    def make_noted(received: Message, now: Moment) -> Outcome:
        echo = echoed(received.user_properties, echoes_of) if echoes_of else None
        if echo is not None:
            return Dropped("echo", f"the data flow's counterpart published it, as `{echo}`")
        count = 0 if hops_max is None else hop_count(received.user_properties)
        if hops_max is not None and count >= hops_max:
            return Dropped(
                "hops", f"it has been through {count} data flows, and {hops_max} are allowed: does it go round?"
            )
        message = make(received, now)
        if not isinstance(message, Message):
            return message
        properties = message.user_properties if hops_max is None else counted(message.user_properties, count + 1)
        if plan.leaves_mark:
            properties = marked(properties, client_id)
        if properties == message.user_properties:
            return message
        return _with_delivery(message, message.qos, message.retain, properties)

    return make_noted


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
