"""How a relay ends: drained with its sessions kept, with its sessions ended, or abandoned."""

from mqtt5 import DisconnectPacket, UnsubAckPacket, UnsubAckReasonCode, UnsubscribePacket
from tests.play import Play, connack, flow_plan, play, puback, publish, relay_of

from tidegate.flow.events import ConnectionEnded, Drained, Side, SubscriptionsHeld
from tidegate.flow.policy import BACKOFF, NEVER
from tidegate.flow.relay import QUIET_SECONDS, Relay

SOURCE, DESTINATION = Side.SOURCE, Side.DESTINATION

GOODBYE = DisconnectPacket()
GOODBYE_FOR_EVER = DisconnectPacket(session_expiry_interval=0)
STOPPING = "the data flow is stopping"


def started(**changes: object) -> Play:
    """Return a play whose both sides are connected and subscribed."""
    return play(relay_of(flow_plan(**changes))).start()


def unsuback(packet_id: int) -> UnsubAckPacket:
    """Return an UNSUBACK for one filter."""
    return UnsubAckPacket(packet_id, [UnsubAckReasonCode.SUCCESS])


def ended(side: Side) -> ConnectionEnded:
    """Return the event of a connection that we ended for good."""
    return ConnectionEnded(side, None, STOPPING, NEVER, by_us=True)


def test_draining_settles_what_is_pending_and_then_disconnects_with_the_sessions_kept() -> None:
    scene = started().source(publish(1)).forget(DESTINATION).do("drain", Relay.drain).expect_silence()
    scene.expect_reading(False).destination(puback(1)).expect_source(puback(1), GOODBYE).expect_destination(GOODBYE)
    scene.expect_events().lose(SOURCE).expect_events(ended(SOURCE))
    assert scene.relay.is_finished
    scene.lose(DESTINATION).expect_events(ended(DESTINATION), Drained(0))


def test_draining_with_nothing_pending_ends_at_once() -> None:
    scene = started().do("drain", Relay.drain).expect_source(GOODBYE).expect_destination(GOODBYE)
    scene.lose(SOURCE).lose(DESTINATION).expect_events(ended(SOURCE), ended(DESTINATION), Drained(0))
    scene.do("drain", Relay.drain).do("end_session", Relay.end_session).do("abandon", Relay.abandon).expect_events()


def test_draining_without_connections_is_done() -> None:
    play(relay_of(flow_plan())).do("drain", Relay.drain).expect_events(Drained(0))


def test_draining_goes_on_over_a_reconnect_of_the_destination_and_not_of_the_source() -> None:
    scene = started().source(publish(1)).do("drain", Relay.drain).forget(DESTINATION).lose(SOURCE).lose(DESTINATION)
    source, destination = scene.events
    assert isinstance(source, ConnectionEnded) and isinstance(destination, ConnectionEnded)
    assert (source.retry, destination.retry) == (NEVER, BACKOFF)
    scene.connect(SOURCE).expect_source().expect_closed(SOURCE).lose(SOURCE)
    scene.start_destination(connack(session_present=True)).destination(puback(1)).expect_closed(DESTINATION)
    scene.lose(DESTINATION).expect_events(ended(DESTINATION), Drained(0))


def test_abandoning_leaves_what_is_pending_to_the_sources_session() -> None:
    scene = (
        started()
        .source(publish(1), publish(2))
        .forget(DESTINATION)
        .do("drain", Relay.drain)
        .do("abandon", Relay.abandon)
    )
    scene.expect_source(GOODBYE).expect_destination(GOODBYE).lose(SOURCE).lose(DESTINATION)
    scene.expect_events(ended(SOURCE), ended(DESTINATION), Drained(2)).expect_counts(pending=2)


def test_ending_the_session_unsubscribes_receives_until_quiet_settles_and_disconnects_for_ever() -> None:
    scene = started().do("end_session", Relay.end_session).expect_source(UnsubscribePacket(2, ["t/#"])).wait(20)
    scene.source(unsuback(2)).expect_events(SubscriptionsHeld(())).wait(QUIET_SECONDS - 0.1)
    scene.expect_reading(True).source(publish(1)).expect_destination(publish(1)).wait(
        QUIET_SECONDS - 0.1
    ).expect_source()
    scene.expect_reading(True).wait(0.1).expect_silence().expect_reading(False)
    scene.destination(puback(1)).expect_source(puback(1), GOODBYE_FOR_EVER).expect_destination(GOODBYE_FOR_EVER)
    scene.lose(SOURCE).lose(DESTINATION).expect_events(ended(SOURCE), ended(DESTINATION), Drained(0))


def test_a_session_that_is_to_end_is_ended_on_the_next_connection_when_this_one_breaks_while_it_is_quiet() -> None:
    scene = (
        started().do("end_session", Relay.end_session).source(unsuback(2)).forget(SOURCE).wait(1).lose(SOURCE).wait(60)
    )
    (broken,) = scene.events
    assert isinstance(broken, ConnectionEnded)
    assert broken.retry is BACKOFF
    scene.connect(SOURCE).forget(SOURCE).source(connack(session_present=True), publish(1))
    scene.expect_source(UnsubscribePacket(3, ["t/#"])).destination(puback(1)).expect_source(puback(1))
    scene.source(unsuback(3)).wait(QUIET_SECONDS).expect_source(GOODBYE_FOR_EVER)


def test_a_session_that_is_to_end_is_ended_on_the_next_connection_when_this_one_breaks_while_it_drains() -> None:
    scene = started().source(publish(1)).do("end_session", Relay.end_session).source(unsuback(2)).wait(QUIET_SECONDS)
    scene.forget(SOURCE).lose(SOURCE).destination(puback(1)).expect_source()
    assert not scene.relay.is_finished
    scene.connect(SOURCE).forget(SOURCE).source(connack(session_present=True)).source(unsuback(3))
    scene.wait(QUIET_SECONDS).expect_source(UnsubscribePacket(3, ["t/#"]), GOODBYE_FOR_EVER)


def test_a_session_that_is_to_end_waits_for_a_connection() -> None:
    scene = (
        play(relay_of(flow_plan(), held_filters=frozenset(("old/#",)))).do("end_session", Relay.end_session).wait(60)
    )
    scene.expect_events().connect(SOURCE).forget(SOURCE).source(connack(session_present=True))
    scene.expect_source(UnsubscribePacket(1, ["old/#", "t/#"]))


def reads_source(scene: Play) -> bool:
    """Ask anew each time, which a property narrowed by an assertion would not."""
    return scene.relay.reads_source
