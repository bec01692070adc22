"""A broker that was killed and started again, over a store that forgets nothing."""

import mqtt5
from tests.broker_play import WALL, BrokerPlay, puback, pubcomp, publish, pubrec, pubrel, subscribe, subscription

from tidegate.broker.identity import Identity
from tidegate.broker.journal import (
    JournalBatch,
    QueuedRecord,
    RetainedRecord,
    SessionRecord,
    StoredState,
    SubscriptionRecord,
    merge,
)
from tidegate.broker.limits import BrokerLimits
from tidegate.message import Message


def state_of(batches: list[JournalBatch]) -> StoredState:
    """Return what a store would hold after these commits."""
    everything = JournalBatch(0)
    for batch in batches:
        everything = merge(everything, batch)
    ended = {number for number, record in everything.sessions.items() if record is None}
    return StoredState(
        sessions=[record for record in everything.sessions.values() if record is not None],
        subscriptions=[record for record in everything.subscriptions.values() if record is not None],
        retained=[record for record in everything.retained.values() if record is not None],
        queued=[record for key, record in sorted(everything.queued.items(), key=lambda item: item[0][1])],
        received_qos2=[key for key, is_kept in everything.received_qos2.items() if is_kept and key[0] not in ended],
        state=[record for record in everything.state.values() if record is not None],
        last_number=max(everything.sessions, default=0),
        last_sequence=max((sequence for _, sequence in everything.queued), default=0),
    )


def restart(play: BrokerPlay, limits: BrokerLimits | None = None, *before: JournalBatch) -> BrokerPlay:
    return BrokerPlay(limits or BrokerLimits(), state=state_of([*before, *play.batches]))


def test_sessions_subscriptions_queues_and_retained_messages_survive() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).subscribe("a", 1, identifier=3).cut()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"x", qos=1, packet_id=1), publish("kept", b"k", retain=True))
    again = restart(play)
    client = again.connect("one", session_expiry_interval=100)
    assert client.connack is not None and client.connack.session_present
    client.expect(publish("a", b"x", qos=1, packet_id=1, subscription_ids=[3]))
    client.send(puback(1))
    again.connect("plain").subscribe("kept", 0).expect(publish("kept", b"k", retain=True))
    again.connect("publisher").send(publish("a", b"y", qos=1, packet_id=1))
    client.expect(publish("a", b"y", qos=1, packet_id=2, subscription_ids=[3]))


def test_retained_messages_that_were_due_and_had_no_room_yet_are_sent_after_a_restart() -> None:
    limits = BrokerLimits(queued_in_memory_max=2)
    play = BrokerPlay(limits)
    publisher = play.connect("publisher")
    for topic in ("a/1", "a/2", "a/3", "b/1", "c/1"):
        publisher.send(publish(topic, topic.encode(), qos=1, retain=True, packet_id=1))
    client = play.connect("one", session_expiry_interval=100, receive_max=1)
    for packet_id, topic_filter in enumerate(("a/+", "b/+", "c/+"), start=7):
        client.send(subscribe(packet_id, subscription(topic_filter, 1)))
    assert list(client.connection.session.retained_due) == ["b/+", "c/+"]  # type: ignore[union-attr]
    again = restart(play, limits)
    client = again.connect("one", session_expiry_interval=100, receive_max=1)
    payloads = []
    for _ in range(5):
        (message,) = client.said()
        assert isinstance(message, mqtt5.PublishPacket) and message.retain
        payloads.append(message.payload)
        client.send(puback(message.packet_id or 0))
    assert sorted(payloads) == [b"a/1", b"a/2", b"a/3", b"b/1", b"c/1"]
    assert client.said() == []
    third = restart(again, limits, *play.batches)
    assert third.connect("one", session_expiry_interval=100).said() == [], "they are owed once"


def test_retained_messages_that_were_queued_at_once_are_not_owed() -> None:
    play = BrokerPlay()
    play.connect("publisher").send(publish("a", b"kept", qos=1, retain=True, packet_id=1))
    client = play.connect("one", session_expiry_interval=100)
    client.send(subscribe(6, subscription("a", 1))).said()
    client.send(puback(1))
    assert [record.is_owed_retained for record in state_of(play.batches).subscriptions] == [False]


def test_what_was_in_flight_is_sent_again_under_its_identifier() -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 2)
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", qos=2, packet_id=1), publish("a", b"2", qos=2, packet_id=2))
    client.said()
    client.send(pubrec(2)).expect(pubrel(2))
    client = restart(play).connect("one", session_expiry_interval=100)
    client.expect(publish("a", b"1", qos=2, packet_id=1, duplicate=True), pubrel(2))
    client.send(pubcomp(2), pubrec(1)).expect(pubrel(1))


def test_a_qos_2_message_is_taken_once_over_a_restart() -> None:
    play = BrokerPlay()
    play.connect("keeper", session_expiry_interval=100).subscribe("a", 1).cut()
    play.connect("one", session_expiry_interval=100).send(publish("a", b"x", qos=2, packet_id=5)).expect(pubrec(5))
    again = restart(play)
    client = again.connect("one", session_expiry_interval=100)
    client.send(publish("a", b"x", qos=2, packet_id=5, duplicate=True)).expect(pubrec(5))
    keeper = again.connect("keeper", session_expiry_interval=100)
    keeper.expect(publish("a", b"x", qos=1, packet_id=1))


def test_a_session_that_was_connected_lives_from_the_restart_on() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100)
    again = restart(play)
    again.advance(99)
    client = again.connect("one", session_expiry_interval=100)
    assert client.connack is not None and client.connack.session_present


def session(expiry_seconds: int, disconnected_wall: float) -> StoredState:
    return StoredState(
        sessions=[SessionRecord(1, "one", Identity("one"), 5, expiry_seconds, disconnected_wall)],
        subscriptions=[SubscriptionRecord(1, "a", 1, False, False, None)],
        queued=[QueuedRecord(1, 1, Message("a", b"x", 1), (), WALL + 10.0)],
        retained=[RetainedRecord(Message("r", b"old"), Identity("p"), WALL - 1.0)],
        last_number=1,
        last_sequence=1,
    )


def test_time_goes_on_while_the_process_is_down() -> None:
    play = BrokerPlay(state=session(100, WALL - 60.0))
    play.advance(41)
    client = play.connect("one", session_expiry_interval=100)
    assert client.connack is not None and not client.connack.session_present
    client.subscribe("r", 0).expect()


def test_failure_27_a_clock_set_back_neither_revives_nor_kills() -> None:
    play = BrokerPlay(state=session(100, WALL + 3600.0))
    play.advance(99)
    client = play.connect("one", session_expiry_interval=100)
    assert client.connack is not None and client.connack.session_present
    play = BrokerPlay(state=session(100, WALL + 3600.0))
    play.advance(101)
    client = play.connect("one", session_expiry_interval=100)
    assert client.connack is not None and not client.connack.session_present
