"""When a connection has to end by itself."""

from mqtt5 import ConnectPacket, PingReqPacket
from tests.broker_play import BrokerPlay

from tidegate.broker.limits import BrokerLimits


def test_failure_10_no_connect_in_time() -> None:
    play = BrokerPlay(BrokerLimits(connect_timeout_seconds=10))
    client = play.client()
    data = ConnectPacket("one").write()
    for index in range(9):
        client.send(data[index : index + 1])
        play.advance(1)
    assert not client.connection.wants_close
    play.advance(2)
    client.expect_closed()


def test_failure_28_silence_for_one_and_a_half_keep_alive_times() -> None:
    play = BrokerPlay()
    client = play.connect("one", keep_alive=10)
    silent = play.connect("silent", keep_alive=10)
    never = play.connect("never", keep_alive=0)
    for _ in range(10):
        play.advance(14)
        client.send(PingReqPacket())
    assert not client.connection.wants_close and not never.connection.wants_close
    silent.expect_closed(0x8D)


def test_a_client_of_mqtt_3_1_1_cannot_be_told_another_keep_alive_than_its_own() -> None:
    play = BrokerPlay(BrokerLimits(keep_alive_seconds_max=10))
    client = play.connect_3_1_1()
    play.advance(89)
    assert not client.connection.wants_close
    play.advance(1)
    assert client.connection.wants_close


def test_connections_cost_no_deadline_for_each_packet() -> None:
    play = BrokerPlay()
    client = play.connect("one", keep_alive=10)
    before = len(play.broker._deadlines)
    for _ in range(100):
        client.send(PingReqPacket())
    assert len(play.broker._deadlines) == before
