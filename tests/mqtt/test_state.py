"""The table of a client's Network Connection."""

from mqtt5 import (
    ConnectPacket,
    PingReqPacket,
    SubscribePacket,
    UnsubscribePacket,
)

from tidegate.mqtt.packets import AuthPacket, ConnAckPacket, DisconnectPacket, PublishPacket
from tidegate.mqtt.state import RECEIVED, State


def test_every_state_has_its_row() -> None:
    assert set(RECEIVED) == set(State)


def test_nothing_may_come_before_connect_and_after_the_end() -> None:
    assert RECEIVED[State.IDLE] == RECEIVED[State.CLOSING] == {}


def test_only_authentication_and_connack_may_come_before_connack() -> None:
    assert RECEIVED[State.CONNECTING] == {AuthPacket: State.CONNECTING, ConnAckPacket: State.CONNECTED}


def test_a_second_connack_and_packets_of_clients_may_not_come() -> None:
    for kind in (ConnAckPacket, ConnectPacket, SubscribePacket, UnsubscribePacket, PingReqPacket):
        assert kind not in RECEIVED[State.CONNECTED]


def test_a_disconnect_ends_the_connection_and_nothing_else_changes_it() -> None:
    row = RECEIVED[State.CONNECTED]
    assert row[DisconnectPacket] is State.CLOSING
    assert row[PublishPacket] is State.CONNECTED
    assert {state for kind, state in row.items() if kind is not DisconnectPacket} == {State.CONNECTED}
