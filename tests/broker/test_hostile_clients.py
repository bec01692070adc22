"""Clients that mean harm, against the broker core: what they may cost, and what of the others must go on."""

import gc

import mqtt5
import pytest
from mqtt5 import PublishPacket
from tests.broker_play import BrokerPlay, publish

from tidegate.broker.connection import Connection
from tidegate.broker.deadlines import CANCELLED_MIN
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
