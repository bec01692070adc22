"""The server half of one Network Connection."""

import mqtt5
from mqtt5 import ConnectPacket, PingReqPacket, PublishPacket

from tidegate.moment import Moment
from tidegate.mqtt.events import ConnectionClosing, MessageReceived
from tidegate.mqtt.server import ServerConnection, ServerEvent
from tidegate.mqtt.server_settings import ServerSettings
from tidegate.mqtt.wire import Wire

NOW = Moment(5.0, 0.0)


def connected(**settings: int) -> ServerConnection:
    connection = ServerConnection(ServerSettings(**settings), NOW)
    connection.receive_data(ConnectPacket("one").write(), NOW)
    connection.accept(2)
    return connection


def reason(events: list[ServerEvent]) -> int | None:
    (event,) = events
    assert isinstance(event, ConnectionClosing)
    return event.reason_code


def test_its_states() -> None:
    connection = ServerConnection(ServerSettings(), NOW)
    states = [connection.state.value]
    (event,) = connection.receive_data(ConnectPacket("one").write(), Moment(6.0, 0.0))
    states.append(connection.state.value)
    assert isinstance(event, ConnectPacket)
    assert states == ["awaiting CONNECT", "authenticating"]
    assert str(connection.wire) == str(Wire.V5)
    assert connection.received_at == 6.0
    assert connection.receive_data(PingReqPacket().write(), NOW) == []
    connection.accept(0)
    assert [type(each) for each in connection.take_waiting()] == [PingReqPacket]
    connection.close()
    assert connection.receive_data(PingReqPacket().write(), NOW) == []


def test_topic_aliases() -> None:
    connection = connected()
    long, short = PublishPacket("a/b", b"1", topic_alias=1).write(), PublishPacket("", b"2", topic_alias=1).write()
    messages = connection.receive_data(long + short, NOW)
    assert [each.message.topic for each in messages if isinstance(each, MessageReceived)] == ["a/b", "a/b"]
    assert reason(connection.receive_data(PublishPacket("a", b"", topic_alias=3).write(), NOW)) == 0x94


def test_an_alias_nobody_offered() -> None:
    connection = ServerConnection(ServerSettings(), NOW)
    connection.receive_data(ConnectPacket("one").write(), NOW)
    connection.accept(0)
    assert reason(connection.receive_data(PublishPacket("a", b"", topic_alias=1).write(), NOW)) == 0x94


def test_what_came_before_an_error_counts() -> None:
    events = connected().receive_data(PublishPacket("a", b"").write() + b"\x00\x00", NOW)
    assert isinstance(events[0], MessageReceived)
    assert reason(events[1:]) == 0x81


def test_a_servers_packet_and_a_second_connect() -> None:
    assert reason(connected().receive_data(ConnectPacket("two").write(), NOW)) == 0x82
    assert reason(connected().receive_data(mqtt5.PingRespPacket().write(), NOW)) == 0x82


def test_packets_before_connect_and_versions_from_the_future() -> None:
    connection = ServerConnection(ServerSettings(), NOW)
    assert reason(connection.receive_data(PingReqPacket().write(), NOW)) == 0x82
    assert not connection.wire_is_known
    connection = ServerConnection(ServerSettings(), NOW)
    future = ConnectPacket("one").write().replace(b"MQTT\x05", b"MQTT\x06")
    assert reason(connection.receive_data(future, NOW)) == 0x84
    assert connection.wire_is_known and connection.wire is Wire.V5
    connection = ServerConnection(ServerSettings(), NOW)
    assert reason(connection.receive_data(future.replace(b"MQTT\x06", b"MQTT\x03"), NOW)) == 0x84
    assert connection.wire_is_known and str(connection.wire) == str(Wire.V3)


def test_the_first_packet_is_small_and_later_ones_are_bounded() -> None:
    connection = ServerConnection(ServerSettings(connect_bytes_max=30), NOW)
    assert reason(connection.receive_data(ConnectPacket("x" * 40).write(), NOW)) == 0x95
    connection = connected(packet_bytes_max=50)
    assert reason(connection.receive_data(PublishPacket("a", bytes(60)).write()[:5], NOW)) == 0x95


def test_what_comes_behind_connect_waits_until_it_was_answered() -> None:
    connection = ServerConnection(ServerSettings(), NOW)
    disconnect, ping = mqtt5.DisconnectPacket().write(), PingReqPacket().write()
    (event,) = connection.receive_data(ConnectPacket("one").write() + disconnect, NOW)
    assert isinstance(event, ConnectPacket)
    assert connection.state.value == "authenticating"
    assert connection.receive_data(ping, NOW) == []
    connection.accept(0)
    assert [type(each) for each in connection.take_waiting()] == [mqtt5.DisconnectPacket]


def test_with_an_authentication_method_only_auth_and_disconnect_come_before_connack() -> None:
    opening = ConnectPacket("one", authentication_method="m").write()
    ping = PingReqPacket().write()
    answer = mqtt5.AuthPacket(
        authentication_method="m", reason_code=mqtt5.AuthReasonCode.CONTINUE_AUTHENTICATION
    ).write()
    for early in (ping, answer):
        events = ServerConnection(ServerSettings(), NOW).receive_data(opening + early, NOW)
        assert reason(events[1:]) == 0x82
    connection = ServerConnection(ServerSettings(), NOW)
    connection.receive_data(opening, NOW)
    assert isinstance(connection.receive_data(answer, NOW)[0], mqtt5.AuthPacket)
    assert reason(connection.receive_data(ping, NOW)) == 0x82
    leaving = ServerConnection(ServerSettings(), NOW)
    leaving.receive_data(opening + mqtt5.DisconnectPacket().write() + ping, NOW)
    leaving.accept(0)
    assert [type(each) for each in leaving.take_waiting()] == [mqtt5.DisconnectPacket]
