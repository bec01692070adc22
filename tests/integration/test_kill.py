"""SIGKILL of the engine at random instants, and the ledger's verdict after it."""

import random
import time

import pytest
from tests.integration.harness.taps import SourceTap
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World, assert_kept, verdict_of

pytestmark = pytest.mark.integration

TOPICS = [f"plant/line{number}" for number in range(4)]
WINDOW = 100
KILLS = 30
PAUSED_ROUNDS = 5


def test_failure_01_kill_9_at_random_instants_under_load(world: World) -> None:
    """The destination is some way off, so that its window is always full; in half of the rounds what is on the way is lost."""
    chance = random.Random(1)
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    far = world.proxy(destination.port)
    far.delay(0.03)
    engine = world.bridge(source.port, far.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=2000)
    for _ in range(KILLS):
        grow(subscriber.seen_count, 1, "messages passed by this life")
        time.sleep(chance.uniform(0, 0.3))  # the instant of the fault, not a wait
        engine.kill()
        if chance.random() < 0.5:
            far.cut(reset=True)
        engine.launch()
    publisher.finish()
    far.delay(0)
    assert_kept(publisher, subscriber, duplicates_max=WINDOW * KILLS)
    engine.wait_settled("bridge")
    engine.check_accounting()


def test_failure_02_kill_9_while_the_destination_is_paused(world: World) -> None:
    chance = random.Random(2)
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1500)
    for _ in range(PAUSED_ROUNDS):
        grow(subscriber.seen_count, 100, "messages passed by this life")
        destination.pause()
        engine.wait_for(lambda: engine.flow("bridge")["pending"] >= WINDOW, "a full window")
        time.sleep(chance.uniform(0, 0.2))  # the instant of the fault, not a wait
        engine.kill()
        engine.launch()
        engine.wait_for(lambda: engine.flow("bridge").get("pending", 0) > 0, "messages held for the paused destination")
        destination.resume()
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=WINDOW * PAUSED_ROUNDS)
    engine.check_accounting()


def test_kill_9_of_the_source_broker_loses_nothing_that_it_delivered(world: World) -> None:
    source = world.mosquitto("source", options=["autosave_interval 1"])
    destination = world.mosquitto("destination")
    tap = SourceTap()
    proxy = world.proxy(source.port, tap)
    engine = world.bridge(proxy.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    for _ in range(4):
        grow(subscriber.seen_count, 300, "messages passed")
        source.kill()
        source.start()
    grow(subscriber.seen_count, 100, "messages passed after the last kill")
    publisher.finish()
    engine.wait_settled("bridge")
    until(
        lambda: all(subscriber.seen[topic].issuperset(numbers) for topic, numbers in list(tap.acknowledged.items())),
        "what the engine acknowledged to be at the destination",
    )
    assert not tap.strange_acknowledgements
    assert not verdict_of(publisher, subscriber).disordered


def test_failure_05_killed_between_the_two_acknowledgements_makes_exactly_one_duplicate(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    near = world.proxy(source.port)
    engine = world.bridge(near.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    near.stall("up")
    publisher = world.publisher(source.port, ["plant/a"], total=1)
    publisher.finish()
    engine.wait_for(lambda: engine.flow("bridge")["counters"]["delivered"] == 1, "the destination's acknowledgement")
    engine.kill()
    near.cut(reset=True)
    near.flow()
    engine.start("bridge")
    engine.wait_for(lambda: engine.flow("bridge")["counters"]["delivered"] == 1, "the redelivery")
    until(lambda: len(subscriber.arrivals) == 2, "the duplicate")
    assert assert_kept(publisher, subscriber, duplicates_max=1).duplicates == 1


def test_failure_06_killed_between_receiving_and_sending_makes_no_duplicate(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    destination.stop()
    engine.wait_for(lambda: not engine.flow("bridge")["destination"]["connected"], "the loss to be noticed")
    publisher = world.publisher(source.port, TOPICS, total=40)
    publisher.finish()
    engine.wait_for(lambda: engine.flow("bridge")["pending"] == 40, "the messages to be held")
    engine.kill()
    destination.start()
    engine.start("bridge")
    assert_kept(publisher, subscriber, duplicates_max=0)
