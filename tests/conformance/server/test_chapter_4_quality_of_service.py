"""MQTT 5, sections 4.1 to 4.4: session state, and the exchanges of QoS 0, 1 and 2, in both directions, over connections."""

import pytest
from mqtt5 import PublishPacket
from tests.broker_play import BrokerPlay, Client, puback, pubcomp, publish, pubrec, pubrel
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.limits import BrokerLimits


def resumed(play: BrokerPlay, client_id: str = "one", expiry: int = 100) -> Client:
    """Return the client on a new connection, with its session."""
    client = play.connect(client_id, clean_start=False, session_expiry_interval=expiry)
    assert client.connack is not None
    assert client.connack.session_present
    return client


def with_subscriber(qos: int) -> tuple[BrokerPlay, Client, Client]:
    """Return a client that has a session and a subscription to `a`, and one that publishes."""
    play = BrokerPlay()
    subscriber = play.connect("one", session_expiry_interval=100).subscribe("a", qos)
    return play, subscriber, play.connect("publisher")


def publish_3_1_1(first_byte: int, packet_id: int, payload: bytes) -> bytes:
    return raw_packet(first_byte, text("a") + packet_id.to_bytes(2) + payload)


def test_mqtt_4_1_0_1_session_state_is_kept_while_the_connection_is_open() -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"1", qos=1, packet_id=1))
    subscriber.said()
    subscriber.send(publish("b", b"mine", qos=2, packet_id=4)).said()
    play.advance(1_000)
    publisher.send(publish("a", b"2", qos=1, packet_id=2))
    subscriber.expect(publish("a", b"2", qos=1, packet_id=2))
    subscriber.send(puback(1), puback(2), pubrel(4)).expect(pubcomp(4))


def test_mqtt_4_1_0_2_session_state_is_discarded_when_its_time_is_up() -> None:
    play, subscriber, publisher = with_subscriber(1)
    subscriber.cut()
    play.advance(99)
    publisher.send(publish("a", b"1", qos=1, packet_id=1)).expect(puback(1))
    play.advance(2)
    publisher.send(publish("a", b"2", qos=1, packet_id=2)).expect(puback(2, 0x10))
    again = play.connect("one", clean_start=False, session_expiry_interval=100).expect()
    assert again.connack is not None
    assert not again.connack.session_present


def test_mqtt_4_1_0_2_without_an_expiry_it_is_discarded_with_the_connection() -> None:
    play = BrokerPlay()
    play.connect("one").subscribe("a", 1).cut()
    play.connect("publisher").send(publish("a", qos=1, packet_id=1)).expect(puback(1, 0x10))
    again = play.connect("one", clean_start=False)
    assert again.connack is not None
    assert not again.connack.session_present


def test_section_4_1_of_mqtt_3_1_1_a_session_without_clean_session_is_kept() -> None:
    play = BrokerPlay()
    old = play.connect_3_1_1(clean_session=False).send(raw_packet(0x82, b"\x00\x01" + text("a") + b"\x01"))
    old.expect_bytes(b"\x90\x03\x00\x01\x01").cut()
    play.advance(10_000)
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1))
    old = play.connect_3_1_1(clean_session=False, session_present=1)
    old.expect_bytes(publish_3_1_1(0x32, 1, b"x")).cut()
    play.connect_3_1_1(clean_session=False, session_present=1).expect_bytes(publish_3_1_1(0x3A, 1, b"x")).cut()
    play.connect_3_1_1(clean_session=True).cut()
    play.connect_3_1_1(clean_session=False)


def test_mqtt_4_2_0_1_bytes_may_come_in_any_pieces() -> None:
    _, subscriber, publisher = with_subscriber(0)
    data = publish("a", b"1").write() + publish("a", b"2").write()
    for index in range(len(data)):
        publisher.send(data[index : index + 1])
    subscriber.expect(publish("a", b"1"), publish("a", b"2"))


def test_mqtt_4_3_1_1_qos_0_is_sent_with_dup_0_and_never_again() -> None:
    play, subscriber, publisher = with_subscriber(0)
    publisher.send(publish("a", b"x", qos=1, packet_id=1, duplicate=True))
    subscriber.expect_bytes(b"\x30\x05\x00\x01a\x00x")
    subscriber.cut()
    publisher.send(publish("a", b"y", qos=1, packet_id=2))
    resumed(play).expect()


def test_mqtt_4_3_2_1_and_4_3_3_1_each_message_gets_an_identifier_that_is_not_in_use() -> None:
    """And DUP 0, whatever DUP it came with [MQTT-4.3.2-2] [MQTT-4.3.3-2]."""
    _, subscriber, publisher = with_subscriber(2)
    in_use: set[int] = set()
    for number in range(66_000):
        qos = 1 + number % 2
        publisher.send(publish("a", b"x", qos=qos, packet_id=qos, duplicate=not number % 3), pubrel(2)).raw()
        [message] = subscriber.said()
        assert isinstance(message, PublishPacket)
        assert (int(message.qos), message.duplicate) == (qos, False)
        packet_id = message.packet_id
        assert packet_id is not None
        assert 1 <= packet_id <= 65_535
        assert packet_id not in in_use
        if number < 5:
            in_use.add(packet_id)
        elif qos == 1:
            subscriber.send(puback(packet_id))
        else:
            subscriber.send(pubrec(packet_id), pubcomp(packet_id)).raw()


def test_mqtt_4_3_2_3_a_publish_is_unacknowledged_until_its_puback_has_come() -> None:
    play, subscriber, publisher = with_subscriber(1)
    publisher.send(publish("a", b"x", qos=1, packet_id=7))
    subscriber.expect(publish("a", b"x", qos=1, packet_id=1)).cut()
    for _ in range(3):
        subscriber = resumed(play).expect(publish("a", b"x", qos=1, packet_id=1, duplicate=True))
        subscriber.cut()
    subscriber = resumed(play)
    subscriber.said()
    subscriber.send(puback(1)).cut()
    resumed(play).expect()


def test_mqtt_4_3_2_4_puback_has_the_identifier_and_comes_once_the_server_owns_the_message() -> None:
    play, _, publisher = with_subscriber(1)
    play.commits = False
    publisher.send(publish("a", b"x", qos=1, packet_id=500)).expect()
    play.commit()
    publisher.expect_bytes(b"\x40\x02\x01\xf4")


def test_mqtt_4_3_2_5_after_puback_the_same_identifier_is_a_new_message_whatever_dup_says() -> None:
    _, subscriber, publisher = with_subscriber(1)
    for number, duplicate in enumerate((False, True, True, False), start=1):
        publisher.send(publish("a", b"x", qos=1, packet_id=1, duplicate=duplicate)).expect(puback(1))
        subscriber.expect(publish("a", b"x", qos=1, packet_id=number))


def test_mqtt_4_3_3_2_4_3_3_4_and_4_3_3_5_the_exchange_of_qos_2_to_a_client() -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"x", qos=2, packet_id=9))
    subscriber.expect_bytes(raw_packet(0x34, text("a") + b"\x00\x01\x00x"))
    subscriber.send(pubrec(1)).expect(pubrel(1)).cut()
    subscriber = resumed(play).expect(pubrel(1))
    subscriber.send(pubcomp(1)).expect().cut()
    resumed(play).expect()


def test_mqtt_4_3_3_3_a_publish_is_unacknowledged_until_its_pubrec_has_come() -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"x", qos=2, packet_id=9))
    subscriber.said()
    subscriber.cut()
    for _ in range(2):
        subscriber = resumed(play).expect(publish("a", b"x", qos=2, packet_id=1, duplicate=True))
        subscriber.cut()


def test_mqtt_4_3_3_4_a_pubrec_of_0x10_goes_on() -> None:
    _, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"x", qos=2, packet_id=9))
    subscriber.said()
    subscriber.send(pubrec(1, 0x10)).expect(pubrel(1))


def test_mqtt_4_3_3_6_publish_is_not_sent_again_once_pubrel_was() -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"1", qos=2, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    subscriber.said()
    subscriber.send(pubrec(1)).expect(pubrel(1))
    # Its commit may still be to come.
    play.commits = False
    subscriber.send(pubrec(2)).expect().cut()
    play.commit()
    play.commits = True
    resumed(play).expect(pubrel(1), pubrel(2))


@pytest.mark.parametrize("qos", [1, 2])
def test_mqtt_4_3_3_7_what_was_sent_does_not_expire(qos: int) -> None:
    play, subscriber, publisher = with_subscriber(qos)
    publisher.send(publish("a", b"x", qos=qos, packet_id=1, message_expiry_interval=5))
    subscriber.expect(publish("a", b"x", qos=qos, packet_id=1, message_expiry_interval=5)).cut()
    play.advance(10)
    resumed(play).expect(publish("a", b"x", qos=qos, packet_id=1, message_expiry_interval=0, duplicate=True))


def test_mqtt_4_3_3_8_pubrec_has_the_identifier_and_comes_once_the_server_owns_the_message() -> None:
    play, _, publisher = with_subscriber(2)
    play.commits = False
    publisher.send(publish("a", b"x", qos=2, packet_id=500)).expect()
    play.commit()
    publisher.expect_bytes(b"\x50\x02\x01\xf4")


def test_mqtt_4_3_3_9_after_a_refusing_pubrec_the_same_identifier_is_a_new_message() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1))
    play.connect("one", session_expiry_interval=100).subscribe("a", 2).leave()
    publisher = play.connect("publisher").send(publish("a", b"1", qos=2, packet_id=1), pubrel(1))
    publisher.expect(pubrec(1), pubcomp(1))
    publisher.send(publish("a", b"2", qos=2, packet_id=1)).expect(pubrec(1, 0x97))
    subscriber = resumed(play).expect(publish("a", b"1", qos=2, packet_id=1))
    publisher.send(publish("a", b"3", qos=2, packet_id=1, duplicate=True)).expect(pubrec(1))
    subscriber.expect(publish("a", b"3", qos=2, packet_id=2))


def test_mqtt_4_3_3_10_until_pubrel_the_same_identifier_gets_a_pubrec_and_goes_to_nobody() -> None:
    play, subscriber, _ = with_subscriber(2)
    publisher = play.connect("sender", session_expiry_interval=100)
    publisher.send(publish("a", b"x", qos=2, packet_id=3)).expect(pubrec(3))
    subscriber.expect(publish("a", b"x", qos=2, packet_id=1))
    publisher.send(publish("a", b"x", qos=2, packet_id=3, duplicate=True)).expect(pubrec(3))
    publisher.cut()
    publisher = resumed(play, "sender").send(publish("a", b"x", qos=2, packet_id=3, duplicate=True))
    publisher.expect(pubrec(3))
    subscriber.expect()
    publisher.send(pubrel(3)).expect(pubcomp(3))


def test_mqtt_4_3_3_10_the_identifiers_of_the_two_directions_are_not_the_same() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 2)
    client.send(publish("a", b"x", qos=2, packet_id=1)).expect(publish("a", b"x", qos=2, packet_id=1), pubrec(1))
    client.send(pubrec(1), pubrel(1)).expect(pubrel(1), pubcomp(1))
    client.send(pubcomp(1)).expect()
    client.send(publish("a", b"y", qos=2, packet_id=1)).expect(publish("a", b"y", qos=2, packet_id=2), pubrec(1))


def test_mqtt_4_3_3_10_a_message_of_qos_1_under_an_identifier_of_qos_2_is_another_one() -> None:
    play = BrokerPlay()
    subscriber, publisher = play.connect("one").subscribe("a", 2), play.connect("publisher")
    publisher.send(publish("a", b"2", qos=2, packet_id=3), publish("a", b"1", qos=1, packet_id=3))
    publisher.expect(pubrec(3), puback(3))
    subscriber.expect(publish("a", b"2", qos=2, packet_id=1), publish("a", b"1", qos=1, packet_id=2))


def test_mqtt_4_3_3_11_and_12_a_pubrel_gets_a_pubcomp_and_the_identifier_is_new_again() -> None:
    _, subscriber, publisher = with_subscriber(2)
    for number in (1, 2, 3):
        publisher.send(publish("a", b"x", qos=2, packet_id=9, duplicate=number == 2)).expect(pubrec(9))
        publisher.send(pubrel(9)).expect_bytes(b"\x70\x02\x00\x09")
        subscriber.expect(publish("a", b"x", qos=2, packet_id=number))


def test_mqtt_4_3_3_11_a_pubcomp_waits_until_the_identifier_is_gone_from_the_disk() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100)
    client.send(publish("a", b"x", qos=2, packet_id=9)).expect(pubrec(9, 0x10))
    play.commits = False
    client.send(pubrel(9)).expect()
    play.commit()
    client.expect(pubcomp(9))


def test_mqtt_4_3_3_13_the_exchange_goes_on_though_the_message_has_expired() -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"x", qos=2, packet_id=1, message_expiry_interval=5)).expect(pubrec(1))
    subscriber.said()
    play.advance(10)
    subscriber.send(pubrec(1)).expect(pubrel(1))
    subscriber.send(pubcomp(1)).expect()
    publisher.send(pubrel(1)).expect(pubcomp(1))


def test_mqtt_4_3_3_13_also_where_the_message_expired_before_anybody_got_it() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 2).leave()
    publisher = play.connect("publisher").send(publish("a", b"x", qos=2, packet_id=1, message_expiry_interval=5))
    publisher.expect(pubrec(1))
    play.advance(10)
    publisher.send(publish("a", b"x", qos=2, packet_id=1, duplicate=True)).expect(pubrec(1))
    publisher.send(pubrel(1)).expect(pubcomp(1))
    resumed(play).expect()


def test_mqtt_3_3_2_6_the_expiry_goes_down_while_a_message_waits() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).leave()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=1, packet_id=1, message_expiry_interval=10))
    publisher.send(publish("a", b"2", qos=1, packet_id=2, message_expiry_interval=3))
    play.advance(3)
    resumed(play).expect(publish("a", b"1", qos=1, packet_id=1, message_expiry_interval=7))


def test_mqtt_4_4_0_1_a_resumed_session_resends_in_order_before_anything_new() -> None:
    play, subscriber, publisher = with_subscriber(2)
    for number, qos in enumerate((1, 2, 1, 2, 1), start=1):
        publisher.send(publish("a", b"%d" % number, qos=qos, packet_id=number))
    subscriber.said()
    subscriber.send(puback(3), pubrec(4)).expect(pubrel(4)).cut()
    publisher.send(publish("a", b"6", qos=1, packet_id=6))
    resumed(play).expect(
        publish("a", b"1", qos=1, packet_id=1, duplicate=True),
        publish("a", b"2", qos=2, packet_id=2, duplicate=True),
        pubrel(4),
        publish("a", b"5", qos=1, packet_id=5, duplicate=True),
        publish("a", b"6", qos=1, packet_id=6),
    )


def test_mqtt_4_4_0_1_nothing_is_resent_with_clean_start_or_on_a_live_connection() -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    subscriber.said()
    play.advance(10_000)
    subscriber.expect()
    subscriber.send(pubrec(2)).expect(pubrel(2))
    play.advance(10_000)
    subscriber.expect().cut()
    play.connect("one", clean_start=True, session_expiry_interval=100).expect()


def test_mqtt_4_4_0_1_a_take_over_resends_too() -> None:
    play, subscriber, publisher = with_subscriber(1)
    publisher.send(publish("a", b"x", qos=1, packet_id=1))
    subscriber.said()
    resumed(play).expect(publish("a", b"x", qos=1, packet_id=1, duplicate=True))
    subscriber.expect_closed(0x8E)


def test_section_4_4_of_mqtt_3_1_1_a_resend_has_dup_too() -> None:
    play = BrokerPlay()
    old = play.connect_3_1_1(clean_session=False).send(raw_packet(0x82, b"\x00\x01" + text("a") + b"\x02"))
    old.raw()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    publisher.send(publish("a", b"3", qos=2, packet_id=3))
    old.raw()
    old.send(b"\x50\x02\x00\x03").expect_bytes(b"\x62\x02\x00\x03").cut()
    old = play.connect_3_1_1(clean_session=False, session_present=1)
    old.expect_bytes(publish_3_1_1(0x3A, 1, b"1"), publish_3_1_1(0x3C, 2, b"2"), b"\x62\x02\x00\x03")


@pytest.mark.parametrize("reason_code", [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])
def test_mqtt_4_4_0_2_what_was_refused_is_not_sent_again(reason_code: int) -> None:
    play, subscriber, publisher = with_subscriber(2)
    publisher.send(publish("a", b"1", qos=1, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    subscriber.said()
    subscriber.send(puback(1, reason_code), pubrec(2, reason_code)).expect().cut()
    resumed(play).expect()
