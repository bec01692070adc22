"""What a message carries over the bridge, judged by paho-mqtt where the codec that the engine uses must not judge itself."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mqtt5
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tests.integration.harness.ledger import number_of, payload_of
from tests.integration.harness.manifests import config_map, dataflow, endpoint, secret
from tests.integration.harness.waiting import reach, until
from tests.integration.harness.world import World

pytestmark = pytest.mark.integration

MESSAGES = 100_000
BY_PAHO = 2_000
PAYLOAD_BYTES = 64
EXPIRY_SECONDS = 3600


def user_properties_of(number: int) -> list[tuple[str, str]]:
    """Ordered, with a key that repeats and text that is not ASCII."""
    return [("number", str(number)), ("unit", "°C"), ("number", "again")]


def make(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
    """A message with every property that travels."""
    return mqtt5.PublishPacket(
        topic,
        payload_of(number, PAYLOAD_BYTES),
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        packet_id=packet_id,
        payload_format_indicator=1,
        message_expiry_interval=EXPIRY_SECONDS + number % 100,
        content_type="text/plain; charset=utf-8",
        response_topic=f"answers/{number % 7}",
        correlation_data=struct.pack(">Q", number),
        user_properties=user_properties_of(number),
    )


def expected_properties(number: int) -> dict[str, object]:
    """The same, as paho names it; the expiry is judged apart because it is counted down."""
    return {
        "PayloadFormatIndicator": 1,
        "ContentType": "text/plain; charset=utf-8",
        "ResponseTopic": f"answers/{number % 7}",
        "CorrelationData": struct.pack(">Q", number),
        "UserProperty": user_properties_of(number),
    }


class PahoSubscriber:
    """Records the numbers per topic, and the first few messages that differ from what was published."""

    def __init__(self, port: int) -> None:
        self.numbers: dict[str, list[int]] = {}
        self.differences: list[str] = []
        self.count = 0
        self.subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, "judge", protocol=paho.MQTTv5)
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda *arguments: self.subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("plant/#", qos=1)
        self.client.loop_start()

    def _on_message(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        number = number_of(bytes(message.payload))
        self.numbers.setdefault(message.topic, []).append(number)
        self.count += 1
        found = vars(message.properties)
        expiry = found.get("MessageExpiryInterval", 0)
        expected = expected_properties(number)
        same = all(found.get(name) == value for name, value in expected.items())
        limit = EXPIRY_SECONDS + number % 100
        if not (same and message.payload == payload_of(number, PAYLOAD_BYTES) and limit - 120 <= expiry <= limit):
            self.differences += [f"{message.topic} {number}: {found}"] if len(self.differences) < 5 else []

    def close(self) -> None:
        """Disconnect and end the thread."""
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def paho_subscriber(port: int) -> Iterator[PahoSubscriber]:
    """A subscribed judge."""
    subscriber = PahoSubscriber(port)
    try:
        assert subscriber.subscribed.wait(20)
        yield subscriber
    finally:
        subscriber.close()


def publish_with_paho(port: int, topic: str, total: int) -> None:
    """Publish `total` messages with every property, by paho, and wait for their acknowledgements."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "paho-publisher", protocol=paho.MQTTv5)
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        sent = []
        for number in range(total):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            for name, value in expected_properties(number).items():
                setattr(properties, name, value)
            properties.MessageExpiryInterval = EXPIRY_SECONDS + number % 100
            sent.append(client.publish(topic, payload_of(number, PAYLOAD_BYTES), qos=1, properties=properties))
        for information in sent:
            information.wait_for_publish(30)
    finally:
        client.disconnect()
        client.loop_stop()


def test_100_000_messages_tls_to_websockets(world: World) -> None:
    authority = world.authority("plant-ca")
    server = authority.server("localhost")
    client = authority.client()
    source = world.mosquitto("source", tls=server.for_broker(clients=authority))
    destination = world.mosquitto("destination", websockets=True)
    engine = world.engine(
        endpoint(
            "default",
            source.tls_port,
            host="localhost",
            ca="plant-ca",
            client_secret="engine-certificate",
            maxInflightMessages=1000,
        ),
        endpoint("cloud", destination.websocket_port, path="/mqtt", protocol="WebSockets", maxInflightMessages=1000),
        config_map("plant-ca", {"root.crt": authority.certificate_pem}),
        secret("engine-certificate", {"client_cert.pem": client.certificate_pem, "client_key.pem": client.key_pem}),
        dataflow("bridge"),
    )
    engine.start("bridge")
    topics = [f"plant/line{number}" for number in range(10)]
    with paho_subscriber(destination.port) as subscriber:
        publish_with_paho(source.port, "plant/paho", BY_PAHO)
        publisher = world.publisher(source.port, topics, total=MESSAGES - BY_PAHO, window=1000, make=make)
        publisher.finish()
        reach(lambda: subscriber.count, MESSAGES, "messages at the destination", seconds=90)
        assert subscriber.differences == []
        expected = {topic: list(range(publisher.published[topic])) for topic in topics}
        assert subscriber.numbers == {**expected, "plant/paho": list(range(BY_PAHO))}
    engine.wait_settled("bridge")
    counters = engine.flow("bridge")["counters"]
    assert (counters["received"], counters["delivered"]) == (MESSAGES, MESSAGES)


@pytest.mark.parametrize(("mode", "arrives"), [("Keep", True), ("Never", False)])
def test_retain_keep_and_never(world: World, mode: str, arrives: bool) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    world.bridge(source.port, destination.port, retain=mode)
    subscriber = world.subscriber(destination.port, ["plant/#"], keep_packets=True)

    def retained(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
        payload = payload_of(number, 10)
        return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, retain=number == 1)

    world.publisher(source.port, ["plant/a"], total=2, make=retained).finish()
    reach(lambda: len(subscriber.packets), 2, "both messages")
    assert [packet.retain for packet in subscriber.packets] == [False, arrives]


def test_destination_topic_from_segments_of_the_input_topic(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", source.port),
        endpoint("cloud", destination.port),
        dataflow("bridge", filters=["plant/#"], topic="site/${inputTopic.3}/${inputTopic.2}"),
    )
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["#"])
    world.publisher(source.port, ["plant/north/oven", "plant/short"], total=4).finish()
    engine.wait_for(lambda: engine.flow("bridge")["counters"]["received"] == 4, "all messages")
    engine.wait_settled("bridge")
    until(lambda: subscriber.seen.get("site/oven/north") == {0, 1}, "the messages with enough segments")
    assert list(subscriber.seen) == ["site/oven/north"]
    assert sum(engine.flow("bridge")["counters"]["dropped"].values()) == 2
    engine.check_accounting()


def test_message_expiry_is_counted_down_while_a_message_waits_and_expired_ones_are_counted(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", source.port),
        endpoint("cloud", destination.port, maxInflightMessages=1),
        dataflow("bridge"),
    )
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"], keep_packets=True)
    lives = [None, 1000, 1]

    def expiring(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
        payload = payload_of(number, 10)
        return mqtt5.PublishPacket(
            topic,
            payload,
            qos=mqtt5.QoS.AT_LEAST_ONCE,
            packet_id=packet_id,
            message_expiry_interval=lives[number],
        )

    destination.pause()
    world.publisher(source.port, ["plant/a"], total=3, make=expiring).finish()
    engine.wait_for(lambda: (engine.flow("bridge")["oldest_pending_seconds"] or 0) > 2.5, "the messages to grow old")
    destination.resume()
    reach(lambda: len(subscriber.packets), 2, "the messages that do not expire")
    engine.wait_settled("bridge")
    counters = engine.flow("bridge")["counters"]
    assert (counters["delivered"], counters["expired"]) == (2, 1)
    assert subscriber.packets[0].message_expiry_interval is None
    assert subscriber.packets[1].message_expiry_interval in range(900, 999)
    engine.check_accounting()


def test_qos_0_flows_in_both_directions(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", source.port, qos=0),
        endpoint("cloud", destination.port, qos=0),
        dataflow("bridge"),
    )
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"], keep_packets=True)
    world.publisher(source.port, ["plant/a"], total=100).finish()
    reach(lambda: len(subscriber.packets), 100, "the messages")
    assert all(packet.qos == mqtt5.QoS.AT_MOST_ONCE for packet in subscriber.packets)
    assert engine.flow("bridge")["health"] == "Degraded", "the promise does not hold with qos 0, and that is said"
    engine.check_accounting()


def test_qos_1_source_to_qos_0_destination_keeps_messages_while_the_destination_is_away(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", source.port), endpoint("cloud", destination.port, qos=0), dataflow("bridge")
    )
    engine.start("bridge")
    destination.stop()
    engine.wait_for(lambda: not engine.flow("bridge")["destination"]["connected"], "the loss to be noticed")
    world.publisher(source.port, ["plant/a"], total=50).finish()
    engine.wait_for(lambda: engine.flow("bridge")["pending"] == 50, "the messages to be held")
    destination.start()
    engine.wait_settled("bridge")
    assert engine.flow("bridge")["counters"]["delivered"] == 50


def test_client_id_prefix_and_two_filters_of_which_one_is_shared(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", source.port, clientIdPrefix="site7"),
        endpoint("cloud", destination.port),
        dataflow("bridge", filters=["plant/a", "$share/team/plant/b"]),
    )
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    world.publisher(source.port, ["plant/a", "plant/b", "plant/c"], total=30).finish()
    until(lambda: subscriber.seen_count() == 20, "both filters' messages")
    assert set(subscriber.seen) == {"plant/a", "plant/b"}
    assert " as site7-bridge-0-source " in source.log()
