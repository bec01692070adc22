"""What leaves a connection, and when."""

from tests.broker_play import BrokerPlay

from tidegate.broker.access import ALLOW_ALL
from tidegate.broker.connection import OUTPUT_BYTES_MAX, Connection, ListenerPolicy
from tidegate.broker.identity import Identity
from tidegate.broker.promises import Promises
from tidegate.moment import Moment
from tidegate.mqtt.server_settings import ServerSettings


def test_nothing_leaves_before_connack() -> None:
    promises = Promises()
    connection = Connection(ListenerPolicy(), ServerSettings(), promises, Moment(0.0, 0.0), "peer", ())
    connection.send_after(1, b"connack")
    connection.barrier = 1
    connection.send(b"publish")
    assert connection.take_output() == []
    promises.commit(1)
    connection.release()
    connection.send(b"more")
    assert connection.take_output() == [b"connack", b"publish", b"more"]


def test_so_much_in_one_turn() -> None:
    promises = Promises()
    connection = Connection(ListenerPolicy(), ServerSettings(), promises, Moment(0.0, 0.0), "peer", ())
    connection.send(bytes(OUTPUT_BYTES_MAX))
    assert not connection.is_ready
    connection.take_output()
    assert connection.is_ready


def test_without_rules_everybody_may_everything() -> None:
    assert ListenerPolicy().access_of(Identity("x")) is ALLOW_ALL


def test_a_connection_that_is_gone_holds_nothing() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a")
    client.cut()
    assert client.connection.output == [] and not client.connection.held
    assert client.connection not in play.broker.connections
