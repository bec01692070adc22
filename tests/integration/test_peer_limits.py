"""Peers that limit, refuse or fall silent: scripted where no real broker can be brought to it."""

import time

import mqtt5
import pytest
from tests.integration.harness.ledger import number_of, payload_of
from tests.integration.harness.manifests import dataflow, endpoint
from tests.integration.harness.scripted import Script
from tests.integration.harness.taps import SourceTap
from tests.integration.harness.waiting import grow, reach, until
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]


@pytest.mark.parametrize("receive_maximum", [1, 2, 10])
def test_failure_16_receive_maximum_of_the_destination_is_never_exceeded(world: World, receive_maximum: int) -> None:
    source = world.mosquitto("source")
    destination = world.mosquitto("destination", inflight_messages_max=receive_maximum)
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, total=500)
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert engine.flow("bridge")["destination"]["reconnects"] == {}


def test_failure_16_receive_maximum_lowered_on_reconnect(world: World) -> None:
    source = world.mosquitto("source")
    peer = world.scripted(
        Script(
            connack=lambda connection: mqtt5.ConnAckPacket(
                receive_max=10 if connection == 1 else 2, session_present=connection > 1
            ),
            puback=lambda packet: None,
        )
    )
    world.bridge(source.port, peer.port)
    publisher = world.publisher(source.port, TOPICS, total=50)
    publisher.finish()
    reach(lambda: len(peer.packets(mqtt5.PublishPacket, 1)), 10, "the first window")
    peer.drop()
    for number in range(9):
        reach(lambda: len(peer.packets(mqtt5.PublishPacket, 2)), number + 2, "never more than two unacknowledged")
        oldest = peer.packets(mqtt5.PublishPacket, 2)[number]
        peer.push(mqtt5.PubAckPacket(oldest.packet_id).write())
    first, second = (peer.packets(mqtt5.PublishPacket, connection) for connection in (1, 2))
    assert [packet.packet_id for packet in second[:10]] == [packet.packet_id for packet in first]
    assert [packet.duplicate for packet in second[:10]] == [True] * 10


def test_failure_16_our_receive_maximum_holds_the_source_back(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    tap = SourceTap()
    proxy = world.proxy(source.port, tap)
    engine = world.bridge(proxy.port, destination.port, maxInflightMessages=20)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    destination.pause()
    publisher = world.publisher(source.port, TOPICS, total=2000)
    publisher.finish()
    engine.wait_for(lambda: engine.flow("bridge")["pending"] == 20, "a full window")
    assert tap.unacknowledged_max == 20
    destination.resume()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert engine.flow("bridge")["counters"]["dropped"] == {}


def test_source_that_sends_more_than_it_may_is_read_no_further_and_not_cut_off(world: World) -> None:
    """mosquitto 2.0.11 does so whenever it has a backlog; here a scripted peer ignores the window altogether."""
    total, window, payload_bytes = 8_000, 20, 200
    peer, destination = world.scripted(), world.mosquitto("destination")
    engine = world.bridge(peer.port, destination.port, maxInflightMessages=window, keepAliveSeconds=2)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    destination.pause()
    flood = [
        mqtt5.PublishPacket(
            "plant/a", payload_of(number, payload_bytes), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number + 1
        ).write()
        for number in range(total)
    ]
    peer.push(b"".join(flood))
    engine.wait_for(lambda: engine.flow("bridge")["pending"] > window, "more than a window")
    grow(lambda: len(peer.packets(mqtt5.PingReqPacket)), 3, "pings whose answers cannot be read")
    read_bytes_max = 256 * 1024
    assert engine.flow("bridge")["pending"] <= 4 * window + read_bytes_max // payload_bytes
    assert peer.connections == 1
    destination.resume()
    reach(subscriber.seen_count, total, "messages at the destination")
    reach(lambda: len(peer.packets(mqtt5.PubAckPacket)), total, "acknowledgements")
    assert [packet.packet_id for packet in peer.packets(mqtt5.PubAckPacket)] == list(range(1, total + 1))
    assert peer.connections == 1


def test_failure_17_puback_never_comes(world: World) -> None:
    source = world.mosquitto("source")
    peer = world.scripted(
        Script(
            connack=lambda connection: mqtt5.ConnAckPacket(session_present=connection > 1), puback=lambda packet: None
        )
    )
    engine = world.bridge(source.port, peer.port, options=["--stall-seconds", "6"])
    publisher = world.publisher(source.port, TOPICS, total=5)
    publisher.finish()
    until(lambda: len(peer.packets(mqtt5.PublishPacket, 1)) == 5, "the messages")
    engine.wait_for(lambda: engine.flow("bridge")["health"] == "Degraded", "the alarm at half of the time")
    assert peer.connections == 1
    until(lambda: len(peer.packets(mqtt5.PublishPacket, 2)) == 5, "the same messages on a new connection")
    first, second = (peer.packets(mqtt5.PublishPacket, connection) for connection in (1, 2))
    assert len(first) == 5, "resent on a live connection"
    assert [packet.packet_id for packet in first] == [packet.packet_id for packet in second]
    assert all(packet.duplicate for packet in second)
    reconnect = peer.packets(mqtt5.ConnectPacket, 2)[0]
    assert (reconnect.clean_start, reconnect.session_expiry_interval) == (False, 600)
    for packet in second:
        peer.push(mqtt5.PubAckPacket(packet.packet_id).write())
    engine.wait_settled("bridge")
    assert engine.flow("bridge")["counters"]["delivered"] == 5


def test_failure_18_negative_puback_held_dropped_or_success(world: World) -> None:
    refused: list[int] = []

    def puback(packet: mqtt5.PublishPacket) -> mqtt5.PubAckPacket:
        number = number_of(packet.payload)
        codes = {
            1: mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS,
            2: mqtt5.PubAckReasonCode.PAYLOAD_FORMAT_INVALID,
            3: mqtt5.PubAckReasonCode.QUOTA_EXCEEDED,
        }
        code = codes.get(number, mqtt5.PubAckReasonCode.SUCCESS)
        if number == 3 and refused:
            code = mqtt5.PubAckReasonCode.SUCCESS
        if number == 3:
            refused.append(packet.packet_id or 0)
        return mqtt5.PubAckPacket(packet.packet_id or 0, reason_code=code)

    source = world.mosquitto("source")
    peer = world.scripted(Script(puback=puback))
    engine = world.bridge(source.port, peer.port)
    publisher = world.publisher(source.port, ["plant/a"], total=6)
    publisher.finish()
    engine.wait_for(lambda: engine.flow("bridge")["counters"]["delivered"] == 5, "all but the dropped one")
    engine.wait_settled("bridge")
    assert engine.flow("bridge")["counters"]["dropped"] == {"payload_format_invalid": 1}
    assert len(refused) == 2
    resent = peer.packets(mqtt5.PublishPacket, 2)[0]
    assert (number_of(resent.payload), resent.duplicate) == (3, False)
    engine.check_accounting()


def test_failure_19_larger_than_the_destinations_maximum_packet_size(world: World) -> None:
    source = world.mosquitto("source")
    peer = world.scripted(
        Script(connack=lambda connection: mqtt5.ConnAckPacket(max_packet_size=500 if connection == 1 else None))
    )
    engine = world.bridge(source.port, peer.port)
    large = world.publisher(source.port, ["plant/large"], total=1, payload_bytes=1000, client_id="large")
    large.finish()
    small = world.publisher(source.port, ["plant/small"], total=1, payload_bytes=100, client_id="small")
    small.finish()
    until(lambda: len(peer.packets(mqtt5.PublishPacket)) == 1, "the small one")
    engine.wait_settled("bridge")
    assert peer.packets(mqtt5.PublishPacket)[0].topic == "plant/small"
    assert engine.flow("bridge")["counters"]["dropped"] == {"packet_too_large": 1}
    assert peer.connections == 1
    peer.drop()
    until(lambda: peer.connections == 2, "a new connection")
    world.publisher(source.port, ["plant/large"], total=1, payload_bytes=1000, client_id="again").finish()
    until(lambda: len(peer.packets(mqtt5.PublishPacket, 2)) == 1, "the large one, the limit forgotten")


def test_failure_20_destination_without_retain(world: World) -> None:
    source = world.mosquitto("source")
    destination = world.mosquitto("destination", options=["retain_available false"])
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])

    def retained(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
        payload = payload_of(number, 10)
        return mqtt5.PublishPacket(
            topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=number % 2 == 0
        )

    world.publisher(source.port, ["plant/a"], total=4, make=retained).finish()
    until(lambda: subscriber.seen.get("plant/a") == {1, 3}, "the messages that are not retained")
    engine.wait_settled("bridge")
    assert engine.flow("bridge")["counters"]["dropped"] == {"retain_not_supported": 2}
    assert "set retain: Never" in engine.log()


def test_failure_20_destination_with_maximum_qos_0(world: World) -> None:
    source = world.mosquitto("source")
    destination = world.mosquitto("destination", listener_options=["max_qos 0"])
    engine = world.engine(endpoint("default", source.port), endpoint("cloud", destination.port), dataflow("bridge"))
    engine.launch()
    engine.wait_for(lambda: engine.flow("bridge").get("health") == "Unavailable", "the flow to be refused")
    assert "QoS" in engine.flow("bridge")["message"]


@pytest.mark.parametrize(
    ("connack", "topic_filter", "word"),
    [
        (mqtt5.ConnAckPacket(wildcard_subscription_available=False), "plant/#", "wildcard"),
        (mqtt5.ConnAckPacket(shared_subscription_available=False), "$share/group/plant/a", "shared"),
    ],
    ids=["wildcard", "shared"],
)
def test_failure_20_source_without_what_the_flow_needs(
    world: World, connack: mqtt5.ConnAckPacket, topic_filter: str, word: str
) -> None:
    peer = world.scripted(Script(connack=lambda connection: connack))
    destination = world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", peer.port), endpoint("cloud", destination.port), dataflow("bridge", filters=[topic_filter])
    )
    engine.launch()
    engine.wait_for(lambda: engine.flow("bridge").get("health") == "Unavailable", "the flow to be refused")
    assert word in engine.flow("bridge")["message"]
    assert not peer.packets(mqtt5.SubscribePacket)


def test_source_that_grants_less_than_asked_degrades_the_flow(world: World) -> None:
    granted = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE
    peer = world.scripted(Script(suback=lambda packet: granted))
    destination = world.mosquitto("destination")
    engine = world.bridge(peer.port, destination.port)
    assert engine.flow("bridge")["health"] == "Degraded"
    assert "QoS" in engine.flow("bridge")["message"]


@pytest.mark.parametrize(
    "data",
    [
        mqtt5.PubAckPacket(77).write(),
        mqtt5.SubAckPacket(77, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write(),
        mqtt5.ConnAckPacket().write(),
    ],
    ids=["puback", "suback", "connack"],
)
def test_failure_33_unsolicited_acknowledgement_ends_the_connection_not_the_engine(world: World, data: bytes) -> None:
    source = world.mosquitto("source")
    peer = world.scripted()
    engine = world.bridge(source.port, peer.port)
    peer.push(data)
    until(lambda: peer.packets(mqtt5.DisconnectPacket, 1), "a DISCONNECT")
    assert int(peer.packets(mqtt5.DisconnectPacket, 1)[0].reason_code) == 0x82
    until(lambda: peer.connections == 2, "a new connection")
    world.publisher(source.port, ["plant/a"], total=3).finish()
    until(lambda: len(peer.packets(mqtt5.PublishPacket, 2)) == 3, "messages on it")
    assert engine.is_running


def test_failure_28_keep_alive_of_the_server_is_obeyed_under_one_way_traffic(world: World) -> None:
    peer = world.scripted(Script(connack=lambda connection: mqtt5.ConnAckPacket(server_keep_alive=1)))
    destination = world.mosquitto("destination")
    engine = world.bridge(peer.port, destination.port)
    started = time.monotonic()
    grow(lambda: len(peer.packets(mqtt5.PingReqPacket, 1)), 2, "pings")
    assert time.monotonic() - started > 0.5, "more often than asked"
    assert engine.flow("bridge")["source"]["reconnects"] == {}
