"""The promise, told as conversations: what is acknowledged when, in which order, and what a lost connection changes."""

from dataclasses import replace

from mqtt5 import (
    AuthPacket,
    AuthReasonCode,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PublishPacket,
)
from tests.play import Play, connack, flow_plan, play, puback, publish, relay_of, side_plan, suback

from tidegate.flow.events import (
    ConnectionEnded,
    ConnectionOpened,
    CredentialRenewed,
    SessionLost,
    Side,
    SubscriptionsHeld,
)
from tidegate.flow.plan import TokenPlan
from tidegate.flow.policy import BACKOFF, NOW, SLOW, TAKEN_OVER
from tidegate.transform.spec import DatasetSpec, FilterSpec, MapSpec, TransformSpec

SOURCE, DESTINATION = Side.SOURCE, Side.DESTINATION


def started(**changes: object) -> Play:
    """Return a play whose both sides are connected and subscribed."""
    return play(relay_of(flow_plan(**changes))).start()


def windows(source: int, destination: int) -> dict[str, object]:
    """Return the plan's sides with these windows."""
    return {
        "source": side_plan("source", receive_maximum=source),
        "destination": side_plan("destination", receive_maximum=destination),
    }


def test_connect_keeps_the_session_and_announces_the_window() -> None:
    scene = play(relay_of(flow_plan(packet_bytes_max=9_000, **windows(7, 9)))).connect(SOURCE).connect(DESTINATION)
    for side, receive_maximum, packet_bytes_max in ((SOURCE, 7, 9_000), (DESTINATION, 9, None)):
        (connect,) = scene.said(side)
        assert isinstance(connect, ConnectPacket)
        assert (connect.clean_start, connect.session_expiry_interval) == (False, 600)
        assert (connect.receive_max, connect.max_packet_size) == (receive_maximum, packet_bytes_max)


def test_puback_is_withheld_until_the_destination_has_answered() -> None:
    scene = started().source(publish(1)).expect_source().expect_destination(publish(1))
    scene.expect_counts(received=1, delivered=0, pending=1)
    scene.destination(puback(1)).expect_source(puback(1)).expect_counts(delivered=1, pending=0)


def test_mqtt_4_6_0_2_pubacks_leave_in_the_order_in_which_the_messages_came() -> None:
    scene = started().source(publish(1), publish(2), publish(3)).expect_destination(publish(1), publish(2), publish(3))
    scene.destination(puback(3)).expect_source()
    scene.destination(puback(1)).expect_source(puback(1))
    scene.destination(puback(2)).expect_source(puback(2), puback(3))


def test_reason_code_0x10_is_success() -> None:
    started().source(publish(1)).destination(puback(1, 0x10)).expect_source(puback(1)).expect_events()


def test_failure_35_a_drop_in_the_transformation_does_not_stick_the_ack_queue() -> None:
    scene = started(transform=TransformSpec(topic_template="out/${inputTopic.2}"))
    scene.source(publish(1), publish(2, topic="t"), publish(3)).expect_source()
    scene.expect_destination(publish(1, 1, topic="out/1"), publish(3, 2, topic="out/1"))
    scene.destination(puback(1)).expect_source(puback(1), puback(2))
    scene.destination(puback(2)).expect_source(puback(3)).expect_counts(delivered=2, dropped={"topic": 1})


def test_a_waiting_message_is_sent_when_the_window_has_room() -> None:
    scene = started(**windows(10, 2)).source(publish(1), publish(2), publish(3))
    scene.expect_destination(publish(1), publish(2)).expect_counts(pending=3)
    assert (scene.relay.inflight(SOURCE), scene.relay.inflight(DESTINATION)) == (3, 2)
    scene.destination(puback(1)).expect_destination(publish(3))


def test_failure_16_the_destinations_receive_maximum_is_never_exceeded_whatever_it_becomes() -> None:
    for receive_maximum in (1, 2, 10):
        scene = play(relay_of(flow_plan())).start(destination=connack(receive_maximum=receive_maximum))
        scene.source(*(publish(number) for number in range(1, 6)))
        sent = min(receive_maximum, 5)
        scene.expect_destination(*(publish(number) for number in range(1, sent + 1)))
        scene.lose(DESTINATION).start_destination(connack(session_present=True, receive_maximum=1))
        scene.expect_destination(publish(1, duplicate=True))
        for number in range(1, 5):
            scene.destination(puback(number))
            scene.expect_destination(publish(number + 1, duplicate=number + 1 <= sent))


def test_failure_16_a_full_window_holds_the_source_back_and_drops_nothing() -> None:
    scene = started(**windows(2, 1)).source(publish(1), publish(2)).expect_source()
    scene.expect_counts(received=2, pending=2, dropped={})


def test_failure_15_resends_come_first_in_order_with_their_ids_and_duplicate_flag() -> None:
    scene = started(**windows(10, 2)).source(publish(1), publish(2), publish(3)).forget(DESTINATION)
    scene.lose(DESTINATION).source(publish(4)).start_destination(connack(session_present=True))
    scene.expect_destination(publish(1, duplicate=True), publish(2, duplicate=True))
    scene.destination(puback(1), puback(2)).expect_destination(publish(3), publish(4)).expect_source(
        puback(1), puback(2)
    )
    scene.expect_counts(retried=2)


def test_a_lost_destination_session_publishes_anew_in_order_with_new_ids() -> None:
    scene = started(**windows(10, 2)).source(publish(1), publish(2), publish(3)).destination(puback(1))
    scene.forget(DESTINATION).forget(SOURCE).lose(DESTINATION)
    scene.connect(DESTINATION).forget(DESTINATION).destination(connack())
    scene.expect_events(ConnectionOpened(DESTINATION, session_present=False), SessionLost(DESTINATION))
    scene.expect_destination(publish(2, 1), publish(3, 2))
    scene.destination(puback(1), puback(2)).expect_source(puback(2), puback(3))


def test_what_is_published_anew_goes_before_what_came_later_even_after_a_second_loss() -> None:
    scene = started(**windows(10, 3)).source(publish(1), publish(2), publish(3)).destination(puback(1, 0x83))
    scene.lose(DESTINATION).forget(DESTINATION).start_destination(connack(session_present=True, receive_maximum=1))
    scene.expect_destination(publish(2, duplicate=True)).lose(DESTINATION).start_destination()
    scene.expect_destination(publish(1, 1), publish(2, 2), publish(3, 3))


def test_failure_05_a_puback_that_the_source_never_saw_makes_exactly_one_duplicate() -> None:
    scene = started().source(publish(1)).destination(puback(1)).expect_source(puback(1)).forget(DESTINATION)
    again = play(relay_of(scene.relay.plan, held_filters=frozenset(("t/#",)))).start_destination(
        connack(session_present=True)
    )
    again.start_source(connack(session_present=True), publish(1, duplicate=True)).expect_destination(publish(1))
    again.destination(puback(1)).expect_source(puback(1)).expect_counts(redelivered=1, delivered=1)


def test_failure_06_a_message_that_was_not_sent_before_the_crash_is_sent_once() -> None:
    scene = play(relay_of(flow_plan())).start_source().source(publish(1)).expect_destination()
    again = play(relay_of(scene.relay.plan, held_filters=frozenset(("t/#",)))).start_destination()
    again.start_source(connack(session_present=True), publish(1, duplicate=True)).expect_destination(publish(1))


def test_a_redelivery_joins_what_is_in_flight() -> None:
    scene = started().source(publish(1)).expect_destination(publish(1)).lose(SOURCE)
    scene.start_source(connack(session_present=True), publish(1, duplicate=True)).expect_destination().expect_source()
    scene.expect_counts(received=2, redelivered=1, dropped={"joined": 1}, pending=1)
    scene.destination(puback(1)).expect_source(puback(1)).expect_counts(delivered=1, pending=0)


def test_a_redelivery_joins_what_waits_while_the_destination_is_away_and_the_source_flaps() -> None:
    scene = play(relay_of(flow_plan())).start_source().source(publish(1), publish(2))
    for _ in range(3):
        scene.lose(SOURCE).start_source(
            connack(session_present=True), publish(1, duplicate=True), publish(2, duplicate=True)
        )
    scene.expect_counts(received=8, dropped={"joined": 6}, pending=2)
    scene.start_destination().expect_destination(publish(1), publish(2))
    scene.destination(puback(1), puback(2)).expect_source(puback(1), puback(2))


def test_what_is_settled_while_the_source_is_away_acknowledges_nothing() -> None:
    scene = started().source(publish(1)).expect_destination(publish(1)).lose(SOURCE).destination(puback(1))
    scene.start_source(connack(session_present=True)).expect_source().expect_counts(delivered=1, pending=0)
    scene.source(publish(1, duplicate=True)).expect_destination(publish(1, 2))


def test_only_the_same_id_topic_and_payload_with_duplicate_flag_joins() -> None:
    others = (
        publish(1, 2, duplicate=True),
        publish(1, duplicate=True, topic="t/2"),
        publish(1, duplicate=True, payload=b"other"),
        publish(1),
    )
    for other in others:
        scene = started().source(publish(1)).forget(DESTINATION).lose(SOURCE)
        scene.start_source(connack(session_present=True), other).expect_counts(pending=2, dropped={})


def test_failure_11_a_lost_source_session_is_reported_and_subscribed_anew_and_no_old_id_is_acknowledged() -> None:
    scene = started().source(publish(1)).lose(SOURCE).connect(SOURCE).forget(SOURCE).source(connack())
    scene.expect_events(
        ConnectionOpened(SOURCE, session_present=False), SessionLost(SOURCE), SubscriptionsHeld(("t/#",))
    )
    assert [type(packet).__name__ for packet in scene.said(SOURCE)] == ["SubscribePacket"]
    scene.destination(puback(1)).expect_source()
    scene.source(publish(1, duplicate=True)).expect_counts(dropped={}, pending=1)


def test_failure_12_a_session_taken_over_is_reported_and_not_fought_for() -> None:
    scene = started().source(DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER))
    scene.expect_closed(SOURCE).lose(SOURCE)
    scene.expect_events(
        ConnectionEnded(SOURCE, 0x8E, "the server disconnected: 0x8E session taken over", TAKEN_OVER, by_us=False)
    )


def test_failure_14_more_messages_than_packet_ids_with_one_never_answered() -> None:
    scene = started().source(publish(1)).expect_destination(publish(1))
    sent: list[int] = []
    for _ in range(8_000):
        scene.source(*(publish(0, None) for _ in range(9)))
        packet_ids = [packet.packet_id for packet in scene.said(DESTINATION) if isinstance(packet, PublishPacket)]
        sent += [packet_id for packet_id in packet_ids if packet_id is not None]
        scene.destination(*(puback(packet_id) for packet_id in sent[-9:]))
    assert sent == [*range(2, 65_536), *range(2, 6_468)]
    scene.expect_source().destination(puback(1)).expect_source(puback(1))


def test_an_expected_session_that_is_present_is_nothing_to_report() -> None:
    scene = play(relay_of(flow_plan(), held_filters=frozenset(("t/#",)))).connect(SOURCE)
    scene.source(connack(session_present=True))
    scene.expect_events(ConnectionOpened(SOURCE, session_present=True), SubscriptionsHeld(("t/#",)))


def test_a_source_that_loses_its_session_each_time_piles_up_no_more_than_a_window_and_keeps_the_oldest() -> None:
    scene = play(relay_of(flow_plan(**windows(2, 10)))).start_source().source(publish(1), publish(2)).lose(SOURCE)
    scene.start_source().source(publish(3, 1), publish(4, 2)).lose(SOURCE)
    scene.expect_counts(pending=2, dropped={"returned": 2})
    scene.start_destination().expect_destination(publish(1), publish(2))


def test_qos_0_messages_are_passed_on_without_waiting_for_anything() -> None:
    scene = started(destination=side_plan("destination", qos=0)).source(publish(1, None), publish(2, 5))
    scene.expect_destination(publish(1, None), publish(2, None)).expect_source(puback(5)).expect_counts(delivered=2)


def test_with_qos_0_to_the_destination_a_message_stays_pending_until_there_is_a_socket_that_takes_it() -> None:
    scene = play(relay_of(flow_plan(destination=side_plan("destination", qos=0)))).start_source().source(publish(1))
    scene.expect_source().expect_counts(pending=1).start_destination().expect_source(puback(1))
    scene.do("full", lambda relay, now: relay.set_writable(DESTINATION, False, now)).source(publish(2)).expect_source()
    scene.do("room", lambda relay, now: relay.set_writable(DESTINATION, True, now)).expect_source(puback(2))


def test_the_destinations_qos_decides_whatever_was_received() -> None:
    started().source(publish(1, None)).expect_destination(publish(1, 1)).destination(puback(1)).expect_source()


def test_qos_0_messages_above_the_limit_are_dropped_while_the_source_is_read_on() -> None:
    scene = play(relay_of(flow_plan(qos0_pending_bytes_max=3))).start_source()
    scene.source(publish(10, None), publish(11, None), publish(2, None), publish(3))
    scene.expect_counts(received=4, dropped={"busy": 1}, pending=3)
    assert scene.relay.reads_source
    scene.start_destination().expect_destination(publish(10, 1), publish(2, 2), publish(3, 3))
    scene.destination(puback(1), puback(2), puback(3)).source(publish(12, None)).expect_counts(dropped={"busy": 1})


def test_failure_30_expiry_is_counted_down_and_what_expires_here_is_acknowledged_and_counted() -> None:
    scene = play(relay_of(flow_plan())).start_source()
    scene.source(publish(1, expiry_seconds=10), publish(2, expiry_seconds=3), publish(3)).wait(4.5).start_destination()
    scene.expect_destination(publish(1, 1, expiry_seconds=6), publish(3, 2)).expect_source()
    scene.destination(puback(1)).expect_source(puback(1), puback(2)).expect_counts(expired=1, delivered=1)


def test_a_message_that_was_sent_does_not_expire_any_more() -> None:
    scene = started().source(publish(1, expiry_seconds=3)).forget(DESTINATION).lose(DESTINATION).wait(10)
    scene.start_destination(connack(session_present=True))
    scene.expect_destination(publish(1, duplicate=True, expiry_seconds=3)).expect_counts(expired=0, pending=1)


def test_a_sent_message_that_is_published_anew_has_the_rest_of_its_life_and_at_least_a_second() -> None:
    scene = started().source(publish(1, expiry_seconds=3), publish(2, expiry_seconds=20)).forget(DESTINATION)
    scene.lose(DESTINATION).wait(10).start_destination()
    scene.expect_destination(publish(1, expiry_seconds=1), publish(2, expiry_seconds=10))


def test_connack_and_disconnect_reasons_say_how_to_go_on() -> None:
    refused = play(relay_of(flow_plan())).connect(DESTINATION)
    refused.destination(connack(reason_code=ConnAckReasonCode.NOT_AUTHORIZED, reason_str="no")).lose(DESTINATION)
    detail = "the server refused the connection: 0x87 not authorized (no)"
    refused.expect_events(ConnectionEnded(DESTINATION, 0x87, detail, SLOW, by_us=False))
    ended = started().destination(DisconnectPacket(reason_code=DisconnectReasonCode.SERVER_SHUTTING_DOWN))
    detail = "the server disconnected: 0x8B server shutting down"
    ended.lose(DESTINATION).expect_events(ConnectionEnded(DESTINATION, 0x8B, detail, BACKOFF, by_us=False))
    silent = started().lose(SOURCE, "the connection broke")
    silent.expect_events(ConnectionEnded(SOURCE, None, "the connection broke", BACKOFF, by_us=False))


def test_reconnecting_keeps_the_session_and_is_done_at_once() -> None:
    scene = started().do("reconnect", lambda relay, now: relay.reconnect(DESTINATION, "a new certificate"))
    scene.expect_destination(DisconnectPacket()).expect_closed(DESTINATION).lose(DESTINATION)
    scene.expect_events(ConnectionEnded(DESTINATION, None, "a new certificate", NOW, by_us=True))


def test_failure_33_a_puback_for_nothing_ends_the_connection() -> None:
    scene = started().destination(puback(9)).expect_closed(DESTINATION)
    scene.expect_destination(DisconnectPacket(reason_code=DisconnectReasonCode.PROTOCOL_ERROR))


def test_side_states_and_the_age_of_the_oldest() -> None:
    scene = play(relay_of(flow_plan()))
    assert scene.relay.side_state(SOURCE) == "idle"
    scene.connect(SOURCE)
    assert scene.relay.side_state(SOURCE) == "connecting"
    scene.source(connack())
    assert scene.relay.side_state(SOURCE) == "connected"
    assert scene.relay.oldest_pending_seconds(scene.now) is None
    scene = started()
    assert (scene.relay.side_state(SOURCE), scene.relay.side_state(DESTINATION)) == ("subscribed", "connected")
    scene.source(publish(1)).wait(5).source(publish(2)).wait(2)
    assert scene.relay.oldest_pending_seconds(scene.now) == 7.0


def test_nothing_is_said_after_disconnect() -> None:
    scene = (
        play(relay_of(flow_plan())).connect(SOURCE).forget(SOURCE).source(connack(), b"\x00\x00").expect_closed(SOURCE)
    )
    assert isinstance(scene.said(SOURCE)[-1], DisconnectPacket)


def test_a_renewed_token_is_presented_while_messages_flow() -> None:
    source = side_plan("source")
    source = replace(source, endpoint=replace(source.endpoint, authentication=TokenPlan(audience="aio-internal")))
    scene = play(relay_of(flow_plan(source=source))).start_destination()
    scene.do("open", lambda relay, now: relay.connection_made(SOURCE, now, b"old"))
    scene.source(connack()).source(suback(1, 1)).forget(SOURCE)
    scene.source(publish(1)).expect_destination(publish(1))
    sent: list[bool] = []
    scene.do("renew", lambda relay, now: sent.append(relay.reauthenticate(SOURCE, b"new", now)))
    assert sent == [True]
    renewing = AuthPacket(
        reason_code=AuthReasonCode.RE_AUTHENTICATE, authentication_method="K8S-SAT", authentication_data=b"new"
    )
    scene.expect_source(renewing)
    accepted = AuthPacket(reason_code=AuthReasonCode.SUCCESS, authentication_method="K8S-SAT")
    scene.source(publish(2), accepted).expect_events(CredentialRenewed(SOURCE))
    scene.expect_destination(publish(2)).destination(puback(1), puback(2)).expect_source(puback(1), puback(2))


def test_a_message_that_a_filter_ends_is_acknowledged_and_counted() -> None:
    filters = (FilterSpec(inputs=("$metadata.topic",), expression='$1 == "t/1"'),)
    scene = started(transform=TransformSpec(topic_template="${inputTopic}", filters=filters))
    scene.source(publish(1), publish(2, topic="t/2")).expect_source(puback(1))
    scene.expect_destination(publish(2, 1, topic="t/2")).expect_counts(received=2, filtered=1, pending=1)


def test_each_message_sees_the_records_of_its_time() -> None:
    datasets = (DatasetSpec(key="limits", name="l", inputs=("id", "$context.id"), expression="$1 == $2"),)
    maps = (MapSpec(inputs=("$context(l).max",), output="max"),)
    scene = started(transform=TransformSpec(topic_template="${inputTopic}", datasets=datasets, maps=maps))
    given = b'{"id":1}'
    scene.source(publish(1, payload=given)).expect_source(puback(1)).expect_counts(dropped={"processing": 1})
    for number, records in enumerate(([{"id": 1, "max": 7}], [{"id": 2}, {"id": 1, "max": 8}]), 2):
        scene.relay.use_records("limits", records)
        (packet,) = scene.source(publish(number, payload=given)).said(DESTINATION)
        assert isinstance(packet, PublishPacket)
        assert packet.payload == b'{"max":%d}' % (number + 5)
