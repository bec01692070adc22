"""Never silently stuck: half of the time is reported, the whole is acted on, and then the time doubles."""

from mqtt5 import DisconnectPacket
from tests.play import Play, connack, flow_plan, play, puback, publish, relay_of

from tidegate.flow.events import ConnectionEnded, Side, Stalled, StallEnded, StallSuspected
from tidegate.flow.policy import NOW
from tidegate.flow.watchdog import Watchdog

DESTINATION = Side.DESTINATION


def started(**changes: object) -> Play:
    """Return a play whose both sides are connected and subscribed."""
    return play(relay_of(flow_plan(**changes))).start()


def test_nothing_is_due_while_nothing_should_move() -> None:
    watchdog = Watchdog(60.0, 900.0)
    assert watchdog.next_timeout() is None
    assert watchdog.check(1e9) is None
    watchdog.watch(True, 10.0)
    watchdog.watch(True, 20.0)
    assert watchdog.next_timeout() == 40.0
    watchdog.watch(False, 30.0)
    assert watchdog.next_timeout() is None


def test_half_is_suspected_once_and_the_whole_has_stalled() -> None:
    watchdog = Watchdog(60.0, 900.0)
    watchdog.watch(True, 0.0)
    assert watchdog.check(29.0) is None
    assert watchdog.check(30.0) == "suspected"
    assert watchdog.check(59.0) is None
    assert watchdog.check(60.0) == "stalled"
    assert watchdog.next_timeout() is None


def test_the_limit_doubles_up_to_its_maximum_until_something_moves() -> None:
    watchdog = Watchdog(60.0, 200.0)
    now = 0.0
    for limit in (60.0, 120.0, 200.0, 200.0):
        assert watchdog.limit_seconds == limit
        watchdog.watch(True, now)
        assert watchdog.check(now + limit / 2) == "suspected"
        assert watchdog.check(now + limit) == "stalled"
        now += limit
    assert watchdog.progress(now)
    assert watchdog.limit_seconds == 60.0
    assert not watchdog.progress(now)


def test_progress_begins_the_time_anew() -> None:
    watchdog = Watchdog(60.0, 900.0)
    watchdog.watch(True, 0.0)
    assert not watchdog.progress(25.0)
    assert watchdog.check(54.0) is None
    assert watchdog.check(55.0) == "suspected"
    assert watchdog.progress(56.0)


def test_failure_17_a_puback_that_never_comes_is_reported_and_then_the_connection_is_made_again() -> None:
    scene = started().source(publish(1)).forget(DESTINATION).wait(29.9).expect_events().wait(0.1)
    scene.expect_events(StallSuspected(DESTINATION, 30.0)).expect_destination()
    scene.wait(30).expect_events(Stalled(DESTINATION, 60.0, 120.0)).expect_destination(DisconnectPacket())
    detail = "no acknowledgement for 60 s while messages were in flight"
    scene.lose(DESTINATION).expect_events(ConnectionEnded(DESTINATION, None, detail, NOW, by_us=True))
    scene.start_destination(connack(session_present=True)).expect_destination(publish(1, duplicate=True))
    scene.wait(59.9).expect_events().wait(0.1).expect_events(StallSuspected(DESTINATION, 60.0))
    scene.wait(60).expect_events(Stalled(DESTINATION, 120.0, 240.0))


def test_an_acknowledgement_after_a_suspicion_ends_it() -> None:
    scene = started().source(publish(1)).wait(30).forget(DESTINATION).destination(puback(1))
    scene.expect_events(StallEnded(DESTINATION))


def test_an_acknowledgement_after_a_stall_ends_it() -> None:
    scene = started().source(publish(1)).wait(60).lose(DESTINATION).start_destination(connack(session_present=True))
    scene.destination(puback(1)).expect_events(StallEnded(DESTINATION))


def test_an_idle_flow_is_no_stall() -> None:
    started().wait(10_000).expect_events().expect_silence()


def test_a_socket_that_takes_nothing_is_a_stall() -> None:
    scene = started().do("full", lambda relay, now: relay.set_writable(DESTINATION, False, now)).source(publish(1))
    scene.wait(60).expect_events(StallSuspected(DESTINATION, 30.0), Stalled(DESTINATION, 60.0, 120.0))
