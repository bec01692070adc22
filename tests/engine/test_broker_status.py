"""What the embedded broker shows of itself."""

from mqtt5 import ConnectPacket, DisconnectPacket
from tests.broker_play import BrokerPlay, publish

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.identity import Refused
from tidegate.broker.limits import BrokerLimits
from tidegate.engine.broker_status import SHUT_OUT, broker_status


def test_sessions_refusals_losses_and_queues() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1, queue_strategy="DropOldest"))
    play.connect("slow", session_expiry_interval=100).subscribe("a", 1).send(DisconnectPacket())
    publisher = play.connect("publisher")
    for _ in range(2):
        publisher.send(publish("a", b"x", qos=1, packet_id=1))
    play.client(ListenerPolicy(needs_authentication=True)).send(ConnectPacket("nobody"))
    play.decide(Refused(0x87, "no"))
    play.broker.statistics.connections_shut_out = 2
    status = broker_status(play.broker, [], {"too many connections": 3})
    assert (status.clients_connected, status.sessions, status.durable_sessions) == (1, 2, 1)
    assert (status.received, status.connections) == (2, 3)
    assert status.dropped == {"queue": 1}
    assert status.connections_refused == {"0x87 not authorized": 1, SHUT_OUT: 2, "too many connections": 3}
    (queue,) = status.queues
    assert (queue.client_id, queue.connected, queue.messages) == ("slow", False, 1)
    assert queue.bytes == status.queued_bytes > 0
