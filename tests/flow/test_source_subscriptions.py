"""Subscriptions of a source: what is asked for, what the session holds beyond it, what is taken back."""

from mqtt5 import (
    QoS,
    RetainHandling,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
)
from tests.play import Play, connack, flow_plan, play, puback, publish, relay_of, suback

from tidegate.flow.events import ConnectionEnded, MessageDropped, PromiseWeakened, Side, SubscriptionsHeld
from tidegate.flow.policy import SLOW

SOURCE = Side.SOURCE


def subscribe(packet_id: int, *topic_filters: str) -> SubscribePacket:
    """Return the SUBSCRIBE that a relay sends: retain as published, and nothing replayed to a session that is resumed."""
    options = [
        TopicFilter(
            topic_filter,
            max_qos=QoS.AT_LEAST_ONCE,
            retain_as_published=True,
            retain_handling=RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
        )
        for topic_filter in topic_filters
    ]
    return SubscribePacket(packet_id, options)


def unsuback(packet_id: int, *codes: int) -> UnsubAckPacket:
    """Return an UNSUBACK."""
    return UnsubAckPacket(packet_id, [UnsubAckReasonCode(code) for code in codes])


def connected(*held_filters: str, topic_filters: tuple[str, ...] = ("t/#",), session_present: bool = True) -> Play:
    """Return a play whose source has answered CONNECT; SUBSCRIBE is on its way."""
    relay = relay_of(flow_plan(topic_filters=topic_filters), held_filters=frozenset(held_filters))
    scene = play(relay).start_destination().connect(SOURCE).forget(SOURCE)
    return scene.source(connack(session_present=session_present))


def test_failure_21_every_filter_is_asked_for_at_once_with_retain_handling_1() -> None:
    scene = connected(topic_filters=("t/#", "$share/group/u/1"), session_present=False)
    scene.expect_source(subscribe(1, "t/#", "$share/group/u/1"))
    assert scene.relay.side_state(SOURCE) == "connected"
    scene.source(suback(1, 1, 1))
    assert scene.relay.side_state(SOURCE) == "subscribed"


def test_after_an_edit_the_new_filters_are_subscribed_first_and_the_rest_is_taken_back_then() -> None:
    scene = connected("t/#", "old/#", "older/#").expect_source(subscribe(1, "t/#"))
    assert scene.events[-1] == SubscriptionsHeld(("old/#", "older/#", "t/#"))
    scene.events.clear()
    scene.source(suback(1, 1)).expect_source(UnsubscribePacket(2, ["old/#", "older/#"])).expect_events()
    scene.source(unsuback(2, 0, 0x87)).expect_events(SubscriptionsHeld(("older/#", "t/#")))


def test_what_no_declared_filter_matches_is_dropped_and_acknowledged() -> None:
    scene = connected("old/#").source(suback(1, 1)).forget(SOURCE)
    scene.source(publish(1, topic="old/1"), publish(2)).expect_source(puback(1)).expect_destination(publish(2, 1))
    scene.expect_counts(dropped={"unsubscribed": 1})
    scene.expect_events(MessageDropped("unsubscribed", "old/1", "no filter of the data flow matches it any more"))


def test_a_filter_that_is_not_stale_drops_nothing() -> None:
    connected("t/#").source(suback(1, 1), publish(1, topic="u/1")).expect_counts(dropped={}, pending=1)


def test_what_a_lost_session_held_is_not_taken_back() -> None:
    scene = connected("old/#", session_present=False).expect_source(subscribe(1, "t/#"))
    scene.source(suback(1, 1)).expect_source()


def test_a_refused_subscription_ends_the_connection() -> None:
    scene = connected(topic_filters=("t/#", "u/#")).source(suback(1, 1, 0x87)).expect_closed(SOURCE)
    scene.forget(SOURCE).lose(SOURCE)
    detail = "the source refused the subscription to `u/#`: 0x87 not authorized"
    scene.expect_events(ConnectionEnded(SOURCE, 0x87, detail, SLOW, by_us=True))


def test_a_grant_below_what_was_asked_weakens_the_promise() -> None:
    scene = connected().forget(SOURCE).source(suback(1, 0))
    scene.expect_events(
        PromiseWeakened(
            SOURCE,
            "the source granted QoS 0 for `t/#`, and QoS 1 was asked for",
            "allow the QoS at the source broker; until then messages may be lost",
        )
    )
    assert scene.relay.side_state(SOURCE) == "subscribed"


def test_a_server_that_does_not_answer_subscribe_is_left() -> None:
    scene = connected().forget(SOURCE).wait(30).expect_closed(SOURCE).lose(SOURCE)
    (ended,) = scene.events
    assert isinstance(ended, ConnectionEnded)
    assert ended.detail == "no SUBACK from the server in time"
