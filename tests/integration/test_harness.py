"""The harness judged before it judges: a checker that has never failed proves nothing."""

import random
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import mqtt5
import pytest
from tests.integration.demonstration import bridge_lines
from tests.integration.harness.clients import Publisher, Subscriber
from tests.integration.harness.faults import CutPlan
from tests.integration.harness.ledger import Arrival, judge
from tests.integration.harness.ports import BLOCK_PORTS, Ports
from tests.integration.harness.scripted import Script
from tests.integration.harness.taps import SourceTap
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World, assert_kept, verdict_of, wait_delivered

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]


def test_two_runs_with_the_same_luck_have_no_port_in_common() -> None:
    with Ports(random.Random(1)) as ours, Ports(random.Random(1)) as theirs:
        both = [each.take() for _ in range(BLOCK_PORTS + 1) for each in (ours, theirs)]
    assert len(set(both)) == len(both)


def test_the_ledger_sees_a_missing_message() -> None:
    verdict = judge({"t": [0, 1, 2]}, {"t": 3}, [Arrival("t", 0, False), Arrival("t", 2, False)])
    assert verdict.missing == [("t", 1)]


def test_the_ledger_sees_first_arrivals_out_of_order_and_forgives_resends() -> None:
    arrivals = [Arrival("t", number, False) for number in (0, 1, 2, 1, 2, 4, 3)]
    verdict = judge({"t": [0]}, {"t": 5}, arrivals)
    assert (verdict.disordered, verdict.duplicates) == ([("t", 3)], 2)


def test_the_ledger_does_not_count_the_brokers_own_redelivery() -> None:
    verdict = judge({}, {"t": 1}, [Arrival("t", 0, False), Arrival("t", 0, True)])
    assert (verdict.duplicates, verdict.redelivered) == (0, 1)


def test_the_ledger_sees_a_message_that_nobody_sent() -> None:
    assert judge({}, {"t": 1}, [Arrival("t", 7, False)]).strangers == [("t", 7)]


def test_a_packet_that_comes_in_two_parts_is_waited_for() -> None:
    packet = mqtt5.PublishPacket("plant/a", bytes(100)).write()
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        connecting = pool.submit(Wire, server.getsockname()[1], "reader")
        peer, _ = server.accept()
        with peer:
            peer.sendall(mqtt5.ConnAckPacket().write())
            wire = connecting.result(20)
            receiving = pool.submit(wire.receive, 20)
            peer.sendall(packet[:50])
            until(lambda: wire.reader.rest == packet[:50], "the first part to be read")
            peer.sendall(packet[50:])
            (received,) = receiving.result(20)
            wire.abort()
    assert isinstance(received, mqtt5.PublishPacket)
    assert received.payload == bytes(100)


def test_one_broker_without_anything_between_keeps_everything(world: World) -> None:
    broker = world.mosquitto("broker")
    subscriber = world.subscriber(broker.port, ["plant/#"])
    publisher = world.publisher(broker.port, TOPICS, total=20_000, window=1000)
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)


def test_a_broker_restarted_with_persistence_keeps_everything(world: World) -> None:
    broker = world.mosquitto("broker")
    subscriber = world.subscriber(broker.port, ["plant/#"])
    publisher = world.publisher(broker.port, TOPICS, rate=2000)
    for _ in range(3):
        grow(lambda: publisher.acknowledged_count, 200, "acknowledged messages")
        broker.restart()
    publisher.finish()
    assert publisher.connections == 4
    assert_kept(publisher, subscriber, duplicates_max=0)


def test_the_proxy_cuts_where_its_seed_says_and_the_tap_reads_along(world: World) -> None:
    broker = world.mosquitto("broker")
    tap = SourceTap()
    proxy = world.proxy(broker.port, tap)
    subscriber = world.subscriber(proxy.port, ["plant/#"])
    publisher = world.publisher(broker.port, TOPICS, rate=3000)
    plan = CutPlan(seed=7, left=20)
    proxy.plan_cuts(plan)
    until(lambda: plan.done == 20, "20 cuts", found=lambda: plan)
    publisher.finish()
    wait_delivered(publisher, subscriber)
    assert subscriber.connections == 21
    assert verdict_of(publisher, subscriber).redelivered > 0
    assert all(numbers <= subscriber.seen[topic] for topic, numbers in tap.delivered.items())


def test_a_stalled_proxy_moves_nothing_and_ends_nothing(world: World) -> None:
    broker = world.mosquitto("broker")
    proxy = world.proxy(broker.port)
    subscriber = world.subscriber(proxy.port, ["plant/#"])
    proxy.stall()
    publisher = world.publisher(broker.port, TOPICS, total=500)
    publisher.finish()
    assert not subscriber.arrivals
    proxy.flow()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert subscriber.connections == 1


def test_the_ledger_catches_mosquittos_bridge_losing_messages_when_it_is_killed(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    options = ["autosave_interval 1", *bridge_lines(source, destination, "mqttv50")]
    bridge = world.mosquitto("bridge", options=options, inflight_messages_max=100)
    subscriber: Subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher: Publisher = world.publisher(source.port, TOPICS, rate=500)
    until(subscriber.seen_count, "the bridge to pass a first message")
    for _ in range(2):
        bridge.kill()
        grow(lambda: publisher.acknowledged_count, 100, "messages acknowledged without a bridge")
        bridge.start()
        grow(subscriber.seen_count, 1, "messages passed by the bridge again")
    publisher.finish()
    last = {topic: numbers[-1] for topic, numbers in publisher.acknowledged.items()}
    until(lambda: all(last[topic] in subscriber.seen[topic] for topic in TOPICS), "the last of each topic")
    first = {arrival.topic: arrival.number for arrival in reversed(subscriber.arrivals)}
    missing = verdict_of(publisher, subscriber).missing
    assert [number for topic, number in missing if number > first[topic]]


def test_the_scripted_peer_records_and_answers(world: World) -> None:
    peer = world.scripted(Script(connack=lambda connection: mqtt5.ConnAckPacket(receive_max=3)))
    publisher = world.publisher(peer.port, TOPICS, total=10)
    publisher.finish()
    assert [len(publisher.acknowledged[topic]) for topic in TOPICS] == [5, 5]
    assert [packet.packet_id for packet in peer.packets(mqtt5.PublishPacket)] == list(range(1, 11))
    until(lambda: peer.closed == [1], "the disconnect")
    assert len(peer.packets(mqtt5.DisconnectPacket, 1)) == 1


def test_the_authority_makes_what_mosquitto_and_tls_accept(world: World) -> None:
    authority = world.authority("ca")
    server, client = authority.server("localhost"), authority.client()
    tls = server.for_broker(clients=authority)
    broker = world.mosquitto("broker", tls=tls)
    context = ssl.create_default_context(cafile=str(authority.certificate_path))
    context.load_cert_chain(client.certificate_path, client.key_path)
    with (
        socket.create_connection(("localhost", broker.tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as stream,
    ):
        stream.sendall(mqtt5.ConnectPacket("x").write())
        packet, _ = mqtt5.read(memoryview(stream.recv(1000)))
    assert isinstance(packet, mqtt5.ConnAckPacket)
