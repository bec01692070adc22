"""Two data flows in a loop over two real brokers: a message goes round a few times and no more."""

import json

import mqtt5
import pytest
from tests.integration.harness.manifests import Declared, dataflow, endpoint
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World

pytestmark = pytest.mark.integration

KEEPS_THE_TOPIC = {
    "map": [{"inputs": ["*"], "output": "*"}, {"inputs": ["$metadata.topic"], "output": "$metadata.topic"}]
}
HOPS_MAX = 5
MESSAGES = 20


def loop_of_two(source_port: int, destination_port: int) -> list[Declared]:
    """Return two data flows that nobody can tell to be a loop by their topics: the map writes them."""
    return [
        endpoint("default", source_port),
        endpoint("cloud", destination_port),
        dataflow("uplink", topic="${outputTopic}", transformation=KEEPS_THE_TOPIC),
        dataflow(
            "downlink", source="cloud", destination="default", topic="${outputTopic}", transformation=KEEPS_THE_TOPIC
        ),
    ]


def numbered(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
    payload = json.dumps({"number": number}).encode()
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)


def annotated(flow: Declared, **annotations: str) -> Declared:
    metadata = flow["metadata"]
    assert isinstance(metadata, dict)
    named = {f"tidegate.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
    return flow | {"metadata": metadata | {"annotations": named}}


def test_failure_22_a_loop_that_validation_does_not_see_ends(world: World) -> None:
    here, there = world.mosquitto("here"), world.mosquitto("there")
    engine = world.engine(*loop_of_two(here.port, there.port), options=["--hops-max", str(HOPS_MAX)])
    engine.start("uplink", "downlink")
    assert "loop" not in engine.log()
    world.publisher(here.port, ["plant/a"], total=MESSAGES, make=numbered)

    def dropped() -> int:
        return sum(engine.flow(name)["counters"]["dropped"].get("hops", 0) for name in ("uplink", "downlink"))

    until(lambda: dropped() >= MESSAGES, "each message to be dropped", found=engine.status)
    # A message may be dropped by the next data flow before its acknowledgement is read by the one that passed it on.
    for name in ("uplink", "downlink"):
        engine.wait_settled(name)
    delivered = [engine.flow(name)["counters"]["delivered"] for name in ("uplink", "downlink")]
    assert delivered == [MESSAGES * 3, MESSAGES * 2]
    assert "it has been through 5 data flows, and 5 are allowed" in engine.log()
    engine.check_accounting()


def test_a_data_flow_that_counts_ends_a_loop_with_one_that_does_not(world: World) -> None:
    """By the annotation, as where the way back is somebody else's: the user property travels through what does not count."""
    here, there = world.mosquitto("here"), world.mosquitto("there")
    default, cloud, up, down = loop_of_two(here.port, there.port)
    flows = [annotated(up, count_hops="always"), annotated(down, count_hops="never")]
    engine = world.engine(default, cloud, *flows, options=["--hops-max", str(HOPS_MAX)])
    engine.start("uplink", "downlink")
    world.publisher(here.port, ["plant/a"], total=MESSAGES, make=numbered)
    until(lambda: engine.flow("uplink")["counters"]["dropped"].get("hops") == MESSAGES, "drops", found=engine.status)
    engine.wait_settled("uplink")
    assert engine.flow("uplink")["counters"]["delivered"] == MESSAGES * HOPS_MAX
    assert engine.flow("downlink")["counters"]["dropped"] == {}
    engine.check_accounting()


def test_both_ways_without_echoes(world: World) -> None:
    here, there = world.mosquitto("here"), world.mosquitto("there")
    default, cloud, up, down = loop_of_two(here.port, there.port)
    flows = [annotated(up, no_echo_of="downlink"), annotated(down, no_echo_of="uplink", count_hops="never")]
    engine = world.engine(default, cloud, *flows)
    engine.start("uplink", "downlink")
    for broker in (here, there):
        world.publisher(broker.port, ["plant/a"], total=MESSAGES, make=numbered, client_id=f"to-{broker.port}")

    def figures() -> list[tuple[int, dict[str, int]]]:
        counters = [engine.flow(name)["counters"] for name in ("uplink", "downlink")]
        return [(each["delivered"], each["dropped"]) for each in counters]

    until(lambda: figures() == [(MESSAGES, {"echo": MESSAGES})] * 2, "each message to come once", found=figures)
    engine.check_accounting()
