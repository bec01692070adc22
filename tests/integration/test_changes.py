"""Failure mode 31: what is declared changes while messages flow. Nothing is lost, and only what changed is touched."""

import re

import pytest
from tests.integration.harness.engine import Engine, Status
from tests.integration.harness.ledger import Arrival, judge
from tests.integration.harness.manifests import dataflow, endpoint, profile, write
from tests.integration.harness.mosquitto import wait_for_line
from tests.integration.harness.waiting import grow
from tests.integration.harness.world import World, assert_kept, wait_delivered

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]


def last_reload(engine: Engine) -> Status:
    """Return how the last look at the files went."""
    status = engine.status()
    assert status is not None
    reload: Status = status["last_reload"]
    return reload


def connects_of(log: str, client_id: str) -> int:
    """Count the connections that a broker's log shows for a client id."""
    return len(re.findall(f"as {client_id} ", log))


def test_failure_31_endpoint_edited_under_load_touches_only_its_flows(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        *world.bridge_resources(source.port, destination.port),
        endpoint("other", destination.port),
        dataflow("untouched", filters=["other/#"], destination="other"),
    )
    engine.start("bridge", "untouched")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    for keep_alive_seconds in (30, 31, 32):
        grow(subscriber.seen_count, 200, "messages passed")
        write(engine.manifests, endpoint("cloud", destination.port, keepAliveSeconds=keep_alive_seconds))
        wait_for_line(destination, f"as tidegate-bridge-0-destination .*k{keep_alive_seconds}")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert connects_of(source.log(), "tidegate-untouched-0-source") == 1


def test_failure_31_flow_edited_under_load_filters_and_destination_topic(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    grow(subscriber.seen_count, 200, "messages passed")
    write(engine.manifests, dataflow("bridge", filters=["plant/+", "mine/#"], topic="moved/${inputTopic}"))
    engine.wait_for(lambda: subscriber.seen.get("moved/plant/b"), "messages under the new topic")
    world.publisher(source.port, ["mine/x"], total=3, client_id="miner").finish()
    engine.wait_for(lambda: subscriber.seen.get("moved/mine/x") == {0, 1, 2}, "messages of the new filter")
    write(engine.manifests, dataflow("bridge", filters=["plant/#"], topic="moved/${inputTopic}"))
    grow(lambda: len(subscriber.seen["moved/plant/a"]), 100, "messages passed after the second edit")
    publisher.finish()
    engine.wait_settled("bridge")
    arrivals = [Arrival(a.topic.removeprefix("moved/"), *a[1:]) for a in subscriber.arrivals if "mine" not in a.topic]
    verdict = judge(publisher.acknowledged, publisher.published, arrivals)
    assert not verdict.missing and not verdict.disordered, verdict.summary()
    # While both filters are held the source broker may send a message once for each [MQTT-3.3.4-2].
    assert verdict.duplicates <= publisher.published_count


def test_failure_31_an_edit_that_does_not_validate_changes_nothing_and_is_reported(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    write(engine.manifests, endpoint("cloud", destination.port, qos=7))
    engine.wait_for(lambda: not last_reload(engine)["applied"], "the finding")
    assert any("qos" in error for error in last_reload(engine)["errors"])
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, total=100)
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert connects_of(source.log(), "tidegate-bridge-0-source") == 1
    write(engine.manifests, endpoint("cloud", destination.port))
    engine.wait_for(lambda: last_reload(engine)["applied"], "the mended edit")


def test_failure_31_scaling_1_to_3_to_1_under_load(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(*world.bridge_resources(source.port, destination.port), profile("default", 1))
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, [f"plant/{number}" for number in range(20)], rate=1000)
    for instances in (3, 1):
        grow(subscriber.seen_count, 300, "messages passed")
        write(engine.manifests, profile("default", instances))
        engine.wait_connected("bridge", copies=instances)
    grow(subscriber.seen_count, 300, "messages passed by one instance again")
    publisher.finish()
    wait_delivered(publisher, subscriber)
    engine.check_accounting()
