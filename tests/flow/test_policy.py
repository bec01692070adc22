"""What follows from each reason code: the tables, and what a relay does with a refused message."""

from dataclasses import replace

import pytest
from mqtt5 import DisconnectPacket
from tests.play import Play, connack, flow_plan, play, puback, publish, relay_of, side_plan

from tidegate.flow.connection import Connection
from tidegate.flow.events import ConnectionEnded, MessageDropped, MessageHeld, Side
from tidegate.flow.plan import EVENT_GRID, SystemIdentityPlan
from tidegate.flow.policy import (
    BACKOFF,
    CONNECTION_RETRY,
    PUBLISH_REJECTIONS,
    REASON_NAMES,
    SLOW,
    SUBSCRIBE_RETRY,
    TAKEN_OVER,
    connection_retry,
    publish_rejection,
    reason_name,
    subscribe_retry,
)

DESTINATION = Side.DESTINATION


def started(**changes: object) -> Play:
    """Return a play whose both sides are connected and subscribed."""
    return play(relay_of(flow_plan(**changes))).start()


def test_reason_names_have_the_number_first() -> None:
    assert reason_name(0x87) == "0x87 not authorized"
    assert reason_name(0xFE) == "0xFE unknown reason"


def test_every_code_of_a_table_has_a_name() -> None:
    codes = {*CONNECTION_RETRY["connack"], *CONNECTION_RETRY["disconnect"], *SUBSCRIBE_RETRY, *PUBLISH_REJECTIONS}
    assert codes <= set(REASON_NAMES)


@pytest.mark.parametrize("code", [0x81, 0x86, 0x87, 0x8A, 0x9C])
def test_connack_refusals_that_a_person_has_to_mend_are_slow(code: int) -> None:
    assert connection_retry("connack", code) is SLOW


@pytest.mark.parametrize("code", [0x80, 0x88, 0x89, 0x97, 0x9F])
def test_connack_refusals_that_pass_back_off(code: int) -> None:
    assert connection_retry("connack", code) is BACKOFF


def test_no_reason_ends_a_flow_for_ever_and_an_unknown_one_backs_off() -> None:
    retries = [retry for table in CONNECTION_RETRY.values() for retry in table.values()]
    assert {retry.kind for retry in retries} == {"slow", "backoff", "taken_over"}
    assert connection_retry("disconnect", 0x8E) is TAKEN_OVER
    assert connection_retry("disconnect", 0xFE) is BACKOFF
    assert subscribe_retry(0x87) is SLOW
    assert subscribe_retry(0x97) is BACKOFF
    assert subscribe_retry(0xFE) is BACKOFF


def test_a_managed_identity_that_may_not_publish_is_told_the_role() -> None:
    side = side_plan("destination")
    identity = SystemIdentityPlan(audience="https://eventgrid.azure.net")
    side = replace(side, endpoint=replace(side.endpoint, authentication=identity))
    scene = play(relay_of(flow_plan(destination=side)))
    scene.do("open", lambda relay, now: relay.connection_made(DESTINATION, now, b"token"))
    scene.destination(connack()).forget(DESTINATION).start_source()
    scene.source(publish(1)).destination(puback(1, 0x87))
    (held,) = [event for event in scene.events if isinstance(event, MessageHeld)]
    assert "EventGrid TopicSpaces Publisher" in str(held.remedy)


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x97])
def test_failure_18_a_held_message_closes_the_connection_and_is_sent_again_as_new_in_order(code: int) -> None:
    destination = side_plan("destination", receive_maximum=1)
    scene = started(destination=destination).source(publish(1), publish(2)).forget(DESTINATION)
    scene.destination(puback(1, code, "not now")).expect_source().expect_destination(DisconnectPacket())
    detail = f"the destination refused `t/1`: {reason_name(code)} (not now)"
    scene.expect_events(MessageHeld(code, detail, PUBLISH_REJECTIONS[code].remedy)).expect_counts(pending=2, dropped={})
    scene.expect_closed(DESTINATION).lose(DESTINATION)
    scene.expect_events(ConnectionEnded(DESTINATION, code, detail, BACKOFF, by_us=True))
    scene.start_destination(connack(session_present=True)).expect_destination(publish(1, 2)).expect_counts(retried=1)
    scene.destination(puback(2)).expect_source(puback(1)).expect_destination(publish(2, 3))


@pytest.mark.parametrize("code", [0x90, 0x99])
def test_failure_18_a_dropped_message_is_acknowledged_counted_and_told(code: int) -> None:
    scene = started().source(publish(1), publish(2)).destination(puback(1, code), puback(2))
    rejection = PUBLISH_REJECTIONS[code]
    scene.expect_source(puback(1), puback(2)).expect_counts(delivered=1, dropped={rejection.label: 1})
    detail = f"the destination refused `t/1`: {reason_name(code)}"
    scene.expect_events(MessageDropped(rejection.label, "t/1", detail, rejection.remedy))


def test_what_is_answered_in_the_same_read_as_a_refusal_counts() -> None:
    scene = started().source(publish(1), publish(2)).destination(puback(1, 0x97), puback(2)).expect_source()
    scene.expect_counts(delivered=1, pending=1)


def test_failure_19_a_message_too_large_is_known_before_it_is_sent() -> None:
    scene = play(relay_of(flow_plan())).start(destination=connack(max_packet_size=50))
    scene.source(publish(1, payload=b"x" * 60), publish(2)).expect_destination(publish(2, 2)).expect_source(puback(1))
    (dropped,) = scene.events
    assert isinstance(dropped, MessageDropped)
    assert dropped.reason == "packet_too_large"
    assert dropped.detail == (
        "the destination refused `t/1`: the message makes a packet of 70 bytes, and the server takes 50 [MQTT-3.2.2-15]"
    )
    assert dropped.remedy == "raise the destination's Maximum Packet Size, or publish smaller messages"
    assert scene.relay.side_state(DESTINATION) == "connected"


def test_event_grid_has_remedies_of_its_own_for_what_is_too_large_or_too_much() -> None:
    plan = side_plan("destination")
    there = replace(plan, endpoint=replace(plan.endpoint, service_type=EVENT_GRID))
    scene = play(relay_of(flow_plan(destination=there))).start(destination=connack(max_packet_size=50))
    scene.source(publish(1, payload=b"x" * 60), publish(2)).destination(puback(2, 0x97))
    dropped, held = [event for event in scene.events if isinstance(event, MessageDropped | MessageHeld)]
    assert dropped.remedy == "publish smaller messages: Event Grid takes packets of 512 KiB at most"
    assert held.remedy is not None and "about 100 messages a second of a session" in held.remedy
    assert Connection(DESTINATION, there).message_remedy(0x80) is None
    assert Connection(DESTINATION, plan).message_remedy(0x97) is None


def test_failure_19_a_limit_is_forgotten_when_the_next_connack_omits_it() -> None:
    scene = play(relay_of(flow_plan())).start(destination=connack(max_packet_size=50)).lose(DESTINATION)
    scene.start_destination(connack(session_present=True)).source(publish(1, payload=b"x" * 60))
    scene.expect_destination(publish(1, payload=b"x" * 60))


def test_failure_19_a_smaller_limit_on_reconnect_drops_what_is_in_flight_and_counts_it() -> None:
    scene = started().source(publish(1, payload=b"x" * 60), publish(2)).forget(DESTINATION).lose(DESTINATION)
    scene.start_destination(connack(session_present=True, max_packet_size=50))
    scene.expect_destination(publish(2, duplicate=True)).expect_source(puback(1))
    scene.expect_counts(dropped={"packet_too_large": 1}, pending=1)


def test_failure_20_a_retained_message_to_a_server_that_takes_none_is_dropped_with_a_remedy() -> None:
    scene = (
        play(relay_of(flow_plan())).start(destination=connack(retain_available=False)).source(publish(1, retain=True))
    )
    scene.expect_destination().expect_source(puback(1)).expect_counts(dropped={"retain_not_supported": 1})
    (dropped,) = scene.events
    assert isinstance(dropped, MessageDropped)
    assert dropped.remedy == "set retain: Never on the destination endpoint"


def test_the_override_decides_for_every_code() -> None:
    assert publish_rejection(0x87, "drop").action == "drop"
    assert publish_rejection(0x99, "hold").action == "hold"
    assert publish_rejection(0x99, "drop") is PUBLISH_REJECTIONS[0x99]
    assert publish_rejection(0xFE, None).action == "hold"
    dropped = started(on_rejected="drop").source(publish(1)).destination(puback(1, 0x87)).expect_source(puback(1))
    dropped.expect_counts(dropped={"not_authorized": 1})
    held = started(on_rejected="hold").source(publish(1)).destination(puback(1, 0x99)).expect_source()
    held.expect_counts(dropped={}, pending=1).expect_closed(DESTINATION)


def test_a_message_that_is_held_before_it_is_sent_stays_first() -> None:
    scene = play(relay_of(flow_plan(on_rejected="hold"))).start(destination=connack(max_packet_size=50))
    scene.source(publish(1, payload=b"x" * 60), publish(2)).expect_destination(DisconnectPacket())
    scene.lose(DESTINATION).start_destination(connack(session_present=True))
    scene.expect_destination(publish(1, 2, payload=b"x" * 60), publish(2, 3))
