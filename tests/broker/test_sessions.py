"""The life of sessions, and their wills."""

import mqtt5
from mqtt5 import DisconnectPacket, DisconnectReasonCode
from tests.broker_play import BrokerPlay, publish

from tidegate.broker.limits import BrokerLimits

WILL = mqtt5.Will("will", payload=b"gone")
LATE = mqtt5.Will("will", payload=b"gone", will_delay_interval=10)
GONE = publish("will", b"gone")


def test_a_session_ends_when_its_time_is_up() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=50).cut()
    play.advance(49)
    again = play.connect("one", session_expiry_interval=50)
    assert again.connack is not None and again.connack.session_present
    again.cut()
    play.advance(51)
    again = play.connect("one")
    assert again.connack is not None and not again.connack.session_present


def test_failure_29_the_will_is_not_sent_after_a_normal_disconnect() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    play.connect("one", will=WILL).leave()
    watcher.expect()
    play.connect("two", will=WILL).cut()
    watcher.expect(GONE)
    play.connect("three", will=WILL).send(
        DisconnectPacket(reason_code=DisconnectReasonCode.DISCONNECT_WITH_WILL_MESSAGE)
    )
    watcher.expect(GONE)


def test_failure_29_a_delayed_will_is_cut_short_by_the_sessions_end() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    play.connect("one", will=LATE, session_expiry_interval=5).cut()
    play.advance(4)
    watcher.expect()
    play.advance(2)
    watcher.expect(GONE)
    play.connect("two", will=LATE).cut()
    watcher.expect(GONE)


def test_failure_29_a_client_that_comes_back_in_time_has_no_will_sent() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    play.connect("one", will=LATE, session_expiry_interval=100).cut()
    play.advance(5)
    play.connect("one", session_expiry_interval=100)
    play.advance(50)
    watcher.expect()


def test_failure_29_on_take_over_as_the_delay_says() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    play.connect("one", will=WILL, session_expiry_interval=100)
    play.connect("one", will=LATE, session_expiry_interval=100)
    watcher.expect(GONE)
    play.connect("one", session_expiry_interval=100)
    play.advance(50)
    watcher.expect()
    play.connect("two", will=LATE, session_expiry_interval=100)
    play.connect("two", clean_start=True)
    watcher.expect(GONE)


def test_the_will_is_sent_when_the_server_closes_for_an_error() -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    play.connect("one", will=WILL).send(b"\x00\x00")
    watcher.expect(GONE)


def test_disconnect_may_change_the_expiry_but_not_from_0() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100)
    client.send(DisconnectPacket(session_expiry_interval=0)).cut()
    again = play.connect("one")
    assert again.connack is not None and not again.connack.session_present
    again.send(DisconnectPacket(session_expiry_interval=5)).expect_closed(0x82)


def test_which_sessions_are_durable() -> None:
    for kept, properties, expected in (
        ("expiring", [], True),
        ("none", [("aio-persistence", "true")], False),
        ("asked", [], False),
        ("asked", [("aio-persistence", "true")], True),
    ):
        play = BrokerPlay(BrokerLimits(durable_sessions=kept))  # type: ignore[arg-type]
        client = play.connect("one", session_expiry_interval=100, user_properties=properties)
        assert client.connection.session is not None
        assert client.connection.session.is_durable is expected
        assert bool(play.batches) is expected


def test_clients_may_have_to_ask_by_another_property() -> None:
    limits = BrokerLimits(durable_sessions="asked", persistence_property=("keep", "yes"))
    for asks, expected in ((("keep", "yes"), True), (("keep", "no"), False), (("aio-persistence", "true"), False)):
        client = BrokerPlay(limits).connect("one", session_expiry_interval=100, user_properties=[asks])
        assert client.connection.session is not None and client.connection.session.is_durable is expected


def test_a_session_that_becomes_durable_takes_what_it_holds_along() -> None:
    play = BrokerPlay(BrokerLimits(durable_sessions="asked"))
    asks = [("aio-persistence", "true")]
    play.connect("one", session_expiry_interval=100).subscribe("a", 1).cut()
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1))
    play.connect("one", session_expiry_interval=100, user_properties=asks)
    (batch,) = [each for each in play.batches if each.sessions]
    assert [key[1] for key in batch.subscriptions] == ["a"]
    assert [record.message.payload for record in batch.queued.values()] == [b"x"]


def test_failure_27_the_wall_clock_ends_no_session() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).cut()
    client = play.connect("two", keep_alive=60)
    play.advance(10, wall=10 * 365 * 86_400.0)
    play.advance(10, wall=-20 * 365 * 86_400.0)
    assert not client.connection.wants_close
    again = play.connect("one", session_expiry_interval=100)
    assert again.connack is not None and again.connack.session_present


def test_disconnect_may_name_an_expiry_where_connect_did_and_the_limit_is_0() -> None:
    play = BrokerPlay(BrokerLimits(session_expiry_seconds_max=0))
    client = play.connect("one", session_expiry_interval=100)
    client.send(mqtt5.DisconnectPacket(session_expiry_interval=10)).expect_closed()
