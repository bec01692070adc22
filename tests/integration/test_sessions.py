"""What sessions outlive and what ends them, seen from the brokers."""

import re

import mqtt5
import pytest
from tests.integration.harness.manifests import dataflow, profile, remove, write
from tests.integration.harness.mosquitto import Mosquitto
from tests.integration.harness.taps import SourceTap
from tests.integration.harness.waiting import grow, reach, until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World, assert_kept, wait_delivered

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]
SOURCE_CLIENT = "tidegate-bridge-0-source"
RETAINED = 10_000


def has_session(broker: Mosquitto, client_id: str) -> bool:
    """Tell whether the broker holds a session of this client id. Asking takes over a connection, so ask when there is none."""
    wire = Wire(broker.port, client_id, clean_start=False, session_expiry_seconds=600, receive_maximum=1)
    wire.close()
    return wire.connack.session_present


def test_failure_11_source_broker_without_the_session_is_reported_and_subscribed_anew(world: World) -> None:
    source, destination = world.mosquitto("source", persistence=False), world.mosquitto("destination")
    tap = SourceTap()
    proxy = world.proxy(source.port, tap)
    engine = world.bridge(proxy.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=500)
    grow(subscriber.seen_count, 50, "messages passed")
    source.restart()
    grow(subscriber.seen_count, 50, "messages passed by the new session")
    publisher.finish()
    engine.wait_settled("bridge")
    assert "session" in engine.log()
    assert len([packet for packet in tap.packets if isinstance(packet, mqtt5.SubscribePacket)]) == 2
    assert not tap.strange_acknowledgements


def test_failure_12_alien_with_our_client_id_is_reported_and_not_fought(world: World) -> None:
    """Scripted: mosquitto 2.0.11 closes the connection that was taken over without telling why."""
    peer, destination = world.scripted(), world.mosquitto("destination")
    engine = world.bridge(peer.port, destination.port)
    peer.push(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER).write())
    peer.drop()
    engine.wait_for(lambda: (engine.flow("bridge")["source"]["next_retry_seconds"] or 0) > 50, "a patient retry")
    flow = engine.flow("bridge")
    assert flow["health"] == "Unavailable"
    assert "0x8E session taken over" in flow["source"]["last_error"]
    assert peer.connections == 1


def test_failure_13_two_instances_share_the_subscription_and_one_is_killed(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(*world.bridge_resources(source.port, destination.port), profile("default", 2))
    engine.launch()
    engine.wait_connected("bridge", copies=2)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    for _ in range(3):
        grow(subscriber.seen_count, 200, "messages passed")
        engine.kill_a_worker()
    publisher.finish()
    wait_delivered(publisher, subscriber)
    clients = set(re.findall(r"as (tidegate-bridge-\d-source) ", source.log()))
    assert clients == {"tidegate-bridge-0-source", "tidegate-bridge-1-source"}
    ordinals = {flow["ordinal"]: flow["counters"]["received"] for flow in engine.copies("bridge")}
    assert set(ordinals) == {0, 1}


def test_failure_21_ten_thousand_retained_messages_once_and_not_again_when_the_session_resumes(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")

    def retained(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
        return mqtt5.PublishPacket(topic, b"0 ", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=True)

    topics = [f"plant/{number}" for number in range(RETAINED)]
    world.publisher(source.port, topics, total=RETAINED, window=1000, make=retained).finish()
    subscriber = world.subscriber(destination.port, ["plant/#"], keep_packets=True, numbered=False)
    engine = world.bridge(source.port, destination.port)
    reach(subscriber.seen_count, RETAINED, "the retained messages")
    assert all(packet.retain for packet in subscriber.packets)

    assert engine.terminate() == 0
    engine.start("bridge")

    def deleting(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
        return mqtt5.PublishPacket(topic, b"", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=True)

    world.publisher(source.port, ["plant/7"], total=1, make=deleting, client_id="deleter").finish()
    reach(lambda: len(subscriber.packets), RETAINED + 1, "the empty retained message")
    last = subscriber.packets[-1]
    assert (last.topic, last.payload, last.retain) == ("plant/7", b"", True)
    assert engine.flow("bridge")["counters"]["received"] == 1
    latecomer = world.subscriber(destination.port, ["plant/7", "plant/8"], client_id="late", numbered=False)
    until(latecomer.seen_count, "what is retained")
    assert list(latecomer.seen) == ["plant/8"]


def test_sigterm_keeps_both_sessions_and_nothing_is_lost(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    for _ in range(3):
        grow(subscriber.seen_count, 200, "messages passed")
        assert engine.terminate() == 0
        grow(lambda: publisher.acknowledged_count, 100, "messages acknowledged meanwhile")
        engine.start("bridge")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)


def test_disabled_keeps_the_session_and_enabling_again_loses_nothing(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=500)
    grow(subscriber.seen_count, 50, "messages passed")
    write(engine.manifests, dataflow("bridge", mode="Disabled"))
    engine.wait_for(lambda: f"{SOURCE_CLIENT} disconnected" in source.log(), "the flow to disconnect")
    grow(lambda: publisher.acknowledged_count, 100, "messages acknowledged meanwhile")
    write(engine.manifests, dataflow("bridge"))
    engine.wait_connected("bridge")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)


def test_deletion_ends_the_session_after_what_was_delivered(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, total=500)
    publisher.finish()
    remove(engine.manifests, dataflow("bridge"))
    engine.wait_for(lambda: f"{SOURCE_CLIENT} disconnected" in source.log(), "the flow to end its session")
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert not has_session(source, SOURCE_CLIENT)
    assert engine.terminate() == 0
