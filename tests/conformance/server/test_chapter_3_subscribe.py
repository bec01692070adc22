"""MQTT 5, sections 3.8 to 3.11: SUBSCRIBE and UNSUBSCRIBE, as a server answers them."""

import pytest
from mqtt5 import PublishPacket, RetainHandling, SubAckPacket, UnsubscribePacket
from tests.broker_play import BrokerPlay, puback, pubcomp, publish, pubrec, pubrel, subscribe, subscription
from tests.mqtt.conversation import codec_panics
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule

NEVER, NEW, ALWAYS = (
    RetainHandling.SEND_NEVER,
    RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
    RetainHandling.SEND_ALWAYS,
)


def suback(packet_id: int, *codes: int) -> bytes:
    return raw_packet(0x90, packet_id.to_bytes(2) + b"\x00" + bytes(codes))


def unsuback(packet_id: int, *codes: int) -> bytes:
    return raw_packet(0xB0, packet_id.to_bytes(2) + b"\x00" + bytes(codes))


def unsubscribe(packet_id: int, *filters: str) -> UnsubscribePacket:
    return UnsubscribePacket(packet_id, list(filters))


def subscribe_bytes(packet_id: int, *filters: tuple[str, int]) -> bytes:
    """Return a SUBSCRIBE with filters and their options, whether or not they are valid."""
    return raw_packet(
        0x82, packet_id.to_bytes(2) + b"\x00" + b"".join(text(name) + bytes((options,)) for name, options in filters)
    )


def unsubscribe_bytes(packet_id: int, *filters: str) -> bytes:
    """Return an UNSUBSCRIBE, whether or not its filters are valid."""
    return raw_packet(0xA2, packet_id.to_bytes(2) + b"\x00" + b"".join(text(name) for name in filters))


def subscribe_3_1_1(packet_id: int, *filters: tuple[str, int]) -> bytes:
    return raw_packet(0x82, packet_id.to_bytes(2) + b"".join(text(pattern) + bytes((qos,)) for pattern, qos in filters))


@pytest.mark.parametrize("first_byte", [0x80, 0x81, 0x83, 0x86, 0x8A])
def test_mqtt_3_8_1_1_other_flags_of_subscribe_are_malformed(first_byte: int) -> None:
    BrokerPlay().connect().send(raw_packet(first_byte, b"\x00\x01\x00\x00\x01a\x00")).expect_closed(0x81)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(first_byte, b"\x00\x01\x00\x01a\x00")).expect_bytes()
    assert old.connection.wants_close


@codec_panics
def test_mqtt_3_8_3_1_a_topic_filter_that_is_not_utf_8_is_malformed() -> None:
    for broken in (b"\xff", b"\xed\xa0\x80"):
        BrokerPlay().connect().send(raw_packet(0x82, b"\x00\x01\x00" + text(broken) + b"\x00")).expect_closed(0x81)
        old = BrokerPlay().connect_3_1_1().send(raw_packet(0x82, b"\x00\x01" + text(broken) + b"\x00")).expect_bytes()
        assert old.connection.wants_close


def test_mqtt_3_8_3_2_a_subscribe_without_topic_filters_is_refused() -> None:
    BrokerPlay().connect().send(raw_packet(0x82, b"\x00\x01\x00")).expect_closed(0x82)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x82, b"\x00\x01")).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_8_3_3_with_no_local_a_client_does_not_get_what_it_published() -> None:
    play = BrokerPlay()
    one = play.connect("one").subscribe("a", no_local=True)
    other = play.connect("other").subscribe("a", no_local=True)
    one.send(publish("a", b"0"), publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    one.expect(puback(1), pubrec(2))
    other.expect(publish("a", b"0"), publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    other.send(publish("a", b"3"))
    one.expect(publish("a", b"3"))
    other.expect()


def test_mqtt_3_8_3_3_an_overlapping_subscription_without_no_local_counts_for_itself() -> None:
    play = BrokerPlay()
    one = play.connect("one").subscribe("a", 2, no_local=True, identifier=1).subscribe("+", 1, identifier=2)
    one.send(publish("a", b"own", qos=2, packet_id=1))
    one.expect(publish("a", b"own", qos=1, packet_id=1, subscription_ids=[2]), pubrec(1))
    play.connect("other").send(publish("a", b"other", qos=2, packet_id=1))
    one.expect(publish("a", b"other", qos=2, packet_id=2, subscription_ids=[1, 2]))


def test_mqtt_3_8_3_3_holds_for_what_the_client_retained() -> None:
    play = BrokerPlay()
    play.connect("one").send(publish("own", b"x", retain=True))
    play.connect("other").send(publish("others", b"y", retain=True))
    one = play.connect("one")
    one.subscribe("+", 0, no_local=True).expect(publish("others", b"y", retain=True))
    assert sorted(each.topic for each in one.subscribe("+", 0).said() if isinstance(each, PublishPacket)) == [
        "others",
        "own",
    ]


def test_mqtt_3_8_3_3_holds_for_the_clients_will_and_over_connections() -> None:
    play = BrokerPlay()
    one = play.connect("one", session_expiry_interval=100).subscribe("a", 1, no_local=True)
    one.cut()
    one = play.connect("one", clean_start=False, session_expiry_interval=100)
    one.send(publish("a", b"x", qos=1, packet_id=1)).expect(puback(1, 0x10))


def test_mqtt_3_8_3_4_no_local_on_a_shared_subscription_is_a_protocol_error() -> None:
    play = BrokerPlay()
    client = play.connect().send(subscribe(1, subscription("b"), subscription("$share/g/a", no_local=True)))
    client.expect_closed(0x82)
    play.connect("other").send(publish("b", qos=1, packet_id=1)).expect(puback(1, 0x10))


@pytest.mark.parametrize(
    "options", [0x40, 0x80, 0xC0, 0x03, 0x30], ids=["bit 6", "bit 7", "both", "QoS 3", "handling 3"]
)
def test_mqtt_3_8_3_5_reserved_bits_of_the_subscription_options(options: int) -> None:
    BrokerPlay().connect().send(subscribe_bytes(1, ("a", options))).expect_closed(0x81)
    filters = ("a" * 300, 1), ("b", 0), ("c", options)
    BrokerPlay().connect().send(subscribe_bytes(1, *filters)).expect_closed(0x81)


@pytest.mark.parametrize("options", [0x03, 0x04, 0x08, 0x10, 0x80])
def test_mqtt_3_8_3_5_in_mqtt_3_1_1_the_options_are_a_qos(options: int) -> None:
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x82, b"\x00\x01\x00\x01a" + bytes((options,)))).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_8_4_1_and_3_8_4_2_subscribe_is_answered_by_suback_with_its_packet_id() -> None:
    client = BrokerPlay().connect()
    client.send(subscribe(9, subscription("a", 0)), subscribe(0xFFFF, subscription("b", 1)))
    client.expect_bytes(suback(9, 0), suback(0xFFFF, 1))
    old = BrokerPlay().connect_3_1_1().send(subscribe_3_1_1(9, ("a", 1)))
    old.expect_bytes(b"\x90\x03\x00\x09\x01")


def test_mqtt_3_8_4_3_the_same_filter_again_replaces_the_subscription() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 2, identifier=7, retain_as_published=True, no_local=True)
    client.subscribe("a", 0)
    other = play.connect("other").send(publish("a", b"x", qos=2, packet_id=1, retain=True))
    other.expect(pubrec(1))
    client.expect(publish("a", b"x"))
    client.send(publish("a", b"own")).expect(publish("a", b"own"))
    client.send(unsubscribe(3, "a"), unsubscribe(4, "a")).expect_bytes(unsuback(3, 0), unsuback(4, 0x11))


def test_mqtt_3_8_4_3_a_shared_subscription_is_another_one_than_the_plain_one_of_its_filter() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 0).subscribe("$share/g/a", 0).subscribe("$share/h/a", 0)
    play.connect("other").send(publish("a", b"x"))
    client.expect(*[publish("a", b"x")] * 3)


@pytest.mark.parametrize("changed", [{}, {"qos": 0}, {"retain_as_published": True}, {"identifier": 3}])
def test_mqtt_3_8_4_4_with_retain_handling_0_retained_messages_come_with_each_subscribe(
    changed: dict[str, int],
) -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    client = play.connect("one")
    for options in ({}, changed):
        qos = options.get("qos", 2)
        [kept] = client.subscribe("a", **{**options, "qos": qos, "retain_handling": ALWAYS}).said()
        assert isinstance(kept, PublishPacket)
        assert (kept.payload, kept.retain) == (b"x", True)


def test_mqtt_3_8_4_4_nothing_is_lost_while_a_subscription_is_replaced() -> None:
    play = BrokerPlay()
    slow = play.connect("slow", receive_max=1).subscribe("a", 1)
    publisher = play.connect("publisher")
    for number in (1, 2):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number))
    slow.expect(publish("a", b"1", qos=1, packet_id=1))
    slow.subscribe("a", 0)
    publisher.send(publish("a", b"3", qos=1, packet_id=3))
    slow.send(puback(1)).expect(publish("a", b"2", qos=1, packet_id=2), publish("a", b"3"))


def test_section_3_8_3_1_retain_handling_1_and_2() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    kept = publish("a", b"x", retain=True)
    client = play.connect("one")
    client.subscribe("a", 0, retain_handling=NEW).expect(kept)
    client.subscribe("a", 1, retain_handling=NEW).expect()
    client.subscribe("a", 1, retain_handling=NEVER).expect()
    client.send(unsubscribe(1, "a")).said()
    client.subscribe("a", 1, retain_handling=NEVER).expect()
    client.subscribe("a", 1, retain_handling=NEW).expect()
    client.send(unsubscribe(2, "a")).said()
    client.subscribe("a", 0, retain_handling=NEW).expect(kept)


def test_section_3_8_3_1_a_subscription_of_a_resumed_session_exists() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 0, retain_handling=NEVER)
    client.cut()
    client = play.connect("one", clean_start=False)
    client.subscribe("a", 0, retain_handling=NEW).expect()
    play.connect("one").subscribe("a", 0, retain_handling=NEW).expect(publish("a", b"x", retain=True))


def test_section_3_8_4_of_mqtt_3_1_1_retained_messages_come_with_each_subscribe() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    old = play.connect_3_1_1()
    for packet_id in (1, 2):
        old.send(subscribe_3_1_1(packet_id, ("a", 0)))
        old.expect_bytes(b"\x90\x03\x00" + bytes((packet_id,)) + b"\x00", b"\x31\x04\x00\x01ax")


def test_mqtt_3_8_4_5_filters_of_one_subscribe_are_handled_in_turn_with_one_answer() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"x", retain=True))
    client = play.connect("one")
    client.send(
        subscribe(
            1,
            subscription("a", 2, retain_handling=NEW),
            subscription("+", 0, retain_handling=NEW),
            subscription("a", 0, retain_handling=NEW),
        )
    )
    kept = publish("a", b"x", retain=True)
    codes, *messages = client.said()
    assert isinstance(codes, SubAckPacket)
    assert [int(code) for code in codes.reason_codes] == [2, 0, 0]
    assert [str(each) for each in messages] == [str(kept)] * 2
    play.connect("publisher").send(publish("a", b"y", qos=2, packet_id=1))
    client.expect(publish("a", b"y"))


def test_mqtt_3_8_4_6_3_8_4_7_and_3_9_3_1_a_reason_code_for_each_filter_in_order() -> None:
    """The granted QoS, or why not; only codes that SUBACK has [MQTT-3.9.3-2]."""
    rule = AccessRule(client_ids=frozenset({"one"}), may_connect=True, subscribe=("#",))
    narrow = AccessRule(client_ids=frozenset({"two"}), may_connect=True, subscribe=("a/#",))
    policy = ListenerPolicy(rules=AccessRules((rule, narrow)))
    play = BrokerPlay(BrokerLimits(subscriptions_per_session_max=4))
    filters = [
        ("a/1", 0),
        ("a/#/x", 1),
        ("a/2", 2),
        ("secret", 1),
        ("a/3", 1),
        ("$share//a", 0),
        ("a/4", 0),
        ("a/5", 0),
    ]
    two = play.connect("two", policy).send(subscribe_bytes(5, *filters))
    two.expect_bytes(suback(5, 0, 0x8F, 2, 0x87, 1, 0x8F, 0, 0x97))
    old = play.connect_3_1_1().send(subscribe_3_1_1(5, ("a", 0), ("$share//a", 1), ("b", 2), ("c" * 5_000, 0)))
    old.expect_bytes(b"\x90\x06\x00\x05\x00\x80\x02\x80")


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
def test_mqtt_3_8_4_8_a_message_comes_with_the_lower_qos(published: int, granted: int) -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", granted)
    old = play.connect_3_1_1().send(subscribe_3_1_1(1, ("a", granted)))
    old.raw()
    retained = play.connect("other")
    packet_id = 1 if published else None
    retained.send(publish("a", b"x", qos=published, packet_id=packet_id, retain=True))
    qos = min(published, granted)
    client.expect(publish("a", b"x", qos=qos, packet_id=1 if qos else None))
    old.expect_bytes(raw_packet(0x30 | qos << 1, text("a") + (b"\x00\x01" if qos else b"") + b"x"))
    late = play.connect("late").subscribe("a", granted)
    late.expect(publish("a", b"x", qos=qos, packet_id=1 if qos else None, retain=True))


def test_mqtt_3_9_2_1_3_9_2_2_3_11_2_1_and_3_11_2_2_answers_carry_no_properties_that_could_be_too_large() -> None:
    client = BrokerPlay().connect()
    client.send(subscribe_bytes(1, ("a/#/x", 0))).expect_bytes(suback(1, 0x8F))
    client.send(unsubscribe_bytes(2, "a/#/x")).expect_bytes(unsuback(2, 0x8F))


@pytest.mark.parametrize("first_byte", [0xA0, 0xA1, 0xA3, 0xA6, 0xAA])
def test_mqtt_3_10_1_1_other_flags_of_unsubscribe_are_malformed(first_byte: int) -> None:
    BrokerPlay().connect().send(raw_packet(first_byte, b"\x00\x01\x00\x00\x01a")).expect_closed(0x81)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(first_byte, b"\x00\x01\x00\x01a")).expect_bytes()
    assert old.connection.wants_close


@codec_panics
def test_mqtt_3_10_3_1_a_topic_filter_that_is_not_utf_8_is_malformed() -> None:
    BrokerPlay().connect().send(raw_packet(0xA2, b"\x00\x01\x00" + text(b"\xff"))).expect_closed(0x81)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0xA2, b"\x00\x01" + text(b"\xff"))).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_10_3_2_an_unsubscribe_without_topic_filters_is_refused() -> None:
    BrokerPlay().connect().send(raw_packet(0xA2, b"\x00\x01\x00")).expect_closed(0x82)
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0xA2, b"\x00\x01")).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_3_10_4_1_a_filter_is_compared_character_by_character() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a/+", 0).subscribe("\u00e9", 0)
    client.send(unsubscribe(1, "a/b", "a/#", "A/+", "a/+/", "#", "e\u0301"))
    client.expect_bytes(unsuback(1, *[0x11] * 6))
    publisher = play.connect("other").send(publish("a/b"), publish("\u00e9"))
    client.expect(publish("a/b"), publish("\u00e9"))
    client.send(unsubscribe(2, "a/+", "\u00e9")).expect_bytes(unsuback(2, 0, 0))
    publisher.send(publish("a/b"), publish("\u00e9"))
    client.expect()


def test_mqtt_3_10_4_2_after_unsubscribe_nothing_new_is_added() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 1)
    publisher = play.connect("other")
    client.send(unsubscribe(1, "a")).expect_bytes(unsuback(1, 0))
    publisher.send(publish("a", qos=1, packet_id=1)).expect(puback(1, 0x10))
    old = play.connect_3_1_1().send(subscribe_3_1_1(1, ("a", 1)))
    old.raw()
    old.send(raw_packet(0xA2, b"\x00\x02" + text("a"))).expect_bytes(b"\xb0\x02\x00\x02")
    publisher.send(publish("a", qos=1, packet_id=1)).expect(puback(1, 0x10))
    old.expect_bytes()


@pytest.mark.parametrize("topic_filter", ["a", "$share/g/a"])
def test_mqtt_3_10_4_3_after_unsubscribe_what_was_begun_is_completed(topic_filter: str) -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe(topic_filter, 2).subscribe("b", 1)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    client.expect(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    other = play.connect("other").subscribe("$share/g/a", 2)
    client.send(unsubscribe(3, topic_filter)).expect_bytes(unsuback(3, 0))
    other.expect()
    # What was begun keeps its identifiers, so a new message gets another one.
    publisher.send(publish("b", b"3", qos=1, packet_id=3))
    client.expect(publish("b", b"3", qos=1, packet_id=3))
    client.send(pubrec(2)).expect(pubrel(2))
    client.cut()
    client = play.connect("one", clean_start=False, session_expiry_interval=100)
    client.expect(
        publish("a", b"1", qos=1, packet_id=1, duplicate=True),
        pubrel(2),
        publish("b", b"3", qos=1, packet_id=3, duplicate=True),
    )
    client.send(puback(1), pubcomp(2), puback(3)).expect()


def test_mqtt_3_10_4_3_after_unsubscribe_the_send_quota_is_whole_again() -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=2).subscribe("$share/g/a", 1).subscribe("b", 1)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=1, packet_id=2))
    client.said()
    client.send(unsubscribe(3, "$share/g/a"), puback(1), puback(2)).said()
    for number in (3, 4, 5):
        publisher.send(publish("b", b"%d" % number, qos=1, packet_id=number))
    client.expect(publish("b", b"3", qos=1, packet_id=3), publish("b", b"4", qos=1, packet_id=4))


def test_mqtt_3_10_4_4_and_3_10_4_5_unsubscribe_is_answered_with_its_packet_id_even_if_nothing_ends() -> None:
    client = BrokerPlay().connect().subscribe("a", 0)
    client.send(unsubscribe(0xFFFF, "a"), unsubscribe(8, "a"))
    client.expect_bytes(unsuback(0xFFFF, 0), unsuback(8, 0x11))
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0xA2, b"\x00\x08" + text("a"))).expect_bytes(b"\xb0\x02\x00\x08")
    assert not old.connection.wants_close


def test_mqtt_3_10_4_6_and_3_11_3_1_filters_of_one_unsubscribe_are_handled_in_turn_with_one_answer() -> None:
    """Only codes that UNSUBACK has [MQTT-3.11.3-2]."""
    client = BrokerPlay().connect().subscribe("a", 0).subscribe("b", 0).subscribe("$share/g/a", 0)
    client.send(unsubscribe_bytes(4, "b", "c", "a", "a", "a/#/x", "$share/g/a", "$share/h/a"))
    client.expect_bytes(unsuback(4, 0, 0x11, 0, 0x11, 0x8F, 0, 0x11))
