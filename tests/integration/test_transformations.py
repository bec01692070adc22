"""A data flow with all its stages between real brokers: what comes out, what is counted, and what a kill costs."""

import json
import random
import time
from functools import partial

import mqtt5
import pytest
from tests.integration.harness.clients import Publisher, Subscriber
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import Value, dataflow, endpoint, profile, write
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World

from tidegate.engine.schema_folder import SchemaFolder
from tidegate.resources.schema_reference import SchemaReference

pytestmark = pytest.mark.integration

KILLS = 10
WINDOW = 100
SITES = {"line-1": "north", "line-2": "south"}
MIDDLE: dict[str, Value] = {
    "datasets": [{"key": "lines as l", "inputs": ["line", "$context(l).id"], "expression": "$1 == $2"}],
    "filter": [{"inputs": ["number", "$context(l).every"], "expression": "$1 % $2 == 0", "description": "one in ten"}],
    "map": [
        {"inputs": ["*"], "output": "*"},
        {"inputs": ["t.C"], "output": "fahrenheit", "expression": "cToF($1)"},
        {"inputs": ["door"], "output": ""},
        {"inputs": ["$metadata.topic"], "output": "$metadata.user_property.origin"},
        {"inputs": ["line"], "output": "$metadata.topic"},
        {"inputs": ["$context(lines).site"], "output": "site"},
    ],
}


def is_broken(number: int) -> bool:
    """Tell whether the message of that number is no JSON."""
    return number % 25 == 7


def is_filtered(number: int) -> bool:
    """Tell whether the filter ends the message of that number."""
    return number % 10 == 0


def make(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
    reading = {"number": number, "t": {"C": number % 100}, "door": "open", "line": topic.rpartition("/")[2]}
    payload = json.dumps(reading).encode()
    if is_broken(number):
        payload = payload[:-1]
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)


def begin(world: World) -> tuple[Engine, Subscriber, Publisher]:
    """Run the flow between two brokers, and publish to two topics."""
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    datasets = world.directory / "datasets"
    datasets.mkdir()
    lines = [json.dumps({"id": line, "every": 10, "site": site}) for line, site in SITES.items()]
    (datasets / "lines.jsonl").write_text("\n".join(lines))
    engine = world.engine(
        endpoint("default", source.port),
        endpoint("cloud", destination.port, cloudEventAttributes="CreateOrRemap"),
        dataflow("bridge", topic="out/${outputTopic}", transformation=MIDDLE),
        options=("--datasets-dir", str(datasets)),
    )
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["out/#"], keep_packets=True, numbered=False)
    topics = ["plant/line-1", "plant/line-2"]
    return engine, subscriber, world.publisher(source.port, topics, rate=2000, make=make)


def wanted(publisher: Publisher) -> set[tuple[str, int]]:
    """Return what has to arrive: all that was acknowledged, is JSON and passes the filter."""
    return {
        (f"out/{topic.rpartition('/')[2]}", number)
        for topic, numbers in publisher.acknowledged.items()
        for number in numbers
        if not is_broken(number) and not is_filtered(number)
    }


def arrived(subscriber: Subscriber) -> list[tuple[str, int]]:
    return [(packet.topic, json.loads(packet.payload)["number"]) for packet in list(subscriber.packets)]


def test_every_message_is_accounted_for(world: World) -> None:
    engine, subscriber, publisher = begin(world)
    grow(lambda: publisher.acknowledged_count, 2_000, "messages published")
    publisher.finish()
    until(lambda: set(arrived(subscriber)) == wanted(publisher), "what passes to arrive")
    numbers = [number for each in publisher.acknowledged.values() for number in each]
    # The last ones may be among those that do not pass.
    engine.wait_for(lambda: engine.flow("bridge")["counters"]["received"] == len(numbers), "all to be received")
    engine.wait_settled("bridge")
    engine.check_accounting()
    counters = engine.flow("bridge")["counters"]
    assert counters["dropped"] == {"processing": sum(map(is_broken, numbers))}
    assert counters["filtered"] == sum(is_filtered(number) and not is_broken(number) for number in numbers)
    assert counters["delivered"] == len(arrived(subscriber)) == len(wanted(publisher))
    _, metrics = engine.get("/metrics")
    assert "aio_dataflow_messages_filtered" in metrics
    assert "aio_dataflow_messages_dropped_processing_errors" in metrics
    assert "map rule" in engine.log() or "the payload is no JSON" in engine.log()
    packet = subscriber.packets[0]
    number = json.loads(packet.payload)["number"]
    line = packet.topic.removeprefix("out/")
    assert json.loads(packet.payload) == {
        "number": number,
        "t": {"C": number % 100},
        "line": line,
        "fahrenheit": number % 100 * 9 / 5 + 32,
        "site": SITES[line],
    }
    assert (packet.content_type, packet.payload_format_indicator) == ("application/json", 1)
    properties = dict(packet.user_properties)
    assert properties["origin"] == f"plant/{line}"
    assert (properties["source"], properties["subject"]) == ("aio://cloud", packet.topic)
    assert len({dict(each.user_properties)["id"] for each in subscriber.packets}) == len(subscriber.packets)


def test_workers_drop_what_is_not_as_the_schema_says(world: World) -> None:
    """The schema travels to them in the plan; a change of the flow to a stricter version is taken up under load."""
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    schemas, oven = world.directory / "schemas", SchemaReference("plant", "line", None)
    SchemaFolder(schemas).add(oven, '{"required": ["number"]}')
    of_all = [endpoint("default", source.port), endpoint("cloud", destination.port), profile("two", 2)]
    flow = partial(dataflow, "bridge", topic="out/${inputTopic.2}", profile_ref="two")
    first = flow(schema="aio-sr://plant/line:1")
    engine = world.engine(*of_all, first, options=("--schemas-dir", str(schemas)))
    engine.launch()
    engine.wait_connected("bridge", copies=2)
    subscriber = world.subscriber(destination.port, ["out/#"], keep_packets=True, numbered=False)
    publisher = world.publisher(source.port, ["plant/line-1", "plant/line-2"], rate=500, make=make)
    grow(lambda: len(subscriber.packets), 500, "messages of the first version")
    SchemaFolder(schemas).add(oven, '{"properties": {"line": {"const": "line-1"}}}')
    write(engine.manifests, *of_all, flow(schema="aio-sr://plant/line:2"))
    until(lambda: {each.topic for each in subscriber.packets[-100:]} == {"out/line-1"}, "the second version to count")
    publisher.finish()
    engine.wait_settled("bridge")
    engine.check_accounting()
    came = set(arrived(subscriber))
    numbers = publisher.acknowledged
    valid = {("out/line-1", number) for number in numbers["plant/line-1"] if not is_broken(number)}
    assert valid <= came
    assert not any(is_broken(number) for _, number in came)
    reasons = [set(each["counters"]["dropped"]) - {"joined", "returned"} for each in engine.copies("bridge")]
    assert reasons == [{"invalid"}, {"invalid"}]


def test_kill_9_under_load_loses_nothing_that_passes(world: World) -> None:
    chance = random.Random(5)
    engine, subscriber, publisher = begin(world)
    for _ in range(KILLS):
        grow(lambda: len(subscriber.packets), 50, "messages passed by this life")
        time.sleep(chance.uniform(0, 0.2))  # the instant of the fault, not a wait
        engine.kill()
        engine.launch()
    publisher.finish()
    until(lambda: wanted(publisher) <= set(arrived(subscriber)), "what passes to arrive", seconds=60)
    found = arrived(subscriber)
    assert not any(is_broken(number) or is_filtered(number) for _, number in found)
    assert len(found) - len(set(found)) <= WINDOW * KILLS
    engine.wait_settled("bridge")
    engine.check_accounting()
