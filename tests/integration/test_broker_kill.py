"""SIGKILL of the embedded broker at random instants: what it acknowledged is there afterwards, and nothing comes back."""

import random
import time
from collections.abc import Iterator

import mqtt5
import pytest
from tests.integration.harness.clients import Client, Subscriber
from tests.integration.harness.engine import Engine
from tests.integration.harness.exact import ExactPublisher, ExactSubscriber
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

KILLS = 12
RETAINED_KILLS = 8
QOS_2_KILLS = 8
SUBSCRIPTION_KILLS = 8
WILL_KILLS = 4
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


def test_kill_9_neither_loses_nor_repeats_a_message_of_qos_2(world: World) -> None:
    chance = random.Random(6)
    engine, port = broker(world)
    until(lambda: engine.status() is not None, "the engine to be up")
    subscriber = ExactSubscriber(port, "parts", client_id="exact-subscriber")
    publisher = ExactPublisher(port, "parts", client_id="exact-publisher")
    for client in (subscriber, publisher):
        world.stack.callback(client.close)
    subscriber.begin()
    assert subscriber.subscribed.wait(20), "no SUBACK"
    publisher.begin()
    for _ in range(QOS_2_KILLS):
        grow(publisher.completed_count, 1, "messages completed in this life")
        time.sleep(chance.uniform(0, 0.2))  # the instant of the fault, not a wait
        engine.kill()
        engine.launch()
    publisher.finish()
    until(lambda: subscriber.count() >= publisher.published, "all messages to arrive", found=subscriber.count)
    subscriber.close()
    assert [int(payload) for payload in subscriber.payloads] == list(range(publisher.published))


def test_kill_9_forgets_no_subscription_that_was_granted_and_none_that_was_ended(world: World) -> None:
    chance = random.Random(7)
    engine, port = broker(world)
    topics = [f"topic/{number}" for number in range(100)]
    granted: set[str] = set()
    for life in range(SUBSCRIPTION_KILLS):
        until(lambda: engine.status() is not None, "the engine to be up")
        wire = resume(port, is_present=life > 0)
        # Every topic whose subscription is there is given up, every other is subscribed: in a random order.
        chance.shuffle(topics)
        packets: dict[int, mqtt5.Packet] = {}
        for packet_id, topic in enumerate(topics, 1):
            packets[packet_id] = (
                mqtt5.UnsubscribePacket(packet_id, [topic])
                if topic in granted
                else mqtt5.SubscribePacket(packet_id, [mqtt5.TopicFilter(topic)])
            )
        wire.send(b"".join(packet.write() for packet in packets.values()))
        answers = answered(wire)
        changed = {topics[next(answers) - 1] for _ in range(chance.randint(1, len(topics)))}
        engine.kill()
        wire.abort()
        engine.launch()
        until(lambda: engine.status() is not None, "the engine to be up")
        found = matching(port, topics)
        # What was asked and not answered may have been done.
        assert (found ^ granted) >= changed, (life, sorted(changed - (found ^ granted)))
        granted = found


def resume(port: int, *, is_present: bool) -> Wire:
    """Connect the client whose subscriptions are looked at."""
    wire = Wire(port, "reader", clean_start=False, session_expiry_seconds=3600)
    assert wire.connack.session_present == is_present, "the session was lost"
    return wire


def answered(wire: Wire) -> Iterator[int]:
    """Yield the packet ids of SUBACK and UNSUBACK as they come."""
    while True:
        for packet in wire.receive(0.5):
            if isinstance(packet, mqtt5.SubAckPacket | mqtt5.UnsubAckPacket):
                assert all(int(code) < 0x80 for code in packet.reason_codes), packet
                yield packet.packet_id


def matching(port: int, topics: list[str]) -> set[str]:
    """Return which topics the client's session is subscribed to, by what it gets of one message to each."""
    end = "end/of/all"
    found: set[str] = set()
    wire = resume(port, is_present=True)
    try:
        wire.subscribe(end)
        wire.send(b"".join(mqtt5.PublishPacket(topic, b"x").write() for topic in [*topics, end]))
        while end not in found:
            found |= {packet.topic for packet in wire.receive(0.5) if isinstance(packet, mqtt5.PublishPacket)}
    finally:
        wire.close()
    return found - {end}


def test_kill_9_forgets_no_will_that_waits(world: World) -> None:
    chance = random.Random(8)
    engine, port = broker(world)
    until(lambda: engine.status() is not None, "the engine to be up")
    watcher = ExactSubscriber(port, "gone/#", client_id="watcher")
    world.stack.callback(watcher.close)
    watcher.begin()
    assert watcher.subscribed.wait(20), "no SUBACK"
    expected: list[bytes] = []
    for life in range(WILL_KILLS):
        wires = []
        for number in range(chance.randint(5, 20)):
            payload = b"%d-%d" % (life, number)
            will = mqtt5.Will(f"gone/{number}", payload=payload, qos=mqtt5.QoS.EXACTLY_ONCE, will_delay_interval=1)
            wires.append(Wire(port, f"mortal-{number}", session_expiry_seconds=3600, will=will))
            expected.append(payload)
        # Some are gone before the broker is, and their wills wait already.
        for wire in chance.sample(wires, len(wires) // 2):
            wire.abort()
        engine.kill()
        for wire in wires:
            wire.abort()
        engine.launch()
        until(lambda: watcher.count() >= len(expected), "the wills", found=lambda: watcher.payloads)
    watcher.close()
    assert sorted(watcher.payloads) == sorted(expected)
