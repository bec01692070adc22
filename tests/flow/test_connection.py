"""One of the two connections: how it begins, and which reason for its end counts."""

from dataclasses import replace

import mqtt5
import pytest
from mqtt5 import AuthPacket, ConnAckPacket
from tests.play import side_plan

from tidegate.flow.connection import Connection
from tidegate.flow.events import ConnectionEnded, Side
from tidegate.flow.plan import SystemIdentityPlan, TokenPlan
from tidegate.flow.policy import BACKOFF, NEVER, NOW, SLOW, TAKEN_OVER
from tidegate.moment import Moment
from tidegate.mqtt.events import ConnectionClosing

NOWADAYS = Moment(100.0, 1_700_000_000.0)


def opened() -> Connection:
    """Return a connection over a new transport."""
    connection = Connection(Side.SOURCE, side_plan("source"))
    connection.open(NOWADAYS)
    return connection


def test_a_connection_begins_with_connect_and_is_not_connected_before_connack() -> None:
    connection = opened()
    assert connection.client is not None
    assert connection.client.data_to_send(NOWADAYS)
    assert not connection.is_connected


def test_the_first_reason_is_the_one_that_counts() -> None:
    connection = opened()
    connection.end(None, "first", NOW)
    connection.end(0x87, "second", SLOW)
    assert connection.lose("third") == ConnectionEnded(Side.SOURCE, None, "first", NOW, by_us=True)
    assert connection.client is None


def test_an_end_without_a_reason_is_the_sockets() -> None:
    assert opened().lose("gone") == ConnectionEnded(Side.SOURCE, None, "gone", BACKOFF, by_us=False)


def test_what_the_server_said_is_told_in_words() -> None:
    connection = opened()
    connection.end_for(ConnectionClosing("connack", 0x86, "who are you"))
    detail = "the server refused the connection: 0x86 bad user name or password (who are you)"
    assert connection.lose("gone") == ConnectionEnded(Side.SOURCE, 0x86, detail, SLOW, by_us=False)


def test_a_rule_that_the_server_broke_is_told_as_it_is() -> None:
    connection = opened()
    connection.end_for(ConnectionClosing("violation", 0x82, "PUBACK for nothing"))
    assert connection.lose("gone") == ConnectionEnded(Side.SOURCE, 0x82, "PUBACK for nothing", BACKOFF, by_us=True)


def test_a_final_connection_is_not_tried_again_and_not_begun() -> None:
    connection = opened()
    connection.is_final = True
    connection.end(0x87, "over", SLOW)
    assert connection.lose("gone").retry is NEVER
    connection.open(NOWADAYS)
    assert connection.client is not None
    assert connection.client.data_to_send(NOWADAYS) == []
    assert connection.client.is_closing


def test_ending_what_is_not_connected_does_nothing() -> None:
    connection = Connection(Side.SOURCE, side_plan("source"))
    connection.end(None, "over", NOW)
    assert connection.client is None


def with_token() -> Connection:
    """Return a live connection that presented `old`."""
    plan = side_plan("source")
    endpoint = replace(plan.endpoint, authentication=TokenPlan(audience="aio-internal"))
    connection = Connection(Side.SOURCE, replace(plan, endpoint=endpoint))
    connection.open(NOWADAYS, b"old")
    assert connection.client is not None
    connection.client.receive_data(ConnAckPacket().write(), NOWADAYS)
    connection.client.data_to_send(NOWADAYS)
    return connection


def auth_sent(connection: Connection) -> list[tuple[int, bytes | None]]:
    """Take what was sent, all of it AUTH for `K8S-SAT`, as reason codes and data."""
    assert connection.client is not None
    found = []
    for data in connection.client.data_to_send(NOWADAYS):
        packet, _ = mqtt5.read(memoryview(data))
        assert isinstance(packet, AuthPacket) and packet.authentication_method == "K8S-SAT"
        found.append((int(packet.reason_code), packet.authentication_data))
    return found


def test_a_new_token_is_presented_once_and_the_next_one_when_it_was_accepted() -> None:
    connection = with_token()
    assert connection.reauthenticate(b"new", NOWADAYS)
    assert not connection.reauthenticate(b"newer", NOWADAYS)
    assert auth_sent(connection) == [(0x19, b"new")]
    connection.reauthenticated()
    assert connection.reauthenticate(b"newer", NOWADAYS)
    assert auth_sent(connection) == [(0x19, b"newer")]


def test_without_a_live_connection_nothing_is_presented() -> None:
    connection = Connection(Side.SOURCE, side_plan("source"))
    assert not connection.reauthenticate(b"new", NOWADAYS)
    connection.open(NOWADAYS)
    assert not connection.reauthenticate(b"new", NOWADAYS)


def test_a_challenge_is_answered_once_with_the_same_token() -> None:
    connection = with_token()
    connection.challenged()
    assert auth_sent(connection) == []
    connection.reauthenticate(b"new", NOWADAYS)
    connection.challenged()
    connection.challenged()
    assert auth_sent(connection) == [(0x19, b"new"), (0x18, b"new")]


@pytest.mark.parametrize(
    "closing",
    [
        ConnectionClosing("disconnect", 0x87, ""),
        ConnectionClosing("disconnect", 0x8C, ""),
        ConnectionClosing("timeout", 0x80, "no AUTH from the server in time"),
        None,
    ],
    ids=["refused", "no method", "no answer", "closed"],
)
def test_failure_24_a_server_that_does_not_take_a_new_token_is_connected_to_at_once(
    closing: ConnectionClosing | None,
) -> None:
    connection = with_token()
    connection.reauthenticate(b"new", NOWADAYS)
    if closing is not None:
        connection.end_for(closing)
    assert connection.lose("gone").retry is NOW
    # But a CONNECT with it that is refused as well is not tried again at once.
    connection.open(NOWADAYS, b"new")
    connection.end_for(ConnectionClosing("connack", 0x87, ""))
    assert connection.lose("gone").retry is SLOW


def test_a_take_over_while_a_new_token_is_presented_stays_one() -> None:
    connection = with_token()
    connection.reauthenticate(b"new", NOWADAYS)
    connection.end_for(ConnectionClosing("disconnect", 0x8E, ""))
    assert connection.lose("gone").retry is TAKEN_OVER


def test_a_managed_identity_without_a_role_is_told_which() -> None:
    plan = side_plan("source")
    identity = SystemIdentityPlan(audience="https://eventgrid.azure.net")
    connection = Connection(Side.SOURCE, replace(plan, endpoint=replace(plan.endpoint, authentication=identity)))
    connection.open(NOWADAYS, b"token")
    connection.end_for(ConnectionClosing("connack", 0x87, ""))
    remedy = connection.lose("gone").remedy
    assert remedy is not None
    assert "EventGrid TopicSpaces Subscriber" in remedy


def test_a_managed_identity_that_may_not_subscribe_or_publish_is_told_the_role() -> None:
    plan = side_plan("source")
    identity = SystemIdentityPlan(audience="https://eventgrid.azure.net")
    with_identity = replace(plan, endpoint=replace(plan.endpoint, authentication=identity))
    connection = Connection(Side.SOURCE, with_identity)
    connection.open(NOWADAYS, b"token")
    connection.end(0x87, "the source refused the subscription", SLOW)
    assert "EventGrid TopicSpaces Subscriber" in str(connection.lose("gone").remedy)
    assert "EventGrid TopicSpaces Publisher" in str(Connection(Side.DESTINATION, with_identity).access_remedy(0x87))
    assert Connection(Side.DESTINATION, with_identity).access_remedy(0x97) is None
    assert Connection(Side.DESTINATION, plan).access_remedy(0x87) is None
