"""From the queue to the client and back."""

import mqtt5
import pytest
from mqtt5 import Packet, PublishPacket
from tests.broker_play import BrokerPlay, puback, pubcomp, publish, pubrec, pubrel

from tidegate.broker.limits import BrokerLimits


def test_the_clients_receive_maximum_is_never_exceeded() -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=2).subscribe("a", 1)
    publisher = play.connect("publisher")
    for number in range(5):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    client.expect(publish("a", b"0", qos=1, packet_id=1), publish("a", b"1", qos=1, packet_id=2))
    client.send(puback(1)).expect(publish("a", b"2", qos=1, packet_id=3))
    client.send(puback(2), puback(3)).expect(
        publish("a", b"3", qos=1, packet_id=4), publish("a", b"4", qos=1, packet_id=5)
    )


def test_a_resumed_session_gets_again_what_it_did_not_acknowledge_in_order_and_first() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 2)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    publisher.send(publish("a", b"3", qos=2, packet_id=3))
    client.said()
    client.send(pubrec(3)).expect(pubrel(3))
    client.cut()
    publisher.send(publish("a", b"4", qos=1, packet_id=4))
    again = play.connect("one", session_expiry_interval=100)
    again.expect(
        publish("a", b"1", qos=1, packet_id=1, duplicate=True),
        publish("a", b"2", qos=2, packet_id=2, duplicate=True),
        pubrel(3),
        publish("a", b"4", qos=1, packet_id=4),
    )
    again.send(puback(1), pubrec(2), pubcomp(3), puback(4)).expect(pubrel(2))
    again.send(pubcomp(2))
    assert again.connection.session is not None
    assert not again.connection.session.inflight


def test_qos_2_to_a_client() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 2)
    play.connect("publisher").send(publish("a", b"x", qos=2, packet_id=9))
    client.expect(publish("a", b"x", qos=2, packet_id=1))
    client.send(pubrec(1)).expect(pubrel(1))
    client.send(pubcomp(1)).expect()
    client.send(pubrec(1)).expect(mqtt5.PubRelPacket(1, reason_code=mqtt5.PubRelReasonCode.PACKET_ID_NOT_FOUND))


def test_a_refused_pubrec_ends_the_exchange() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 2)
    play.connect("publisher").send(publish("a", b"x", qos=2, packet_id=9))
    client.said()
    client.send(mqtt5.PubRecPacket(1, reason_code=mqtt5.PubRecReasonCode.UNSPECIFIED_ERROR)).expect()
    assert client.connection.session is not None
    assert not client.connection.session.inflight


def test_expiry_counts_down_and_ends_what_waits() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).leave()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"short", qos=1, packet_id=1, message_expiry_interval=5))
    publisher.send(publish("a", b"long", qos=1, packet_id=2, message_expiry_interval=50))
    play.advance(10)
    client = play.connect("one", session_expiry_interval=100)
    client.expect(publish("a", b"long", qos=1, packet_id=1, message_expiry_interval=40))
    assert play.broker.statistics.dropped["expired"] == 1


def test_what_a_client_says_is_too_large_is_dropped_and_the_next_goes_on() -> None:
    play = BrokerPlay()
    client = play.connect("one", max_packet_size=40).subscribe("a", 1)
    publisher = play.connect("publisher")
    publisher.send(publish("a", bytes(100), qos=1, packet_id=1), publish("a", b"x", qos=1, packet_id=2))
    client.expect(publish("a", b"x", qos=1, packet_id=2))
    assert play.broker.statistics.dropped["packet_size"] == 1


def test_aliases_for_long_topics() -> None:
    topic = "t" * 80
    play = BrokerPlay()
    client = play.connect("one", topic_alias_max=1).subscribe("#", 0)
    publisher = play.connect("publisher")
    publisher.send(publish(topic, b"1"), publish(topic, b"2"), publish(topic + "x", b"3"))
    client.expect(publish(topic, b"1", topic_alias=1), publish("", b"2", topic_alias=1), publish(topic + "x", b"3"))


def test_a_client_that_takes_nothing_costs_memory_up_to_the_limit() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_bytes_max=1_010))
    client = play.connect("one").subscribe("a", 0)
    play.broker.set_writable(client.connection, False, play.now)
    publisher = play.connect("publisher")
    for number in range(20):
        publisher.send(publish("a", bytes([number]) * 100))
        play.advance(1)
    play.broker.set_writable(client.connection, True, play.now)
    assert len([each for each in client.said() if isinstance(each, PublishPacket)]) == 10
    assert play.broker.statistics.dropped["queue"] == 10


def test_an_unknown_puback_is_nothing() -> None:
    client = BrokerPlay().connect()
    client.send(puback(77)).expect()
    assert not client.connection.wants_close


@pytest.mark.parametrize(
    ("qos", "answers"),
    [
        (1, [pubrec(1)]),
        (1, [pubrec(1, 0x80)]),
        (1, [pubcomp(1)]),
        (2, [puback(1)]),
        (2, [puback(packet_id) for packet_id in (1, 2, 3, 4)]),
        (2, [pubcomp(1)]),
    ],
)
def test_an_acknowledgement_of_the_wrong_kind_settles_nothing_and_ends_the_connection(
    qos: int, answers: list[Packet]
) -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 2)
    play.connect("publisher").send(publish("a", b"x", qos=qos, packet_id=9))
    client.said()
    client.send(*answers).expect_closed(0x82)
    again = play.connect("one", clean_start=False)
    again.expect(publish("a", b"x", qos=qos, packet_id=1, duplicate=True))


def test_an_acknowledgement_of_what_was_not_resent_yet_makes_no_room_in_the_window() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 1)
    publisher = play.connect("publisher")
    for number in range(1, 9):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number))
    client.cut()
    again = play.connect("one", clean_start=False, session_expiry_interval=100, receive_max=1)
    again.expect(publish("a", b"1", qos=1, packet_id=1, duplicate=True))
    again.send(puback(2)).expect()
    again.send(*(puback(packet_id) for packet_id in (3, 4, 5, 6))).expect()
    again.send(puback(1)).expect(publish("a", b"7", qos=1, packet_id=7, duplicate=True))
    again.send(puback(7)).expect(publish("a", b"8", qos=1, packet_id=8, duplicate=True))


def test_many_resends_that_are_too_large_now_are_dropped_and_counted() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 2)
    publisher = play.connect("publisher")
    for number in range(1, 2_001):
        publisher.send(publish("a", b"x" * 100, qos=1, packet_id=number))
    publisher.send(publish("a", b"small", qos=1, packet_id=9))
    client.cut()
    again = play.connect("one", clean_start=False, session_expiry_interval=100, max_packet_size=50, receive_max=1)
    again.expect(publish("a", b"small", qos=1, packet_id=2_001, duplicate=True))
    assert play.broker.statistics.dropped["packet_size"] == 2_000
    again.send(puback(2_001)).expect()
    publisher.send(publish("a", b"new", qos=1, packet_id=1), publish("a", b"next", qos=1, packet_id=2))
    again.expect(publish("a", b"new", qos=1, packet_id=2_002))


@pytest.mark.parametrize("qos", [0, 1])
def test_no_message_gains_a_second_by_the_imprecision_of_the_clock(qos: int) -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", qos)
    publisher = play.connect("publisher")
    for step in range(50):
        play.advance(0.1 * step)
        publisher.send(publish("a", b"x", qos=1, packet_id=1, message_expiry_interval=10))
    assert {each.message_expiry_interval for each in client.said() if isinstance(each, PublishPacket)} == {10}
