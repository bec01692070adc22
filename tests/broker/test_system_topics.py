"""The broker's own topics, and what is done at the same time."""

import mqtt5
from tests.broker_play import BrokerPlay, publish

from tidegate.broker.limits import BrokerLimits
from tidegate.broker.system_topics import QUEUES_SHOWN_MAX


def test_the_brokers_own_topics() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("$SYS/broker/clients/#", 0)
    play.connect("two").subscribe("#", 0)
    play.advance(10)
    shown = {each.topic: each.payload for each in client.said() if isinstance(each, mqtt5.PublishPacket)}
    assert shown["$SYS/broker/clients/connected"] == b"2"
    late = play.connect("late").subscribe("$SYS/broker/uptime", 0)
    (uptime,) = late.said()
    assert isinstance(uptime, mqtt5.PublishPacket) and uptime.retain and uptime.payload == b"10 seconds"
    assert not any(batch.retained for batch in play.batches)


def test_retained_messages_end() -> None:
    play = BrokerPlay()
    play.connect("one").send(publish("a", b"x", retain=True, message_expiry_interval=5))
    play.advance(11)
    assert play.batches[-1].retained == {"a": None}
    play.connect("two").subscribe("a", 0).expect()


def test_what_is_held_is_counted_from_the_sessions_themselves() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=2, queue_strategy="DropOldest"))
    for number in range(QUEUES_SHOWN_MAX + 2):
        client = play.connect(f"gone-{number}", session_expiry_interval=100).subscribe("a", 1)
        client.send(mqtt5.DisconnectPacket())
    publisher = play.connect("publisher")
    for _ in range(3):
        publisher.send(publish("a", b"12345", qos=1, packet_id=1))
    publisher.send(publish("r", b"x", retain=True))
    held = play.broker.holdings()
    assert held.clients_connected == 1
    assert held.sessions == QUEUES_SHOWN_MAX + 3 and held.durable_sessions == QUEUES_SHOWN_MAX + 2
    assert held.queued == 2 * (QUEUES_SHOWN_MAX + 2) and held.queued_bytes >= held.queued * len(b"a12345")
    assert held.subscriptions == QUEUES_SHOWN_MAX + 2
    assert held.retained >= 1 and held.retained_bytes > 0
    assert len(held.longest) == QUEUES_SHOWN_MAX
    assert {(each.messages, each.is_connected, each.inflight) for each in held.longest} == {(2, False, 0)}
    assert play.broker.statistics.dropped["queue"] == QUEUES_SHOWN_MAX + 2
