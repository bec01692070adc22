"""What a flow needs of a server: refused at start in words, or weakened and told."""

import pytest
from mqtt5 import QoS
from tests.play import connack, flow_plan, play, publish, relay_of, side_plan

from tidegate.flow.events import (
    ConnectionEnded,
    ConnectionOpened,
    FlowRefused,
    PromiseWeakened,
    Side,
    SubscriptionsHeld,
)
from tidegate.flow.policy import SLOW
from tidegate.flow.requirements import Shortcoming, destination_refusal, source_refusal, source_weakness
from tidegate.mqtt.server_limits import ServerLimits

SOURCE, DESTINATION = Side.SOURCE, Side.DESTINATION

WELL = ServerLimits(session_expiry_seconds=600)


def test_a_server_with_everything_is_good() -> None:
    plan = flow_plan(topic_filters=("$share/group/t/#",))
    assert source_refusal(plan, WELL) is None
    assert source_weakness(plan, WELL) is None
    assert destination_refusal(plan, WELL) is None


def test_wildcards_and_shared_subscriptions_are_needed_only_where_they_are_used() -> None:
    limits = ServerLimits(wildcard_subscription_available=False, shared_subscription_available=False)
    assert source_refusal(flow_plan(topic_filters=("t/1", "t/2")), limits) is None


@pytest.mark.parametrize(
    ("topic_filter", "properties", "shortcoming"),
    [
        (
            "t/#",
            {"wildcard_subscription_available": False},
            Shortcoming(
                "the source does not support wildcard subscriptions, and the flow needs `t/#`",
                "name the topics one by one in dataSources",
            ),
        ),
        (
            "$share/group/t/1",
            {"shared_subscription_available": False},
            Shortcoming(
                "the source does not support shared subscriptions, and the flow needs `$share/group/t/1`",
                "set instanceCount: 1 on the profile, and take `$share/` out of dataSources",
            ),
        ),
    ],
)
def test_failure_20_a_source_without_what_the_flow_needs_is_refused(
    topic_filter: str, properties: dict[str, object], shortcoming: Shortcoming
) -> None:
    scene = play(relay_of(flow_plan(topic_filters=(topic_filter,)))).connect(SOURCE).forget(SOURCE)
    scene.source(connack(**properties)).expect_closed(SOURCE).lose(SOURCE)  # type: ignore[arg-type]
    scene.expect_events(
        ConnectionOpened(SOURCE, session_present=False),
        FlowRefused(SOURCE, shortcoming.detail, shortcoming.remedy),
        ConnectionEnded(SOURCE, None, shortcoming.detail, SLOW, by_us=True),
    )


def test_failure_20_what_a_refused_source_sends_in_the_same_read_is_left_to_it() -> None:
    scene = play(relay_of(flow_plan(topic_filters=("$share/group/t/1",)))).connect(SOURCE).connect(DESTINATION)
    scene.destination(connack()).forget(DESTINATION)
    scene.source(connack(session_present=True, shared_subscription_available=False), publish(1))
    scene.expect_closed(SOURCE).expect_destination()
    assert scene.relay.counters.received == 0, "it could not be acknowledged, and would be sent at every retry"


def test_failure_20_a_destination_with_maximum_qos_0_is_refused() -> None:
    scene = play(relay_of(flow_plan())).connect(DESTINATION).forget(DESTINATION)
    scene.destination(connack(max_qos=QoS.AT_MOST_ONCE)).expect_closed(DESTINATION).lose(DESTINATION)
    detail = "the destination accepts QoS 0 at most, and the flow publishes with QoS 1"
    remedy = "set qos: 0 on the destination endpoint, which gives up the promise, or use another broker"
    scene.expect_events(
        ConnectionOpened(DESTINATION, session_present=False),
        FlowRefused(DESTINATION, detail, remedy),
        ConnectionEnded(DESTINATION, None, detail, SLOW, by_us=True),
    )
    plan = flow_plan(destination=side_plan("destination", qos=0))
    assert destination_refusal(plan, ServerLimits(maximum_qos=0)) is None


def test_a_session_that_the_source_keeps_for_less_weakens_the_promise() -> None:
    scene = play(relay_of(flow_plan())).connect(SOURCE).source(connack(session_expiry_interval=60))
    weakness = PromiseWeakened(
        SOURCE,
        "the source keeps the session for 60 s, and 600 s were asked for",
        "raise the source broker's maximum session expiry, or lower sessionExpirySeconds",
    )
    scene.expect_events(ConnectionOpened(SOURCE, session_present=False), weakness, SubscriptionsHeld(("t/#",)))
