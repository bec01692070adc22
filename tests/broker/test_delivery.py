"""Who gets a message, what waits, and what finds no room."""

from mqtt5 import PublishPacket, UnsubscribePacket
from tests.broker_play import BrokerPlay, puback, publish, pubrec

from tidegate.broker.limits import BrokerLimits


def payloads(packets: list[object]) -> list[bytes]:
    return [each.payload for each in packets if isinstance(each, PublishPacket)]


def test_each_session_gets_one_copy_with_the_highest_qos_and_all_identifiers() -> None:
    play = BrokerPlay()
    client = play.connect("one")
    client.subscribe("a/#", 0, identifier=5).subscribe("a/+", 1, identifier=6)
    play.connect("publisher").send(publish("a/b", b"x", qos=2, packet_id=1))
    (message,) = client.said()
    assert isinstance(message, PublishPacket)
    assert int(message.qos) == 1
    assert sorted(message.subscription_ids) == [5, 6]


def test_no_local() -> None:
    play = BrokerPlay()
    one = play.connect("one").subscribe("a", no_local=True)
    other = play.connect("other").subscribe("a", no_local=True)
    one.send(publish("a", b"x"))
    one.expect()
    other.expect(publish("a", b"x"))
    one.subscribe("+")
    one.send(publish("a", b"y")).expect(publish("a", b"y"))


def test_nobody_matches() -> None:
    BrokerPlay().connect().send(publish("a", qos=1, packet_id=3)).expect(puback(3, 0x10))


def test_members_of_a_shared_subscription_take_turns() -> None:
    play = BrokerPlay()
    members = [play.connect(f"member-{number}").subscribe("$share/g/a", 1) for number in range(3)]
    publisher = play.connect("publisher")
    for number in range(6):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    assert [len(payloads(list(member.said()))) for member in members] == [2, 2, 2]


def test_a_member_without_room_is_passed_over() -> None:
    play = BrokerPlay()
    slow = play.connect("slow", receive_max=1).subscribe("$share/g/a", 1)
    quick = play.connect("quick").subscribe("$share/g/a", 1)
    publisher = play.connect("publisher")
    for number in range(5):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    assert len(payloads(list(slow.said()))) == 1
    assert len(payloads(list(quick.said()))) == 4


def test_failure_13_a_member_that_leaves_hands_its_messages_to_the_others() -> None:
    play = BrokerPlay()
    leaving = play.connect("leaving", receive_max=1).subscribe("$share/g/a", 1)
    publisher = play.connect("publisher")
    for number in range(3):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    assert payloads(list(leaving.said())) == [b"0"]
    staying = play.connect("staying").subscribe("$share/g/a", 1)
    leaving.cut()
    assert payloads(list(staying.said())) == [b"0", b"1", b"2"]


def test_what_was_sent_with_qos_2_is_not_handed_over() -> None:
    play = BrokerPlay()
    leaving = play.connect("leaving").subscribe("$share/g/a", 2)
    play.connect("publisher").send(publish("a", b"0", qos=2, packet_id=1))
    staying = play.connect("staying").subscribe("$share/g/a", 2)
    leaving.cut()
    staying.expect()


def test_the_queue_of_a_session_in_memory_drops_what_has_no_room_and_counts_it() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=2))
    slow = play.connect("slow", receive_max=1).subscribe("a", 1)
    publisher = play.connect("publisher")
    for number in range(5):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
        play.advance(1)
    assert play.broker.statistics.dropped["queue"] == 2
    for packet_id in range(1, 4):
        slow.send(puback(packet_id))
    assert payloads(list(slow.said())) == [b"0", b"1", b"2"]


def test_drop_oldest() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=2, queue_strategy="DropOldest"))
    slow = play.connect("slow", receive_max=1).subscribe("a", 1)
    publisher = play.connect("publisher")
    for number in range(5):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
        play.advance(1)
    for packet_id in range(1, 4):
        slow.send(puback(packet_id))
    assert payloads(list(slow.said())) == [b"0", b"3", b"4"]


def test_failure_25_a_durable_session_without_room_makes_the_publisher_wait_or_know() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=2))
    play.connect("slow", session_expiry_interval=100).subscribe("a", 1).leave()
    publisher = play.connect("publisher")
    answers = []
    for number in range(4):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
        answers += publisher.said()
    assert [str(answer) for answer in answers] == [
        str(puback(1)),
        str(puback(2)),
        str(puback(3, 0x97)),
        str(puback(4, 0x97)),
    ]
    publisher.send(publish("a", b"q", qos=2, packet_id=9))
    assert int(publisher.said()[0].reason_code) == 0x97  # type: ignore[union-attr]
    slow = play.connect("slow", session_expiry_interval=100)
    assert payloads(list(slow.said())) == [b"0", b"1"]
    slow.send(puback(1), puback(2))
    publisher.send(publish("a", b"9", qos=1, packet_id=10)).expect(puback(10))


def test_failure_25_a_publisher_is_held_back_for_a_subscriber_that_goes_on() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=10))
    slow = play.connect("slow", receive_max=1).subscribe("a", 1)
    publisher = play.connect("publisher")
    play.broker.take_dirty()
    for number in range(8):
        slow.connection.session.progress_at = play.now.monotonic  # type: ignore[union-attr]
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    assert not publisher.connection.wants_reading
    for packet_id in range(1, 5):
        slow.send(puback(packet_id))
    assert publisher.connection.wants_reading


def test_a_stalled_subscriber_holds_nobody_back_for_long() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=10))
    slow = play.connect("slow", receive_max=1).subscribe("a", 1)
    publisher = play.connect("publisher")
    for number in range(8):
        slow.connection.session.progress_at = play.now.monotonic  # type: ignore[union-attr]
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    assert not publisher.connection.wants_reading
    play.advance(0.6)
    assert publisher.connection.wants_reading


def test_qos_0_is_not_kept_for_who_is_not_there() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 2).leave()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"0"), publish("a", b"2", qos=2, packet_id=1))
    publisher.expect(pubrec(1))
    assert payloads(list(play.connect("one", session_expiry_interval=100).said())) == [b"2"]


def test_an_unsubscribing_member_keeps_what_was_sent_to_it_and_hands_over_what_waits() -> None:
    play = BrokerPlay()
    leaving = play.connect("leaving", receive_max=1).subscribe("$share/g/a", 1).subscribe("b", 1)
    publisher = play.connect("publisher")
    for number in (1, 2):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number))
    staying = play.connect("staying").subscribe("$share/g/a", 1)
    leaving.said()
    leaving.send(UnsubscribePacket(1, ["$share/g/a"]))
    staying.expect(publish("a", b"2", qos=1, packet_id=1))
    publisher.send(publish("b", b"3", qos=1, packet_id=3))
    leaving.send(puback(1))
    assert payloads(list(leaving.said())) == [b"3"]


def test_what_is_handed_over_comes_as_the_other_member_subscribed() -> None:
    play = BrokerPlay()
    leaving = play.connect("leaving").subscribe("$share/g/a", 1, retain_as_published=True, identifier=1)
    play.connect("publisher").send(publish("a", b"1", qos=1, packet_id=1, retain=True))
    low = play.connect("low").subscribe("$share/g/a", 0, identifier=2)
    leaving.cut()
    low.expect(publish("a", b"1", subscription_ids=[2]))


def test_a_member_that_is_away_is_not_chosen_for_what_would_not_be_kept() -> None:
    play = BrokerPlay()
    play.connect("zero", session_expiry_interval=100).subscribe("$share/g/a", 0).cut()
    play.connect("one", session_expiry_interval=100).subscribe("$share/g/a", 1).cut()
    play.connect("zero-too", session_expiry_interval=100).subscribe("$share/g/a", 0).cut()
    publisher = play.connect("publisher")
    for number in range(4):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1)).expect(puback(number + 1))
    one = play.connect("one", clean_start=False)
    assert payloads(list(one.said())) == [b"0", b"1", b"2", b"3"]


def test_a_connected_member_without_room_in_its_queue_is_passed_over() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=1))
    full = play.connect("full", receive_max=1).subscribe("$share/g/a", 1)
    publisher = play.connect("publisher")
    for number in range(2):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    slow = play.connect("slow", receive_max=1).subscribe("$share/g/a", 1)
    for number in range(2, 4):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    for packet_id in (1, 2):
        full.send(puback(packet_id))
        slow.send(puback(packet_id))
    assert payloads(list(full.said())) == [b"0", b"1"]
    assert payloads(list(slow.said())) == [b"2", b"3"]
    assert not play.broker.statistics.dropped["queue"]


def test_failure_25_a_shared_subscription_without_room_is_told_though_a_member_of_qos_0_is_away() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1))
    play.connect("zero", session_expiry_interval=100).subscribe("$share/g/a", 0).cut()
    play.connect("one", session_expiry_interval=100).subscribe("$share/g/a", 1).cut()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"0", qos=1, packet_id=1)).expect(puback(1))
    publisher.send(publish("a", b"1", qos=1, packet_id=2)).expect(puback(2, 0x97))
    one = play.connect("one", clean_start=False)
    assert payloads(list(one.said())) == [b"0"]


def test_drop_oldest_holds_for_a_shared_subscription_whose_members_are_away() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1, queue_strategy="DropOldest"))
    play.connect("one", session_expiry_interval=100).subscribe("$share/g/a", 1).cut()
    publisher = play.connect("publisher")
    for number in range(3):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1)).expect(puback(number + 1))
    one = play.connect("one", clean_start=False)
    assert payloads(list(one.said())) == [b"2"]


def test_a_session_that_becomes_durable_has_to_have_room_for_topics_that_were_matched_before() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1, durable_sessions="asked"))
    play.connect("slow", session_expiry_interval=100).subscribe("a", 1)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"0", qos=1, packet_id=1)).expect(puback(1))
    asks = [("aio-persistence", "true")]
    play.connect("slow", clean_start=False, session_expiry_interval=100, user_properties=asks).cut()
    publisher.send(publish("a", b"1", qos=1, packet_id=2)).expect(puback(2))
    publisher.send(publish("a", b"2", qos=1, packet_id=3)).expect(puback(3, 0x97))
