"""SUBSCRIBE and UNSUBSCRIBE."""

import mqtt5
from mqtt5 import RetainHandling, UnsubscribePacket
from tests.broker_play import BrokerPlay, publish, subscribe, subscription

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule


def codes(packets: list[mqtt5.Packet]) -> list[int]:
    (answer,) = packets
    assert isinstance(answer, mqtt5.SubAckPacket | mqtt5.UnsubAckPacket)
    return [int(code) for code in answer.reason_codes]


def test_each_filter_has_its_answer() -> None:
    rules = AccessRules((AccessRule(client_ids=frozenset({"one"}), may_connect=True, subscribe=("a/#",)),))
    client = BrokerPlay(BrokerLimits(topic_levels_max=5)).connect("one", ListenerPolicy(rules=rules))
    filters = ["a/b", "b", "a/b/c/d/e/f", "$share/g/a/x"]
    client.send(subscribe(1, *(subscription(each, 1) for each in filters)))
    assert codes(client.said()) == [1, 0x87, 0x8F, 1]


def test_at_most_so_many() -> None:
    client = BrokerPlay(BrokerLimits(subscriptions_per_session_max=1)).connect()
    client.send(subscribe(1, subscription("a"), subscription("b"), subscription("a")))
    assert codes(client.said()) == [2, 0x97, 2]


def test_retain_handling() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    kept = publish("a", b"x", retain=True)
    client = play.connect("one")
    client.subscribe("a", 0, retain_handling=RetainHandling.SEND_NEVER).expect()
    client.subscribe("a", 0, retain_handling=RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS).expect()
    client.subscribe("a", 0).expect(kept)
    client.subscribe("+", 0, retain_handling=RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS).expect(kept)
    client.subscribe("$share/g/a", 0).expect()


def test_no_local_leaves_out_what_the_client_retained_itself() -> None:
    play = BrokerPlay()
    play.connect("other").send(publish("b", b"y", retain=True))
    client = play.connect("one").send(publish("a", b"x", retain=True))
    client.subscribe("#", 0, no_local=True).expect(publish("b", b"y", retain=True))


def test_retain_as_published() -> None:
    play = BrokerPlay()
    plain = play.connect("plain").subscribe("a", 0)
    keeping = play.connect("keeping").subscribe("a", 0, retain_as_published=True)
    play.connect("publisher").send(publish("a", b"x", retain=True))
    plain.expect(publish("a", b"x"))
    keeping.expect(publish("a", b"x", retain=True))


def test_promise_09_retained_messages_of_who_lost_the_right_are_not_delivered() -> None:
    rule = AccessRule(client_ids=frozenset({"p", "s"}), may_connect=True, publish=("a",), subscribe=("#",))
    policy = ListenerPolicy(rules=AccessRules((rule,)))
    play = BrokerPlay()
    play.connect("p", policy).send(publish("a", b"x", retain=True))
    play.connect("s", policy).subscribe("#", 0).expect(publish("a", b"x", retain=True))
    policy.rules = AccessRules((AccessRule(client_ids=frozenset({"s"}), may_connect=True, subscribe=("#",)),))
    play.broker.rights_changed(policy, play.now)
    play.connect("s", policy).subscribe("#", 0).expect()


def test_promise_09_a_right_that_is_taken_away_ends_subscriptions_and_connections() -> None:
    every = AccessRule(client_ids=frozenset({"one", "two"}), may_connect=True, publish=("#",), subscribe=("#",))
    policy = ListenerPolicy(rules=AccessRules((every,)))
    play = BrokerPlay()
    one = play.connect("one", policy).subscribe("a", 0)
    gone = play.connect("gone-later", ListenerPolicy())
    two = play.connect("two", policy, session_expiry_interval=100).subscribe("a", 1)
    two.cut()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"before", qos=1, packet_id=1))
    one.said()
    policy.rules = AccessRules((AccessRule(client_ids=frozenset({"two"}), may_connect=True, subscribe=("b",)),))
    play.broker.rights_changed(policy, play.now)
    play.settle()
    one.expect_closed(0x87)
    publisher.send(publish("a", b"after", qos=1, packet_id=2))
    play.connect("two", policy, session_expiry_interval=100).expect()
    assert play.broker.statistics.dropped["unauthorized"] == 1
    assert not gone.connection.wants_close


def test_unsubscribe() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 0)
    client.send(UnsubscribePacket(2, ["a", "b"]))
    assert codes(client.said()) == [0, 0x11]
    play.connect("publisher").send(publish("a", b"x"))
    client.expect()


def test_suback_waits_for_the_commit_of_a_durable_session() -> None:
    play = BrokerPlay(commits=False)
    client = play.client().send(mqtt5.ConnectPacket("one", session_expiry_interval=100))
    play.commit()
    client.said()
    client.send(subscribe(1, subscription("a"))).expect()
    play.commit()
    assert codes(client.said()) == [2]


def test_an_answer_that_the_client_does_not_take_ends_the_connection() -> None:
    many = [f"a/{number}" for number in range(30)]
    client = BrokerPlay().connect(max_packet_size=30)
    client.send(subscribe(1, *(subscription(each) for each in many))).expect_closed(0x95)
    client = BrokerPlay().connect(max_packet_size=30)
    client.send(UnsubscribePacket(1, many)).expect_closed(0x95)
