"""MQTT 5, section 3.3: PUBLISH, as a server takes it, keeps it and sends it on."""

from typing import Any

import mqtt5
import pytest
from mqtt5 import PingReqPacket, PublishPacket, RetainHandling, UnsubscribePacket
from tests.broker_play import BrokerPlay, Client, puback, pubcomp, publish, pubrec, pubrel, subscribe, subscription
from tests.mqtt import wire
from tests.mqtt.conversation import LONG_TOPIC, codec_panics
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.limits import BrokerLimits

RESPONSE_TOPIC, CONTENT_TYPE, TOPIC_ALIAS, SUBSCRIPTION_IDENTIFIER = b"\x08", b"\x03", b"\x23", b"\x0b"
ALWAYS, NEW, NEVER = (
    RetainHandling.SEND_ALWAYS,
    RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
    RetainHandling.SEND_NEVER,
)
EVERYTHING: dict[str, Any] = {  # Any: the codec's own
    "payload_format_indicator": 1,
    "content_type": "text/plain; charset=ä",
    "response_topic": "answers/ä",
    "correlation_data": b"\0\xff",
    "user_properties": [("b", "1"), ("a", "2"), ("b", "1"), ("", "")],
}


def retained(play: BrokerPlay, topic_filter: str = "#") -> list[tuple[str, bytes]]:
    """Return the topics and payloads that a new subscriber gets."""
    client = play.connect("", clean_start=True).subscribe(topic_filter)
    packets = [packet for packet in client.said() if isinstance(packet, PublishPacket)]
    assert all(packet.retain for packet in packets)
    client.cut()
    return [(packet.topic, packet.payload) for packet in packets]


# 3.3.1: the fixed header


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_1_1_dup_is_1_when_a_publish_is_sent_again(qos: int) -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", qos)
    play.connect("publisher").send(publish("a", qos=qos, packet_id=1))
    client.expect(publish("a", qos=qos, packet_id=1)).cut()
    for _ in range(2):
        again = play.connect("one", session_expiry_interval=100)
        again.expect(publish("a", qos=qos, packet_id=1, duplicate=True)).cut()


def test_mqtt_3_3_1_2_dup_at_qos_0_is_malformed_and_never_sent() -> None:
    BrokerPlay().connect().send(wire.publish(0x38)).expect_closed(0x81)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x38, text("a"))).expect_bytes()
    assert old.connection.wants_close
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 0)
    play.connect("publisher").send(publish("a", qos=1, packet_id=1, duplicate=True))
    client.expect(publish("a"))


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_1_3_dup_of_a_publisher_does_not_reach_subscribers(qos: int) -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", qos)
    play.connect("publisher").send(publish("a", qos=qos, packet_id=9, duplicate=True, retain=True))
    client.expect(publish("a", qos=qos, packet_id=1))


def test_mqtt_3_3_1_4_both_qos_bits_are_malformed() -> None:
    BrokerPlay().connect().send(wire.publish(0x36, packet_id=1)).expect_closed(0x81)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x36, text("a") + b"\0\1")).expect_bytes()
    assert old.connection.wants_close


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_1_5_a_retained_message_replaces_what_its_topic_had(qos: int) -> None:
    play = BrokerPlay()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"old", retain=True), publish("b", b"other", retain=True))
    publisher.send(publish("a", b"new", qos=qos, packet_id=1 if qos else None, retain=True))
    assert sorted(retained(play)) == [("a", b"new"), ("b", b"other")]
    publisher.cut()
    assert sorted(retained(play)) == [("a", b"new"), ("b", b"other")]


def test_mqtt_3_3_1_6_and_7_an_empty_one_is_delivered_and_removes_and_is_not_kept() -> None:
    play = BrokerPlay()
    publisher = play.connect("publisher").send(publish("a", b"x", retain=True))
    plain = play.connect("plain").subscribe("a")
    as_published = play.connect("as published").subscribe("a", retain_as_published=True)
    plain.expect(publish("a", b"x", retain=True))
    as_published.expect(publish("a", b"x", retain=True))
    publisher.send(publish("a", retain=True))
    plain.expect(publish("a"))
    as_published.expect(publish("a", retain=True))
    assert retained(play) == []
    publisher.send(publish("b", retain=True))
    assert retained(play) == []


def test_mqtt_3_3_1_8_without_retain_nothing_is_kept_or_removed() -> None:
    play = BrokerPlay()
    publisher = play.connect("publisher").send(publish("a", b"kept", retain=True))
    publisher.send(publish("a", b"passing"), publish("a"), publish("b", b"passing"))
    assert retained(play) == [("a", b"kept")]


@pytest.mark.parametrize(
    ("handling", "times"), [(ALWAYS, [1, 1]), (NEW, [1, 0]), (NEVER, [0, 0])], ids=["always", "new", "never"]
)
def test_mqtt_3_3_1_9_to_11_retain_handling(handling: RetainHandling, times: list[int]) -> None:
    """Options 0, 1 and 2; `times` is what comes for a new subscription, and for the same once more."""
    play = BrokerPlay()
    play.connect("publisher").send(publish("a/b", b"x", retain=True), publish("c", b"y", retain=True))
    client = play.connect("one", session_expiry_interval=100)
    for count in times:
        # The SUBACK of a durable session waits for the disk, and retained messages need not (section 3.8.4).
        client.send(subscribe(1, subscription("a/+", 1, retain_handling=handling)))
        messages = [packet for packet in client.said() if isinstance(packet, mqtt5.PublishPacket)]
        assert [str(packet) for packet in messages] == [str(publish("a/b", b"x", retain=True))] * count
    client.leave()
    again = play.connect("one", session_expiry_interval=100)
    for count in (times[1], times[0]):
        again.send(subscribe(1, subscription("a/+", 2, retain_handling=handling)))
        messages = [packet for packet in again.said() if isinstance(packet, mqtt5.PublishPacket)]
        assert [str(packet) for packet in messages] == [str(publish("a/b", b"x", retain=True))] * count
        again.send(UnsubscribePacket(1, ["a/+"])).said()


def test_in_3_1_1_each_subscribe_gets_retained_messages() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True, **EVERYTHING))
    old = play.connect_3_1_1()
    for _ in range(2):
        old.send(raw_packet(0x82, b"\0\1\0\1a\1")).expect_bytes(b"\x90\x03\0\1\1", b"\x31\x04\0\1ax")


@pytest.mark.parametrize("retain", [False, True])
def test_mqtt_3_3_1_12_and_13_retain_goes_on_only_where_it_was_asked_for(retain: bool) -> None:
    play = BrokerPlay()
    plain = play.connect("plain").subscribe("a", retain_as_published=False)
    as_published = play.connect("as published").subscribe("a", retain_as_published=True)
    old = play.connect_3_1_1().send(raw_packet(0x82, b"\0\1\0\1a\0"))
    old.raw()
    play.connect("publisher").send(publish("a", b"x", retain=retain))
    plain.expect(publish("a", b"x"))
    as_published.expect(publish("a", b"x", retain=retain))
    old.expect_bytes(b"\x30\x04\0\1ax")


# 3.3.2: the variable header


@codec_panics
@pytest.mark.parametrize("topic", [b"\xff", b"\xed\xa0\x80", b"a\0b"])
def test_mqtt_3_3_2_1_the_topic_name_is_a_string(topic: bytes) -> None:
    BrokerPlay().connect().send(wire.publish(topic=topic)).expect_closed(0x81)


def test_mqtt_3_3_2_1_the_topic_name_comes_first_and_is_empty_only_with_an_alias() -> None:
    BrokerPlay().connect().send(wire.publish(topic="")).expect_closed(0x82)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x30, text(""))).expect_bytes()
    assert old.connection.wants_close
    play = BrokerPlay()
    client = play.connect("one").subscribe("tide/ä", 1)
    play.connect("publisher").send(publish("tide/ä", b"x", qos=1, packet_id=1))
    client.expect_bytes(raw_packet(0x32, text("tide/ä") + b"\0\1\0x"))


@pytest.mark.parametrize("topic", ["+", "#", "a/+", "a/#", "a+b", "a#"])
def test_mqtt_3_3_2_2_a_topic_name_with_a_wildcard_is_malformed(topic: str) -> None:
    BrokerPlay().connect().send(wire.publish(topic=topic)).expect_closed(0x81)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x30, text(topic))).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_3_2_3_what_comes_matches_the_subscription() -> None:
    play = BrokerPlay()
    filters = {
        "a/b": ["a/b"],
        "a/+": ["a/b", "a/", "a/B"],
        "a/#": ["a/b", "a", "a/", "a/B", "a/b/c"],
        "+/b": ["a/b", "/b"],
    }
    clients = {pattern: play.connect(pattern).subscribe(pattern) for pattern in filters}
    publisher = play.connect("publisher")
    for topic in ("a/b", "a", "a/", "a/B", "a/b/c", "/b", "b", "aa/b/"):
        publisher.send(publish(topic))
    got = {
        pattern: [packet.topic for packet in client.said() if isinstance(packet, PublishPacket)]
        for pattern, client in clients.items()
    }
    assert got == filters


@pytest.mark.parametrize("indicator", [0, 1])
def test_mqtt_3_3_2_4_the_payload_format_indicator_goes_on(indicator: int) -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a")
    play.connect("publisher").send(publish("a", b"\xff", payload_format_indicator=indicator))
    client.expect(publish("a", b"\xff", payload_format_indicator=indicator))


def test_a_payload_format_indicator_is_0_or_1() -> None:
    """Section 3.3.2.3.2."""
    BrokerPlay().connect().send(wire.publish(properties=b"\1\2")).expect_closed(0x82)


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_2_5_what_has_expired_is_not_delivered(qos: int) -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100, receive_max=1).subscribe("a", qos)
    client.leave()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"short", qos=qos, packet_id=1, message_expiry_interval=10))
    publisher.send(publish("a", b"long", qos=qos, packet_id=2, message_expiry_interval=11))
    publisher.send(publish("gone", b"short", retain=True, message_expiry_interval=10))
    play.advance(10)
    (packet,) = play.connect("one", session_expiry_interval=100).said()
    assert isinstance(packet, PublishPacket)
    assert (packet.payload, packet.message_expiry_interval) == (b"long", 1)
    assert retained(play) == []


def test_mqtt_3_3_2_6_the_time_that_a_message_waited_is_taken_off() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).leave()
    publisher = play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1, message_expiry_interval=60))
    publisher.send(publish("b", b"y", retain=True, message_expiry_interval=60))
    play.connect("now").subscribe("a").leave()
    play.advance(20)
    client = play.connect("one", session_expiry_interval=100)
    client.expect(publish("a", b"x", qos=1, packet_id=1, message_expiry_interval=40))
    play.advance(10)
    play.connect("late").subscribe("b").expect(publish("b", b"y", retain=True, message_expiry_interval=30))
    client.cut()
    again = play.connect("one", session_expiry_interval=100)
    again.expect(publish("a", b"x", qos=1, packet_id=1, message_expiry_interval=30, duplicate=True))


def test_without_an_expiry_there_is_none_to_send() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a")
    play.connect("publisher").send(publish("a"))
    client.expect_bytes(b"\x30\x04\0\1a\0")


def test_mqtt_3_3_2_7_aliases_mean_nothing_in_the_next_connection() -> None:
    play = BrokerPlay()
    publisher = play.connect("publisher", session_expiry_interval=100)
    publisher.send(publish("a", topic_alias=1), publish("", topic_alias=1)).expect()
    again = play.connect("publisher", session_expiry_interval=100)
    again.send(publish("", topic_alias=1)).expect_closed(0x94)
    client = play.connect("one", session_expiry_interval=100, topic_alias_max=5).subscribe(LONG_TOPIC, 1)
    sender = play.connect("sender").send(publish(LONG_TOPIC, b"1"), publish(LONG_TOPIC, b"2"))
    client.expect(publish(LONG_TOPIC, b"1", topic_alias=1), publish("", b"2", topic_alias=1)).cut()
    client = play.connect("one", session_expiry_interval=100, topic_alias_max=5)
    sender.send(publish(LONG_TOPIC, b"3"))
    client.expect(publish(LONG_TOPIC, b"3", topic_alias=1))


def test_mqtt_3_3_2_8_alias_0_is_answered_0x94() -> None:
    BrokerPlay().connect().send(wire.publish(properties=TOPIC_ALIAS + b"\0\0")).expect_closed(0x94)


def test_mqtt_3_3_2_9_an_alias_above_the_maximum_is_answered_0x94() -> None:
    client = BrokerPlay(BrokerLimits(topic_alias_maximum=5)).connect()
    client.send(publish("a", topic_alias=6)).expect_closed(0x94)


def test_an_alias_that_was_never_set_is_answered_0x94() -> None:
    BrokerPlay().connect().send(publish("a", topic_alias=1), publish("", topic_alias=2)).expect_closed(0x94)


def test_mqtt_3_3_2_11_no_alias_of_ours_is_above_the_clients_maximum() -> None:
    play = BrokerPlay()
    client = play.connect("one", topic_alias_max=1).subscribe("#")
    play.connect("publisher").send(publish(f"{LONG_TOPIC}/1"), publish(f"{LONG_TOPIC}/2"), publish(f"{LONG_TOPIC}/1"))
    client.expect(publish(f"{LONG_TOPIC}/1", topic_alias=1), publish(f"{LONG_TOPIC}/2"), publish("", topic_alias=1))


def test_mqtt_3_3_2_12_every_announced_alias_is_taken_and_may_be_set_anew() -> None:
    play = BrokerPlay(BrokerLimits(topic_alias_maximum=7))
    client = play.connect("one").subscribe("#")
    publisher = play.connect("publisher")
    publisher.send(*(publish(f"t/{alias}", topic_alias=alias) for alias in range(1, 8)))
    publisher.send(*(publish("", b"again", topic_alias=alias) for alias in range(1, 8)))
    publisher.send(publish("other", topic_alias=7), publish("", topic_alias=7))
    topics = [packet.topic for packet in client.said() if isinstance(packet, PublishPacket)]
    assert topics == [*(f"t/{alias}" for alias in range(1, 8))] * 2 + ["other"] * 2


@codec_panics
@pytest.mark.parametrize("broken", [b"\xff", b"\xed\xa0\x80", b"a\0b"])
def test_mqtt_3_3_2_13_and_19_response_topic_and_content_type_are_strings(broken: bytes) -> None:
    for identifier in (RESPONSE_TOPIC, CONTENT_TYPE):
        BrokerPlay().connect().send(wire.publish(properties=identifier + text(broken))).expect_closed(0x81)


@pytest.mark.parametrize("topic", ["+", "#", "a/+", "a/#"])
def test_mqtt_3_3_2_14_a_response_topic_with_a_wildcard_is_a_protocol_error(topic: str) -> None:
    BrokerPlay().connect().send(wire.publish(properties=RESPONSE_TOPIC + text(topic))).expect_closed(0x82)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_3_3_2_15_to_18_and_3_3_2_20_what_travels_with_a_message_goes_on_as_it_came(qos: int) -> None:
    """Response Topic, Correlation Data, user properties and their order, Content Type: at once, kept, and waited for."""
    play = BrokerPlay()
    packet_id = 1 if qos else None
    at_once, other = play.connect("at once").subscribe("a", qos), play.connect("other").subscribe("a", qos)
    waiting = play.connect("waiting", session_expiry_interval=100).subscribe("a", qos)
    waiting.leave()
    play.connect("publisher").send(publish("a", b"x", qos=qos, packet_id=packet_id, retain=True, **EVERYTHING))
    for client in (at_once, other):
        client.expect(publish("a", b"x", qos=qos, packet_id=packet_id, **EVERYTHING))
    late = play.connect("late").subscribe("a", qos)
    late.expect(publish("a", b"x", qos=qos, packet_id=packet_id, retain=True, **EVERYTHING))
    if qos:
        resumed = play.connect("waiting", session_expiry_interval=100)
        resumed.expect(publish("a", b"x", qos=qos, packet_id=1, **EVERYTHING))


def test_messages_cross_between_the_versions() -> None:
    play = BrokerPlay()
    new, old = play.connect("new").subscribe("#"), play.connect_3_1_1()
    old.send(raw_packet(0x82, b"\0\1\0\1#\0")).raw()
    new.send(publish("a", b"x", message_expiry_interval=5, **EVERYTHING))
    old.expect_bytes(b"\x30\x04\0\1ax")
    new.said()
    old.send(b"\x30\x04\0\1by").expect_bytes(b"\x30\x04\0\1by")
    new.expect(publish("b", b"y"))


# 3.3.4: what follows


def test_mqtt_3_3_4_1_the_answer_is_that_of_the_qos() -> None:
    client = BrokerPlay().connect().send(publish("a")).expect()
    client.send(publish("a", qos=1, packet_id=1)).expect(puback(1, 0x10))
    (answer,) = client.send(publish("a", qos=2, packet_id=2)).said()
    assert isinstance(answer, mqtt5.PubRecPacket) and answer.packet_id == 2
    client.send(pubrel(2)).expect(pubcomp(2))
    old = BrokerPlay().connect_3_1_1()
    old.send(raw_packet(0x30, text("a"))).expect_bytes()
    old.send(raw_packet(0x32, text("a") + b"\0\1")).expect_bytes(b"\x40\x02\0\1")
    old.send(raw_packet(0x34, text("a") + b"\0\2")).expect_bytes(b"\x50\x02\0\2")
    old.send(raw_packet(0x62, b"\0\2")).expect_bytes(b"\x70\x02\0\2")


@pytest.mark.parametrize(("qos", "granted"), [(0, 0), (1, 1), (2, 2)])
def test_mqtt_3_3_4_2_overlapping_subscriptions_give_the_highest_qos(qos: int, granted: int) -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a/+", 0).subscribe("a/#", 2).subscribe("a/b", 1)
    play.connect("publisher").send(publish("a/b", qos=qos, packet_id=1 if qos else None))
    client.expect(publish("a/b", qos=granted, packet_id=1 if granted else None))


def test_mqtt_3_3_4_3_and_4_one_copy_has_the_identifiers_of_all_subscriptions() -> None:
    """The server sends one copy, so that of several copies [MQTT-3.3.4-5] there is nothing to say."""
    play = BrokerPlay()
    client = play.connect("one").subscribe("a/+", identifier=7).subscribe("a/#", identifier=268_435_455)
    client.subscribe("a/b").subscribe("+/b", identifier=7).subscribe("c", identifier=9)
    play.connect("publisher").send(publish("a/b"), publish("a/c/d"), publish("c"))
    first, second, third = (packet for packet in client.said() if isinstance(packet, PublishPacket))
    assert sorted(first.subscription_ids) == [7, 7, 268_435_455]
    assert (second.subscription_ids, third.subscription_ids) == ([268_435_455], [9])


def test_mqtt_3_3_4_3_a_retained_message_has_the_identifier_of_the_subscription_it_came_for() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    client = play.connect("one").subscribe("#", identifier=1)
    client.expect(publish("a", b"x", retain=True, subscription_ids=[1]))
    client.subscribe("a", identifier=2).expect(publish("a", b"x", retain=True, subscription_ids=[2]))


def test_mqtt_3_3_4_6_a_subscription_identifier_from_a_client_is_a_protocol_error() -> None:
    for properties in (SUBSCRIPTION_IDENTIFIER + b"\1", SUBSCRIPTION_IDENTIFIER + b"\0"):
        BrokerPlay().connect().send(wire.publish(properties=properties)).expect_closed(0x82)


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_4_7_more_than_our_receive_maximum_is_answered_0x93(qos: int) -> None:
    play = BrokerPlay(BrokerLimits(receive_maximum=3))
    play.connect("durable", session_expiry_interval=100).subscribe("a").leave()
    play.commits = False
    publisher = play.connect("publisher").send(*(publish("a", qos=qos, packet_id=number + 1) for number in range(3)))
    assert not publisher.connection.wants_close
    more = play.connect("more").send(*(publish("a", qos=qos, packet_id=number + 1) for number in range(4)))
    assert more.connection.wants_close
    assert [int(each.reason_code) for each in more.said() if isinstance(each, mqtt5.DisconnectPacket)] == [0x93]


def test_mqtt_3_3_4_7_what_was_answered_counts_no_more() -> None:
    client = BrokerPlay(BrokerLimits(receive_maximum=1)).connect()
    for number in range(1, 4):
        client.send(publish("a", qos=1, packet_id=number)).expect(puback(number, 0x10))
        client.send(publish("a", qos=2, packet_id=number))
        assert len(client.said()) == 1
        client.send(publish("a")).expect()
        client.send(pubrel(number)).expect(pubcomp(number))


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_3_3_4_9_no_more_is_sent_than_the_client_takes_unanswered(qos: int) -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=2).subscribe("a", qos)
    play.connect("publisher").send(*(publish("a", b"%d" % number, qos=qos, packet_id=number) for number in range(1, 6)))
    client.expect(publish("a", b"1", qos=qos, packet_id=1), publish("a", b"2", qos=qos, packet_id=2))
    if qos == 1:
        client.send(puback(2)).expect(publish("a", b"3", qos=1, packet_id=3))
        client.send(puback(1), puback(3)).expect(
            publish("a", b"4", qos=1, packet_id=4), publish("a", b"5", qos=1, packet_id=5)
        )
        return
    client.send(pubrec(1)).expect(pubrel(1))
    client.send(pubcomp(1)).expect(publish("a", b"3", qos=2, packet_id=3))
    refusal = mqtt5.PubRecPacket(2, reason_code=mqtt5.PubRecReasonCode.NOT_AUTHORIZED)
    client.send(refusal).expect(publish("a", b"4", qos=2, packet_id=4))


def test_mqtt_3_3_4_10_all_else_is_sent_while_the_window_is_full() -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=1).subscribe("a", 1)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=1, packet_id=2))
    client.expect(publish("a", b"1", qos=1, packet_id=1))
    client.send(PingReqPacket()).expect(mqtt5.PingRespPacket())
    client.send(publish("b", qos=1, packet_id=5)).expect(puback(5, 0x10))
    client.send(publish("b", qos=2, packet_id=6))
    assert len(client.said()) == 1
    client.send(pubrel(6)).expect(pubcomp(6))
    client.send(subscribe(7, subscription("c", 0))).expect_bytes(b"\x90\x04\0\7\0\0")
    client.send(UnsubscribePacket(8, ["c"])).expect_bytes(b"\xb0\x04\0\x08\0\0")


def test_what_may_not_be_published_to_is_answered_0x87() -> None:
    """The topics of the broker itself (section 4.7.2); MQTT 3.1.1 has no word for it."""
    play = BrokerPlay()
    client = play.connect().send(publish("$SYS/x", qos=1, packet_id=1)).expect(puback(1, 0x87))
    client.send(publish("$SYS/x", retain=True)).expect()
    assert retained(play, "$SYS/x") == []
    old = play.connect_3_1_1().send(raw_packet(0x32, text("$SYS/x") + b"\0\1")).expect_bytes()
    assert old.connection.wants_close


def test_a_client_gets_what_it_publishes_itself() -> None:
    client: Client = BrokerPlay().connect("one").subscribe("a")
    client.send(publish("a", b"x")).expect(publish("a", b"x"))
