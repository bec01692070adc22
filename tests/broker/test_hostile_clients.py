"""Clients that mean harm, against the broker core: what they may cost, and what of the others must go on."""

import gc

import mqtt5
import pytest
from mqtt5 import ConnectPacket, PublishPacket, SubAckPacket
from tests.broker_play import BrokerPlay, puback, publish, subscribe, subscription

from tidegate.broker.connection import HELD_ANSWERS_MAX, UNREAD_BYTES_MAX, Connection
from tidegate.broker.deadlines import CANCELLED_MIN
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.session import Session


def living(kind: type) -> int:
    """Count the living objects of a class."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def test_promise_08_clients_that_come_and_go_leave_nothing() -> None:
    """Keep alive, session expiry and will delay are of the client's choosing, up to many years."""
    play = BrokerPlay()
    before = living(Connection), living(Session)
    for number in range(2 * CANCELLED_MIN):
        will = mqtt5.Will("w", payload=bytes(1_000), will_delay_interval=0xFFFFFFFF)
        play.connect(f"c{number}", keep_alive=65_535, session_expiry_interval=0xFFFFFFFE, will=will).cut()
        # The session ends here, long before its time.
        play.connect(f"c{number}", clean_start=True).leave()
        play.client().cut()
    play.events.clear()
    play.batches.clear()
    play.broker.take_dirty()
    assert living(Connection) == before[0]
    assert living(Session) == before[1]
    assert len(play.broker._deadlines) <= 2 * CANCELLED_MIN


def test_promise_08_a_connect_is_let_go_with_the_secrets_in_it() -> None:
    play = BrokerPlay()
    client = play.connect("one", username="u", password=b"canary", will=mqtt5.Will("w", payload=bytes(60_000)))
    assert client.connection.pending_connect is None


@pytest.mark.parametrize("version", [b"\x04", b"\x05"])
def test_promise_08_half_a_connect_does_not_disturb_the_end(version: bytes) -> None:
    play = BrokerPlay()
    half = play.client().send(b"\x10\x7f\0\4MQTT" + version)
    other = play.connect("other")
    play.broker.shut_down(play.now)
    other.expect_closed(0x8B)
    # CONNACK has no Server shutting down, but Server unavailable.
    assert half.raw() == (b"\x20\x02\0\3" if version == b"\x04" else b"\x20\x03\0\x88\0")
    assert half.connection.wants_close


def framed(first: int, body: bytes) -> bytes:
    """Put a fixed header in front of the body of a packet."""
    length, digits = len(body), bytearray()
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((first, *digits, length)) + body


MANY = 100_000

STORMS = {
    "user properties": framed(0x30, b"\0\1a" + framed(0, b"\x26\0\0\0\0" * MANY)[1:]),
    "user properties of QoS 1": framed(0x32, b"\0\1a\0\1" + framed(0, b"\x26\0\0\0\0" * MANY)[1:]),
    "filters": framed(0x82, b"\0\1\0" + b"\0\1a\0" * MANY),
    "filters to unsubscribe": framed(0xA2, b"\0\1\0" + b"\0\1a" * MANY),
}


@pytest.mark.parametrize("in_one_read", [True, False], ids=["in one read", "in reads"])
@pytest.mark.parametrize("storm", STORMS)
def test_promise_08_a_packet_of_very_many_small_things_is_refused_unread(storm: str, in_one_read: bool) -> None:
    """Decoded, 16 MiB of them would stop the broker for ten seconds."""
    play = BrokerPlay()
    other = play.connect("other").subscribe("b")
    client = play.connect("one")
    data = PublishPacket("b", b"before").write() + STORMS[storm]
    step = len(data) if in_one_read else 65_536
    for start in range(0, len(data), step):
        client.send(data[start : start + step])
    client.expect_closed(0x97)
    other.expect(publish("b", b"before"))


def test_promise_08_a_large_payload_is_no_such_packet() -> None:
    play = BrokerPlay()
    payload = b"\xff\xff\x7f" + bytes(300_000)  # in MQTT 5 this would be the length of 2 MB of properties
    subscriber = play.connect("subscriber").subscribe("a")
    old = play.client().send(b"\x10\x0d\0\4MQTT\4\2\0\0\0\1c")
    old.send(framed(0x30, b"\0\1a" + payload), framed(0x32, b"\0\1a\0\1" + payload))
    assert [packet.payload for packet in subscriber.said() if isinstance(packet, PublishPacket)] == [payload] * 2
    play.connect("new").send(PublishPacket("a", payload))
    subscriber.expect(publish("a", payload))


@pytest.mark.parametrize("qos", [0, 1])
def test_failure_25_what_waits_counts_with_its_properties(qos: int) -> None:
    """A message without a payload may have a quarter of a megabyte of properties."""
    play = BrokerPlay(BrokerLimits(queued_in_memory_bytes_max=100_000))
    slow = play.connect("slow").subscribe("a", qos)
    play.broker.set_writable(slow.connection, False, play.now)
    publisher = play.connect("publisher")
    for number in range(1, 51):
        packet_id = number if qos else None
        publisher.send(publish("a", qos=qos, packet_id=packet_id, user_properties=[("k", "v" * 10_000)]))
        play.advance(1)
    assert play.broker.statistics.dropped["queue"] == 41
    assert len(play.broker._sessions.everyone()[0].queue) == 9


def test_failure_25_a_durable_queue_counts_its_properties_and_the_publisher_knows() -> None:
    play = BrokerPlay(BrokerLimits(queued_bytes_max=100_000))
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).leave()
    publisher = play.connect("publisher")
    for number in range(1, 12):
        publisher.send(publish("a", qos=1, packet_id=number, user_properties=[("k", "v" * 10_000)]))
        publisher.expect(puback(number, 0 if number < 10 else 0x97))


def test_promise_08_deep_topics_cost_what_their_limits_say() -> None:
    play = BrokerPlay(BrokerLimits(retained_bytes_max=90_000, subscription_levels_max=300))
    client = play.connect("one")
    deep = "/".join(["x"] * 120)
    client.send(publish(deep + "/1", b"x", qos=1, packet_id=1, retain=True)).expect(puback(1, 0x10))
    client.send(publish(deep + "/2", b"x", qos=1, packet_id=2, retain=True)).expect(puback(2, 0x97))
    client.send(publish("short", b"x", qos=1, packet_id=3, retain=True)).expect(puback(3, 0x10))
    filters = [f"{'+/' * 120}{letter}" for letter in "abc"] + [f"{letter}/{'+/' * 120}x" for letter in "abc"]
    client.send(subscribe(4, *(subscription(each, 0) for each in filters)))
    (said,) = client.said()
    assert isinstance(said, SubAckPacket)
    assert [int(code) for code in said.reason_codes] == [0, 0, 0, 0, 0x97, 0x97]
    for packet in (publish("/" * 200), publish("/" * 5_000), publish("x" * 4_097)):
        play.connect("deep").send(packet).expect_closed(0x90)
        play.connect("deep").send(publish("short"), packet).expect_closed(0x90)
    client.send(publish("short", qos=1, packet_id=5)).expect(puback(5, 0x10))


def test_promise_08_who_asks_and_does_not_read_the_answers_is_let_go() -> None:
    play = BrokerPlay()
    other = play.connect("other").subscribe("a")
    client = play.connect("one")
    play.broker.set_writable(client.connection, False, play.now)
    sent = 0
    while not client.connection.wants_close and sent < 4 * UNREAD_BYTES_MAX:
        client.send(b"\xc0\0" * 50_000)
        sent += 100_000
    assert client.connection.wants_close
    assert UNREAD_BYTES_MAX < sent < 2 * UNREAD_BYTES_MAX
    play.connect("publisher").send(publish("a", b"still"))
    other.expect(publish("a", b"still"))


def test_promise_08_a_slow_reader_that_takes_something_now_and_then_is_kept() -> None:
    play = BrokerPlay()
    client = play.connect("one")
    for _ in range(30):
        play.broker.set_writable(client.connection, False, play.now)
        client.send(b"\xc0\0" * 50_000)
        client.raw()
        play.broker.set_writable(client.connection, True, play.now)
    assert not client.connection.wants_close


def test_failure_26_while_nothing_can_be_committed_a_client_cannot_ask_without_end() -> None:
    play = BrokerPlay(commits=False)
    client = play.client().send(ConnectPacket("one", session_expiry_interval=100))
    play.commit()
    client.said()
    asked = 0
    while client.connection.wants_reading and asked < 3 * HELD_ANSWERS_MAX:
        client.send(subscribe(1, subscription("a", 0)))
        asked += 1
    assert asked <= HELD_ANSWERS_MAX + 1
    play.advance(1_000)
    assert not client.connection.wants_close, "it is not heard, and so not gone"
    play.commit()
    assert client.connection.wants_reading
    assert sum(isinstance(packet, SubAckPacket) for packet in client.said()) == asked


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("way", ["one filter again and again", "many filters in one packet"])
def test_promise_08_a_storm_of_subscriptions_brings_each_retained_message_once(way: str, qos: int) -> None:
    """Each filter matches everything that is retained; a client that reads nothing must not make a copy for each."""
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=50, durable_sessions="none"))
    publisher = play.connect("publisher")
    for number in range(100):
        publisher.send(publish(f"a/{number}", b"x", qos=1, packet_id=1, retain=True))
    client = play.connect("one", session_expiry_interval=100)
    play.broker.set_writable(client.connection, False, play.now)
    filters = ["#"] * 40 if way.startswith("one") else ["#", "+/#", "+/+", "a/#", "a/+"] + [f"a/{n}" for n in range(35)]
    if way.startswith("one"):
        for topic_filter in filters:
            client.send(subscribe(1, subscription(topic_filter, qos)))
    else:
        client.send(subscribe(1, *(subscription(each, qos) for each in filters)))
    session = play.broker._sessions.get("one")
    assert session is not None
    assert len(session.queue) <= 50 + 100
    received = 0
    for _ in range(50):
        play.broker.set_writable(client.connection, True, play.now)
        got = [packet for packet in client.said() if isinstance(packet, PublishPacket)]
        received += len(got)
        client.send(*(puback(each.packet_id) for each in got if each.packet_id))
    # What was asked for once more while it waited comes once more.
    assert received == (200 if way.startswith("one") else 100 * 5 + 35)


def test_retained_messages_that_are_owed_survive_the_connection() -> None:
    play = BrokerPlay(BrokerLimits(queued_in_memory_max=5, durable_sessions="none"))
    publisher = play.connect("publisher")
    for number in range(10):
        publisher.send(publish(f"a/{number}", b"x", qos=1, packet_id=1, retain=True))
    client = play.connect("one", session_expiry_interval=100, receive_max=1)
    client.send(subscribe(1, subscription("a/#", 1), subscription("a/+", 1)))
    client.cut()
    again = play.connect("one", session_expiry_interval=100, clean_start=False)
    received = 0
    for _ in range(40):
        got = [packet for packet in again.said() if isinstance(packet, PublishPacket)]
        received += len(got)
        again.send(*(puback(each.packet_id) for each in got if each.packet_id))
    assert received == 20
