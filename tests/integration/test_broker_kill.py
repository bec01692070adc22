"""SIGKILL of the embedded broker at random instants: what it acknowledged is there afterwards, and nothing comes back."""

import random
import time

import mqtt5
import pytest
from tests.integration.harness.clients import Client, Subscriber
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

KILLS = 30
RETAINED_KILLS = 10
WINDOW = 1000


def broker(world: World) -> tuple[Engine, int]:
    """Run an engine that is a broker on a plain port and nothing else."""
    port = free_port()
    engine = world.engine(listener({"port": port}))
    engine.launch()
    return engine, port


def test_kill_9_of_the_broker_loses_nothing_that_it_acknowledged(world: World) -> None:
    chance = random.Random(4)
    engine, port = broker(world)
    until(lambda: engine.status() is not None, "the engine to be up")
    # Two sessions: one whose client takes everything at once, and one whose client comes back at the end.
    subscriber = world.subscriber(port, ["plant/#"])
    world.subscriber(port, ["plant/#"], client_id="late").close()
    publisher = world.publisher(port, [f"plant/line{number}" for number in range(4)], rate=2000)
    for _ in range(KILLS):
        grow(subscriber.seen_count, 1, "messages passed by this life")
        time.sleep(chance.uniform(0, 0.2))  # the instant of the fault, not a wait
        engine.kill()
        engine.launch()
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=WINDOW * KILLS)
    late = Subscriber(port, ["plant/#"], client_id="late")
    world.stack.callback(late.close)
    Client.begin(late)
    assert_kept(publisher, late, duplicates_max=0)


def retained(wire: Wire, changes: dict[str, bytes], confirmed: dict[str, bytes]) -> None:
    """Set retained messages and note which were acknowledged."""
    sent = {}
    for packet_id, (topic, payload) in enumerate(changes.items(), 1):
        sent[packet_id] = topic
        packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=True)
        wire.send(packet.write())
    while sent:
        for answer in wire.receive(0.5):
            if isinstance(answer, mqtt5.PubAckPacket):
                topic = sent.pop(answer.packet_id)
                confirmed[topic] = changes[topic]


def shown(port: int) -> dict[str, bytes]:
    """Return all retained messages, as a new subscriber gets them."""
    wire = Wire(port, "reader")
    end = "end/of/all"
    found: dict[str, bytes] = {}
    try:
        wire.subscribe("state/#", end)
        wire.send(mqtt5.PublishPacket(end, b"x").write())
        while end not in found:
            for packet in wire.receive(0.5):
                if isinstance(packet, mqtt5.PublishPacket):
                    found[packet.topic] = packet.payload
    finally:
        wire.close()
    del found[end]
    return found


def test_kill_9_neither_loses_nor_revives_a_retained_message(world: World) -> None:
    chance = random.Random(5)
    engine, port = broker(world)
    confirmed: dict[str, bytes] = {}
    attempted: dict[str, set[bytes]] = {}
    for life in range(RETAINED_KILLS):
        until(lambda: engine.status() is not None, "the engine to be up")
        wire = Wire(port, "writer")
        for step in range(chance.randint(1, 5)):
            changes = {
                f"state/{number}": b"" if chance.random() < 0.3 else b"%d-%d" % (life, step)
                for number in chance.sample(range(40), 20)
            }
            retained(wire, changes, confirmed)
        last = {f"state/{number}": b"last-%d" % life for number in range(5)}
        for topic, payload in last.items():
            attempted.setdefault(topic, set()).add(payload)
            wire.send(mqtt5.PublishPacket(topic, payload, retain=True).write())
        engine.kill()
        wire.close()
        engine.launch()
        until(lambda: engine.status() is not None, "the engine to be up")
        found = shown(port)
        for topic in found.keys() | confirmed.keys():
            # What was sent and not acknowledged may have been taken, and then counts from now on.
            if found.get(topic, b"") in attempted.get(topic, ()):
                confirmed[topic] = found[topic]
            assert found.get(topic, b"") == confirmed.get(topic, b""), (life, topic)
        attempted.clear()
