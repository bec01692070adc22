"""A plan's words become MQTT's: settings of a connection, subscriptions, the message to publish."""

import pytest
from mqtt5 import PublishPacket, QoS
from tests.play import Play, connack, flow_plan, play, publish, relay_of, side_plan
from tests.transform.transforms import NOW

from tidegate.flow.mapping import authentication_method, client_settings, outgoing, subscriptions
from tidegate.flow.plan import AnonymousPlan, SystemIdentityPlan, TokenPlan, UserIdentityPlan, X509Plan
from tidegate.flow.trail import HOPS, PUBLISHED_BY
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription
from tidegate.transform.spec import Dropped, TransformSpec

FULL = Message("t/1", b"x", 1, True, 1, 9, "text/plain", "answers", b"7", (("b", "1"), ("a", "2"), ("b", "3")))


def test_settings_are_the_sides() -> None:
    side = side_plan("source", keep_alive_seconds=17, session_expiry_seconds=18, receive_maximum=19)
    settings = client_settings(side, 20)
    assert (settings.keep_alive_seconds, settings.session_expiry_seconds) == (17, 18)
    assert (settings.receive_maximum, settings.packet_bytes_max) == (19, 20)


def test_each_authentication_has_its_method_in_connect() -> None:
    user = UserIdentityPlan(client_id="c", tenant_id="t", scope="https://a/.default", audience="https://a")
    assert authentication_method(TokenPlan(audience="a")) == "K8S-SAT"
    assert authentication_method(SystemIdentityPlan(audience="a")) == authentication_method(user) == "OAUTH2-JWT"
    assert authentication_method(AnonymousPlan()) is authentication_method(X509Plan(secret="s")) is None


def test_a_flow_that_wants_its_session_on_disk_says_so_in_connect() -> None:
    assert client_settings(side_plan("source"), None).user_properties == ()
    asking = client_settings(side_plan("source", requests_persistence=True), None)
    assert asking.user_properties == (("aio-persistence", "true"),)


def test_subscriptions_ask_for_the_sources_qos_and_the_retain_flag() -> None:
    plan = flow_plan(topic_filters=("t/#", "$share/group/u"), source=side_plan("source", qos=0))
    assert subscriptions(plan) == [Subscription("t/#", 0, True), Subscription("$share/group/u", 0, True)]


def test_what_needs_no_change_is_passed_on_as_it_is() -> None:
    assert outgoing(flow_plan(), str)(FULL, NOW) is FULL


@pytest.mark.parametrize(("retain_mode", "retain"), [("Keep", True), ("Never", False)])
@pytest.mark.parametrize("qos", [0, 1])
def test_qos_and_retain_are_the_destinations_and_everything_else_travels(
    retain_mode: str, retain: bool, qos: int
) -> None:
    plan = flow_plan(retain_mode=retain_mode, destination=side_plan("destination", qos=qos))
    made = outgoing(plan, str)(FULL, NOW)
    assert made == Message(
        "t/1", b"x", qos, retain, 1, 9, "text/plain", "answers", b"7", (("b", "1"), ("a", "2"), ("b", "3"))
    )


def test_a_message_that_is_not_retained_stays_so() -> None:
    made = outgoing(flow_plan(destination=side_plan("destination", qos=0)), str)(Message("t/1", b"x", 1), NOW)
    assert isinstance(made, Message)
    assert not made.retain


def test_the_topic_is_the_templates_or_the_message_is_dropped() -> None:
    make = outgoing(flow_plan(transform=TransformSpec(topic_template="out/${inputTopic.2}")), str)
    made = make(FULL, NOW)
    assert isinstance(made, Message)
    assert made.topic == "out/1"
    dropped = make(Message("t", b"x", 1), NOW)
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "topic"


def test_hops_are_counted_only_where_they_are_to_be() -> None:
    assert outgoing(flow_plan(), str)(Message("t", b"", 1, user_properties=((HOPS, "99"),)), NOW) == Message(
        "t", b"", 1, user_properties=((HOPS, "99"),)
    )
    make = outgoing(flow_plan(hops_max=3), str)
    assert make(Message("t", b"x", 1, user_properties=(("a", "b"),)), NOW) == Message(
        "t", b"x", 1, user_properties=(("a", "b"), (HOPS, "1"))
    )
    counted = make(Message("t", b"x", 1, user_properties=((HOPS, "2"),)), NOW)
    assert isinstance(counted, Message)
    assert counted.user_properties == ((HOPS, "3"),)


def test_what_has_come_too_far_is_dropped_and_counted() -> None:
    scene = play(relay_of(flow_plan(hops_max=3))).start()
    properties = [(HOPS, "3")]
    scene.source(PublishPacket("t/1", b"x", qos=QoS.AT_LEAST_ONCE, packet_id=1, user_properties=properties))
    scene.expect_counts(received=1, dropped={"hops": 1})


def test_an_echo_is_dropped_and_a_mark_is_left_where_somebody_looks_for_it() -> None:
    make = outgoing(flow_plan(echoes_of=frozenset({"down"}), leaves_mark=True), str)
    made = make(Message("t", b"x", 1, user_properties=(("a", "b"),)), NOW)
    assert isinstance(made, Message)
    assert made.user_properties == (("a", "b"), (PUBLISHED_BY, "tidegate-flow-0-destination"))
    dropped = make(Message("t", b"x", 1, user_properties=((PUBLISHED_BY, "down"),)), NOW)
    assert dropped == Dropped("echo", "the data flow's counterpart published it, as `down`")
    looks_only = outgoing(flow_plan(echoes_of=frozenset({"down"})), str)(Message("t", b"x", 1), NOW)
    assert looks_only == Message("t", b"x", 1)


def test_retain_keep_and_never_on_the_wire() -> None:
    def sent(retain_mode: str) -> Play:
        return play(relay_of(flow_plan(retain_mode=retain_mode))).start().source(publish(1, retain=True))

    sent("Keep").expect_destination(publish(1, retain=True))
    sent("Never").expect_destination(publish(1, retain=False))


def test_failure_21_an_empty_retained_message_is_passed_on() -> None:
    scene = play(relay_of(flow_plan())).start().source(publish(1, payload=b"", retain=True))
    scene.expect_destination(publish(1, payload=b"", retain=True))


def test_topic_aliases_are_never_passed_on() -> None:
    scene = play(relay_of(flow_plan())).start(destination=connack(topic_alias_max=0))
    scene.source(
        PublishPacket("t/1", b"1", qos=QoS.AT_LEAST_ONCE, packet_id=1, topic_alias=4),
        PublishPacket("", b"2", qos=QoS.AT_LEAST_ONCE, packet_id=2, topic_alias=4),
    )
    scene.expect_destination(publish(1), publish(2))
