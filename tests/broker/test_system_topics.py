"""The broker's own topics, and what is done at the same time."""

import mqtt5
from tests.broker_play import BrokerPlay, publish


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
