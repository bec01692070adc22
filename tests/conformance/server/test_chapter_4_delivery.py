"""MQTT 5, sections 4.5 to 4.8: who gets a message, in which order, by which filters, and shared subscriptions."""

from itertools import pairwise

import pytest
from mqtt5 import PublishPacket, SubAckPacket, UnsubscribePacket
from tests.broker_play import BrokerPlay, Client, puback, pubcomp, publish, pubrec, pubrel
from tests.mqtt.wire import publish as publish_bytes
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.limits import BrokerLimits


def payloads(client: Client) -> list[bytes]:
    """Return the payloads that a client got since the last time, and nothing else."""
    said = client.said()
    assert all(isinstance(each, PublishPacket) for each in said), said
    return [each.payload for each in said if isinstance(each, PublishPacket)]


def subscribe_code(client: Client, topic_filter: str) -> int:
    """Subscribe by bytes, since the filter may be none; return the reason code."""
    client.send(raw_packet(0x82, b"\x00\x07\x00" + text(topic_filter) + b"\x00"))
    answer = client.said()[0]
    assert isinstance(answer, SubAckPacket)
    return int(answer.reason_codes[0])


def members(play: BrokerPlay, count: int, qos: int = 2, **connect: int) -> list[Client]:
    """Connect members of one shared subscription to `a`."""
    return [play.connect(f"member-{number}", None, **connect).subscribe("$share/g/a", qos) for number in range(count)]


def send_numbers(publisher: Client, count: int, qos: int = 1, topic: str = "a") -> None:
    """Publish 0, 1, 2, ... and take the answers."""
    for number in range(count):
        publisher.send(publish(topic, b"%d" % number, qos=qos, packet_id=number + 1 if qos else None))
        if qos == 2:
            publisher.send(pubrel(number + 1))
    publisher.said()


def test_mqtt_4_5_0_1_a_message_is_added_to_every_session_with_a_matching_subscription() -> None:
    play = BrokerPlay()
    play.connect("away", session_expiry_interval=100).subscribe("a/+", 1).leave()
    exact, wide = play.connect("exact").subscribe("a/b", 1), play.connect("wide").subscribe("#", 0)
    other = play.connect("other").subscribe("a/c", 1)
    old = play.connect_3_1_1().send(raw_packet(0x82, b"\x00\x01" + text("a/#") + b"\x01"))
    old.raw()
    publisher = play.connect("publisher").subscribe("a/b", 2)
    publisher.send(publish("a/b", b"x", qos=1, packet_id=1))
    publisher.expect(publish("a/b", b"x", qos=1, packet_id=1), puback(1))
    exact.expect(publish("a/b", b"x", qos=1, packet_id=1))
    wide.expect(publish("a/b", b"x"))
    other.expect()
    old.expect_bytes(raw_packet(0x32, text("a/b") + b"\x00\x01x"))
    play.connect("away", clean_start=False).expect(publish("a/b", b"x", qos=1, packet_id=1))


def test_section_3_3_4_overlapping_subscriptions_get_one_copy_with_the_highest_qos_and_all_identifiers() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a/#", 0, identifier=1).subscribe("a/+", 2, identifier=2)
    client.subscribe("a/b", 1).subscribe("+/b", 1, identifier=1)
    play.connect("other").send(publish("a/b", b"x", qos=2, packet_id=1))
    [message] = client.said()
    assert isinstance(message, PublishPacket)
    assert (int(message.qos), sorted(message.subscription_ids)) == (2, [1, 1, 2])
    client.send(UnsubscribePacket(3, ["a/+"])).said()
    play.connect("other").send(publish("a/b", b"x", qos=2, packet_id=1))
    [message] = client.said()
    assert isinstance(message, PublishPacket)
    assert (int(message.qos), sorted(message.subscription_ids)) == (1, [1, 1])


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_mqtt_4_6_0_5_and_4_6_0_6_messages_go_on_in_the_order_in_which_they_came(qos: int) -> None:
    """To who is connected, who has a small window, and who was away; of a topic, and over topics as well."""
    play = BrokerPlay()
    play.connect("away", session_expiry_interval=100).subscribe("#", qos).leave()
    quick = play.connect("quick").subscribe("#", qos)
    slow = play.connect("slow", receive_max=3).subscribe("#", qos)
    publisher = play.connect("publisher")
    expected = [b"%d" % number for number in range(30)]
    for number, payload in enumerate(expected):
        topic = "a" if number % 3 else "b"
        publisher.send(publish(topic, payload, qos=qos, packet_id=number + 1 if qos else None))
        if qos == 2:
            publisher.send(pubrel(number + 1))
    assert payloads(quick) == expected
    came: list[bytes] = []
    while len(came) < len(expected):
        packets = [each for each in slow.said() if isinstance(each, PublishPacket)]
        assert packets
        came += [each.payload for each in packets]
        for each in reversed(packets):
            if qos:
                slow.send(puback(each.packet_id or 0) if qos == 1 else pubrec(each.packet_id or 0))
        if qos == 2:
            slow.send(*(pubcomp(each.packet_id or 0) for each in packets))
    assert came == expected
    away = play.connect("away", clean_start=False)
    assert payloads(away) == (expected if qos else [])


def test_mqtt_4_6_0_5_order_is_kept_over_a_lost_connection() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100, receive_max=2).subscribe("a", 1)
    publisher = play.connect("publisher")
    send_numbers(publisher, 5)
    assert payloads(client) == [b"0", b"1"]
    client.send(puback(2))
    assert payloads(client) == [b"2"]
    client.cut()
    publisher.send(publish("a", b"5", qos=1, packet_id=6))
    again = play.connect("one", clean_start=False, session_expiry_interval=100)
    assert payloads(again) == [b"0", b"2", b"3", b"4", b"5"]


@pytest.mark.parametrize("topic", ["a/+", "a/#", "+", "#", "a+", "a#b"])
def test_mqtt_4_7_0_1_a_topic_name_has_no_wildcard(topic: str) -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("#", 0)
    play.connect("one").send(publish_bytes(topic=topic)).expect_closed(0x81)
    old = play.connect_3_1_1().send(raw_packet(0x30, text(topic))).expect_bytes()
    assert old.connection.wants_close
    watcher.expect()


@pytest.mark.parametrize("topic_filter", ["a#", "a/b#", "a/#/b", "#/", "#/b", "##", "/#/", "+#", "$share/g/a#"])
def test_mqtt_4_7_1_1_the_multi_level_wildcard_stands_alone_and_last(topic_filter: str) -> None:
    assert subscribe_code(BrokerPlay().connect(), topic_filter) == 0x8F


@pytest.mark.parametrize("topic_filter", ["a+", "+a", "a/b+", "++", "a/+b/c", "$share/g/a+"])
def test_mqtt_4_7_1_2_the_single_level_wildcard_stands_alone_in_its_level(topic_filter: str) -> None:
    assert subscribe_code(BrokerPlay().connect(), topic_filter) == 0x8F


@pytest.mark.parametrize("topic_filter", ["a#", "a/#/b", "+a"])
def test_mqtt_4_7_1_1_and_4_7_1_2_in_mqtt_3_1_1_the_connection_ends(topic_filter: str) -> None:
    old = BrokerPlay().connect_3_1_1().send(raw_packet(0x82, b"\x00\x01" + text(topic_filter) + b"\x00"))
    assert old.expect_bytes().connection.wants_close


@pytest.mark.parametrize(
    ("topic_filter", "matching", "others"),
    [
        (
            "sport/player/#",
            ["sport/player", "sport/player/a", "sport/player/a/b", "sport/player/"],
            ["sport", "sport/x"],
        ),
        ("#", ["a", "/", "/a", "a/b/c"], ["$a", "$SYS/x"]),
        ("+", ["a"], ["/", "/a", "a/", "$a"]),
        ("/+", ["/a", "/"], ["a", "/a/b"]),
        ("+/+", ["/a", "a/", "/", "a/b"], ["a", "a/b/c", "$a/b"]),
        ("+/a/#", ["x/a", "/a", "x/a/b"], ["a", "$x/a"]),
        ("a/+/b", ["a/x/b", "a//b"], ["a/b", "a/x/y/b"]),
        ("a/+", ["a/b", "a/"], ["a", "a/b/c"]),
        ("a//b", ["a//b"], ["a/b"]),
        ("$x/#", ["$x", "$x/a", "$x/a/b"], ["x/a"]),
        ("$x/+", ["$x/a"], ["$x"]),
        ("a/$x", ["a/$x"], ["a/x"]),
        ("a/+/$b", ["a/$x/$b"], []),
    ],
)
def test_section_4_7_1_what_a_filter_matches_and_what_not(
    topic_filter: str, matching: list[str], others: list[str]
) -> None:
    """For messages, for retained messages, and for a member of a shared subscription."""
    play = BrokerPlay()
    plain = play.connect("plain").subscribe(topic_filter, 0)
    shared = play.connect("shared").subscribe(f"$share/g/{topic_filter}", 0)
    publisher = play.connect("publisher")
    allowed = [topic for topic in (*matching, *others) if not topic.startswith("$SYS/")]
    publisher.send(*(publish(topic, b"x", retain=True) for topic in allowed))
    late = play.connect("late").subscribe(topic_filter, 0)
    for client in (plain, shared, late):
        assert sorted(each.topic for each in client.said() if isinstance(each, PublishPacket)) == sorted(matching)


def test_mqtt_4_7_2_1_a_leading_wildcard_does_not_match_a_topic_that_begins_with_dollar() -> None:
    play = BrokerPlay()
    wild = play.connect("wild").subscribe("#", 0).subscribe("+/broker/#", 0).subscribe("+/+/+", 0)
    named = play.connect("named").subscribe("$SYS/#", 0)
    play.advance(30)
    assert payloads(named)
    wild.expect()
    assert play.connect("late").subscribe("#", 0).said() == []
    assert play.connect("late-named").subscribe("$SYS/broker/+", 0).said()


def test_section_4_7_2_clients_do_not_publish_to_the_brokers_own_topics() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("$SYS/#", 0)
    client = play.connect("one").send(publish("$SYS/x", b"0"), publish("$SYS/x", b"1", qos=1, packet_id=1))
    client.expect(puback(1, 0x87))
    watcher.expect()


def test_mqtt_4_7_3_1_topic_names_and_filters_have_at_least_one_character() -> None:
    play = BrokerPlay()
    play.connect("one").send(publish_bytes(topic="")).expect_closed(0x82)
    assert subscribe_code(play.connect("two"), "") == 0x8F
    old = play.connect_3_1_1().send(raw_packet(0x30, text(""))).expect_bytes()
    assert old.connection.wants_close


def test_mqtt_4_7_3_2_topic_names_and_filters_have_no_nul() -> None:
    play = BrokerPlay()
    nul = text("a\0b")
    for data in (
        publish_bytes(topic="a\0b"),
        raw_packet(0x82, b"\x00\x01\x00" + nul + b"\x00"),
        raw_packet(0xA2, b"\x00\x01\x00" + nul),
    ):
        play.connect("one").send(data).expect_closed(0x81)
    for data in (raw_packet(0x30, nul), raw_packet(0x82, b"\x00\x01" + nul + b"\x00")):
        assert play.connect_3_1_1().send(data).expect_bytes().connection.wants_close


def test_mqtt_4_7_3_3_topic_names_and_filters_are_taken_up_to_what_their_length_can_say() -> None:
    """Their length field has no more than two bytes; this broker's own limit is lower and can be raised."""
    play = BrokerPlay(BrokerLimits(topic_bytes_max=65_535))
    longest = "t" * 65_535
    subscriber = play.connect("one").subscribe(longest, 0)
    play.connect("two").send(publish(longest, b"x"))
    subscriber.expect(publish(longest, b"x"))
    play = BrokerPlay()
    play.connect("one").send(publish(longest, b"x")).expect_closed(0x90)
    assert subscribe_code(play.connect("two"), longest) == 0x8F


@pytest.mark.parametrize(
    ("topic", "other"),
    [
        ("ACCOUNTS", "accounts"),
        ("a b", "ab"),
        (" ", ""),
        ("\u00e9", "e\u0301"),
        ("\ufeffa", "a"),
        ("\u2126", "\u03a9"),
        ("/a", "a"),
        ("a/", "a"),
    ],
)
def test_mqtt_4_7_3_4_nothing_is_normalized(topic: str, other: str) -> None:
    play = BrokerPlay()
    subscriber = play.connect("one").subscribe(topic, 0)
    publisher = play.connect("two").send(publish(topic, b"x", retain=True))
    if other:
        publisher.send(publish(other, b"y", retain=True))
        play.connect("three").subscribe(other, 0).expect(publish(other, b"y", retain=True))
    subscriber.expect(publish(topic, b"x"))


def test_section_4_7_3_a_topic_may_have_many_levels_and_empty_ones() -> None:
    play = BrokerPlay(BrokerLimits(topic_levels_max=200))
    deep = "/" * 199
    subscriber = play.connect("one").subscribe(deep, 0).subscribe("//#", 0)
    play.connect("two").send(publish(deep, b"x"))
    subscriber.expect(publish(deep, b"x"))


@pytest.mark.parametrize(
    "topic_filter", ["$share//a", "$share/", "$share", "$share/+/a", "$share/g#/a", "$share/a+b/c"]
)
def test_mqtt_4_8_2_1_a_share_name_has_at_least_one_character_and_no_wildcard(topic_filter: str) -> None:
    assert subscribe_code(BrokerPlay().connect(), topic_filter) == 0x8F


@pytest.mark.parametrize("topic_filter", ["$share/g", "$share/g/"])
def test_mqtt_4_8_2_2_a_share_name_is_followed_by_a_filter(topic_filter: str) -> None:
    play = BrokerPlay()
    assert subscribe_code(play.connect("one"), topic_filter) == 0x8F
    slash = play.connect("two").subscribe("$share/g//", 0)
    play.connect("three").send(publish("/", b"x"))
    slash.expect(publish("/", b"x"))


def test_section_4_8_2_each_message_goes_to_one_member_of_each_group_and_to_all_others() -> None:
    play = BrokerPlay()
    group = members(play, 3)
    other_group = play.connect("other-group").subscribe("$share/h/a", 0)
    other_filter = play.connect("other-filter").subscribe("$share/g/+", 0)
    plain = play.connect("plain").subscribe("a", 0)
    old = play.connect_3_1_1().send(raw_packet(0x82, b"\x00\x01" + text("$share/g/a") + b"\x00"))
    old.expect_bytes(b"\x90\x03\x00\x01\x00")
    send_numbers(play.connect("publisher"), 8, qos=0)
    everything = [b"%d" % number for number in range(8)]
    assert payloads(other_group) == payloads(other_filter) == payloads(plain) == everything
    shares = [payloads(member) for member in group]
    shares.append([old_payload[-1:] for old_payload in old.raw().split(b"\x30\x04\x00\x01a") if old_payload])
    assert [len(share) for share in shares] == [2, 2, 2, 2]
    assert sorted(payload for share in shares for payload in share) == everything
    assert all(first < second for share in shares for first, second in pairwise(share))


def test_section_4_8_2_a_shared_subscription_gets_no_retained_messages() -> None:
    play = BrokerPlay()
    publisher = play.connect("publisher").send(publish("a", b"kept", retain=True))
    member = play.connect("one").subscribe("$share/g/a", 0)
    member.expect()
    publisher.send(publish("a", b"new", retain=True))
    member.expect(publish("a", b"new"))


@pytest.mark.parametrize("published", [0, 1, 2])
def test_mqtt_4_8_2_3_each_member_gets_the_qos_granted_to_it(published: int) -> None:
    play = BrokerPlay()
    group = [play.connect(f"member-{qos}").subscribe("$share/g/a", qos) for qos in (0, 1, 2)]
    send_numbers(play.connect("publisher"), 6, qos=published)
    for granted, member in enumerate(group):
        qualities = [int(each.qos) for each in member.said() if isinstance(each, PublishPacket)]
        assert qualities == [min(published, granted)] * 2


def test_mqtt_4_8_2_3_holds_for_what_another_member_leaves_behind() -> None:
    play = BrokerPlay()
    leaving = play.connect("leaving").subscribe("$share/g/a", 1)
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1))
    leaving.expect(publish("a", b"x", qos=1, packet_id=1))
    staying = play.connect("staying").subscribe("$share/g/a", 0)
    leaving.cut()
    staying.expect(publish("a", b"x"))


def test_mqtt_4_8_2_4_a_qos_2_message_that_a_member_began_to_get_is_completed_with_it() -> None:
    play = BrokerPlay()
    [chosen] = members(play, 1, session_expiry_interval=100)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=2, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    chosen.expect(publish("a", b"1", qos=2, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    other = play.connect("other").subscribe("$share/g/a", 2)
    chosen.send(pubrec(2)).expect(pubrel(2)).cut()
    play.advance(50)
    other.expect()
    again = play.connect("member-0", clean_start=False, session_expiry_interval=100)
    again.expect(publish("a", b"1", qos=2, packet_id=1, duplicate=True), pubrel(2))
    again.send(pubrec(1), pubcomp(2)).expect(pubrel(1))
    other.expect()


def test_mqtt_4_8_2_5_when_the_members_session_ends_it_goes_to_nobody() -> None:
    play = BrokerPlay()
    [chosen] = members(play, 1, session_expiry_interval=10)
    play.connect("publisher").send(publish("a", b"1", qos=2, packet_id=1))
    other = play.connect("other").subscribe("$share/g/a", 2)
    chosen.cut()
    play.advance(11)
    other.expect()


def test_section_4_8_2_what_a_member_did_not_acknowledge_goes_to_the_others_when_its_session_ends() -> None:
    play = BrokerPlay()
    leaving = play.connect("leaving", receive_max=2, session_expiry_interval=10).subscribe("$share/g/a", 1)
    publisher = play.connect("publisher")
    send_numbers(publisher, 4)
    assert payloads(leaving) == [b"0", b"1"]
    leaving.send(puback(1))
    assert payloads(leaving) == [b"2"]
    one, two = (play.connect(name).subscribe("$share/g/a", 1) for name in ("one", "two"))
    leaving.cut()
    play.advance(9)
    assert payloads(one) + payloads(two) == []
    play.advance(2)
    assert sorted(payloads(one) + payloads(two)) == [b"1", b"2", b"3"]


@pytest.mark.parametrize(("answer", "qos"), [(puback(1, 0x80), 1), (puback(1, 0x97), 1), (pubrec(1, 0x83), 2)])
def test_mqtt_4_8_2_6_what_a_member_refuses_goes_to_nobody_else(answer: object, qos: int) -> None:
    play = BrokerPlay()
    [chosen] = members(play, 1, session_expiry_interval=10)
    play.connect("publisher").send(publish("a", b"1", qos=qos, packet_id=1))
    chosen.said()
    other = play.connect("other").subscribe("$share/g/a", 2)
    chosen.send(answer).expect().cut()  # type: ignore[arg-type]
    play.advance(20)
    other.expect()


def test_section_4_8_2_members_that_cannot_take_a_message_are_passed_over() -> None:
    play = BrokerPlay()
    [full] = members(play, 1, receive_max=1)
    away = play.connect("away", session_expiry_interval=100).subscribe("$share/g/a", 1)
    away.leave()
    ready = play.connect("ready").subscribe("$share/g/a", 1)
    send_numbers(play.connect("publisher"), 6)
    assert len(payloads(full)) == 1
    assert len(payloads(ready)) == 5
    play.connect("away", clean_start=False).expect()
