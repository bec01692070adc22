"""One of the two connections: how it begins, and which reason for its end counts."""

from tests.play import side_plan

from tidegate.flow.connection import Connection
from tidegate.flow.events import ConnectionEnded, Side
from tidegate.flow.policy import BACKOFF, NEVER, NOW, SLOW
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
