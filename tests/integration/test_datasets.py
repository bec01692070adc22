"""Data sets of the embedded broker's state store under a running data flow: loaded, changed, lost, and through SIGKILL."""

import json
import random
import subprocess
import time
from collections.abc import Mapping

import mqtt5
import pytest
from tests.integration.harness.clients import Publisher, Subscriber
from tests.integration.harness.engine import COMMAND, Engine, Status
from tests.integration.harness.manifests import Value, authorization, dataflow, endpoint, listener, profile, write
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World

pytestmark = pytest.mark.integration

KILLS = 6
WINDOW = 100
STORE = "statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8"
BUNDLE = "azure-iot-operations-aio-ca-trust-bundle"
AUDIENCE = "aio-internal"
REASON = "DataflowTransformEnrichDataFailed"
MIDDLE: dict[str, Value] = {
    "datasets": [{"key": "lines as l", "inputs": ["line", "$context(l).id"], "expression": "$1 == $2"}],
    "filter": [{"inputs": ["number", "$context(l).every"], "expression": "$1 % $2 == 0"}],
    "map": [{"inputs": ["*"], "output": "*"}, {"inputs": ["$context(l).version"], "output": "version"}],
}


def records(version: int) -> str:
    """Return records of two lines: of the first every tenth message is dropped, of the second every fifth."""
    lines = [{"id": "line-1", "every": 10, "version": version}, {"id": "line-2", "every": 5, "version": version}]
    return "".join(f"{json.dumps(each)}\n" for each in lines)


def is_filtered(topic: str, number: int) -> bool:
    return number % (10 if topic.endswith("line-1") else 5) == 0


def make(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
    payload = json.dumps({"number": number, "line": topic.rpartition("/")[2]}).encode()
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)


def store(engine: Engine, *words: str, given: str = "") -> None:
    """Run `tidegate statestore`."""
    command = [*COMMAND, "statestore", *words, "--data-dir", str(engine.data_dir)]
    subprocess.run(command, input=given.encode(), check=True, timeout=60, stdout=subprocess.DEVNULL)


def set_version(engine: Engine, version: int) -> None:
    store(engine, "set", "lines", given=records(version))


class Bridge:
    """A flow from the embedded broker to mosquitto, its subscriber, and the port for publishers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.port = free_port()
        far = world.mosquitto("far")
        self.engine = world.engine(
            listener({"port": self.port}),
            endpoint("default", self.port, host="aio-broker"),
            endpoint("cloud", far.port),
            dataflow("bridge", topic="out/${inputTopic}", transformation=MIDDLE),
        )
        self.engine.launch()
        self.subscriber: Subscriber = world.subscriber(far.port, ["out/#"], keep_packets=True, numbered=False)

    def publisher(self) -> Publisher:
        return self.world.publisher(self.port, ["plant/line-1", "plant/line-2"], rate=1000, make=make)

    def with_records(self) -> Publisher:
        """Write the records of version 1, and begin to publish once the flow is connected."""
        until(lambda: self.engine.status() is not None, "the engine to be up")
        set_version(self.engine, 1)
        self.engine.wait_connected("bridge")
        return self.publisher()

    def flow(self) -> Status:
        return self.engine.flow("bridge")

    def wait_for(self, health: str, message: str = "") -> None:
        def is_so() -> bool:
            flow = self.flow()
            return bool(flow) and flow["health"] == health and message in flow["message"]

        self.engine.wait_for(is_so, f"the flow to be {health}: {message}")

    def arrived(self) -> list[tuple[str, int]]:
        return [(each.topic, json.loads(each.payload)["number"]) for each in list(self.subscriber.packets)]

    def versions(self) -> list[int]:
        return [json.loads(each.payload)["version"] for each in list(self.subscriber.packets)]

    def wait_version(self, version: int) -> None:
        until(lambda: version in self.versions()[-50:], f"messages with the records of version {version}")


def wanted(publisher: Publisher) -> set[tuple[str, int]]:
    """Return what has to arrive: all that was acknowledged and is not filtered."""
    return {
        (f"out/{topic}", number)
        for topic, numbers in publisher.acknowledged.items()
        for number in numbers
        if not is_filtered(topic, number)
    }


def test_data_sets_are_waited_for_changed_and_lost_while_messages_flow(world: World) -> None:
    bridge = Bridge(world)
    engine = bridge.engine
    bridge.wait_for("Unavailable", "the data set lines cannot be used: there is no such key; the flow waits for it")
    flow = bridge.flow()
    assert (flow["reason_code"], flow["source"]["state"]) == (REASON, "idle")
    assert flow["datasets"] == [{"key": "lines", "records": None, "problem": "there is no such key"}]
    set_version(engine, 1)
    engine.wait_connected("bridge")
    bridge.wait_for("Available")
    publisher = bridge.publisher()
    for version in (2, 3):
        bridge.wait_version(version - 1)
        set_version(engine, version)
    bridge.wait_version(3)
    # What is no data set, and no key at all: the records before go on being used.
    store(engine, "set", "lines", given="no JSON")
    bridge.wait_for("Degraded", "line 1 is no JSON")
    store(engine, "delete", "lines")
    bridge.wait_for("Degraded", "the key is there no more; the 2 records before go on being used")
    grow(lambda: len(bridge.subscriber.packets), 100, "messages with the last records")
    assert bridge.flow()["reason_code"] == REASON
    set_version(engine, 4)
    bridge.wait_for("Available")
    bridge.wait_version(4)
    publisher.finish()
    until(lambda: set(bridge.arrived()) == wanted(publisher), "what passes to arrive")
    assert len(bridge.arrived()) == len(wanted(publisher))
    assert bridge.versions() == sorted(bridge.versions()), "no message sees older records than the one before"
    engine.wait_settled("bridge")
    engine.check_accounting()
    assert bridge.flow()["counters"]["dropped"] == {}


def test_a_store_that_is_lost_makes_the_flow_degraded_and_nothing_else(world: World) -> None:
    bridge = Bridge(world)
    engine, publisher = bridge.engine, bridge.with_records()
    bridge.wait_version(1)

    def take_over() -> bool:
        """Push the flow's connection to the store out, as often as it comes back."""
        Wire(bridge.port, "tidegate-bridge-0-datasets").abort()
        flow = bridge.flow()
        return flow["health"] == "Degraded" and "the records read before go on being used" in flow["message"]

    engine.wait_for(take_over, "the lost store to show")
    grow(lambda: len(bridge.subscriber.packets), 100, "messages meanwhile")
    bridge.wait_for("Available")
    set_version(engine, 2)
    bridge.wait_version(2)
    publisher.finish()
    until(lambda: set(bridge.arrived()) == wanted(publisher), "what passes to arrive")
    assert len(bridge.arrived()) == len(wanted(publisher))
    engine.wait_settled("bridge")
    engine.check_accounting()


def test_kill_9_under_load_loses_nothing_and_enriches_everything(world: World) -> None:
    chance = random.Random(6)
    bridge = Bridge(world)
    engine, publisher = bridge.engine, bridge.with_records()
    for version in range(2, KILLS + 2):
        grow(lambda: len(bridge.subscriber.packets), 50, "messages passed by this life")
        if version % 2:
            set_version(engine, version)
        time.sleep(chance.uniform(0, 0.2))  # the instant of the fault, not a wait
        engine.kill()
        engine.launch()
        engine.wait_connected("bridge")
    publisher.finish()
    until(lambda: wanted(publisher) <= set(bridge.arrived()), "what passes to arrive", seconds=60)
    found = bridge.arrived()
    assert not any(is_filtered(topic, number) for topic, number in found)
    assert len(found) - len(set(found)) <= WINDOW * KILLS
    assert max(bridge.versions()[-50:]) == KILLS + 1 - KILLS % 2
    engine.wait_settled("bridge")
    engine.check_accounting()
    assert "processing" not in bridge.flow()["counters"]["dropped"]


def test_workers_have_them_too(world: World) -> None:
    tls, plain = free_port(), free_port()
    engine = world.engine(
        listener({"port": tls, "authenticationRef": "default", "tls": {"mode": "Automatic"}}, {"port": plain}),
        endpoint("default", tls, host="aio-broker", ca=BUNDLE, audience=AUDIENCE),
        profile("two", 2),
        dataflow("bridge", destination="default", topic="out", transformation=MIDDLE, profile_ref="two"),
    )
    engine.launch()
    until(lambda: len(engine.copies("bridge")) == 2, "the workers to be up")
    set_version(engine, 1)
    engine.wait_connected("bridge", copies=2)
    set_version(engine, 2)

    def are_new() -> bool:
        return engine.log().count("the data set lines has 2 records") == 4

    engine.wait_for(are_new, "both workers to have the second version")
    subscriber = world.subscriber(plain, ["out"], keep_packets=True, numbered=False)
    publisher = world.publisher(plain, ["plant/line-1", "plant/line-2"], total=200, make=make)
    publisher.finish()
    until(lambda: len(subscriber.packets) == 170, "what passes to arrive", found=lambda: len(subscriber.packets))
    assert {json.loads(each.payload)["version"] for each in subscriber.packets} == {2}
    engine.wait_settled("bridge")
    assert all(flow["counters"]["received"] for flow in engine.copies("bridge"))
    engine.check_accounting()


def test_where_the_broker_has_rules_these_rights_are_enough(world: World) -> None:
    tls, plain = free_port(), free_port()
    user = "system:serviceaccount:azure-iot-operations:aio-dataflow"
    rights: list[Mapping[str, Value]] = [
        {"method": "Connect"},
        {"method": "Subscribe", "topics": ["plant/#", "clients/+/services/statestore/_any_/command/invoke/response"]},
    ]
    more: list[Mapping[str, Value]] = [
        {"method": "Subscribe", "topics": [f"clients/{STORE}/#"]},
        {"method": "Publish", "topics": ["out", f"{STORE}/command/invoke"]},
    ]
    engine = world.engine(
        listener(
            {"port": tls, "authenticationRef": "default", "authorizationRef": "flows", "tls": {"mode": "Automatic"}},
            {"port": plain},
        ),
        authorization("flows", user, *rights),
        endpoint("default", tls, host="aio-broker", ca=BUNDLE, audience=AUDIENCE),
        dataflow("bridge", destination="default", topic="out", transformation=MIDDLE),
    )
    engine.launch()
    engine.wait_for(lambda: "not authorized" in engine.flow("bridge").get("message", ""), "the refusal to show")
    assert engine.flow("bridge")["reason_code"] == REASON
    write(engine.manifests, authorization("flows", user, *rights, *more))
    until(lambda: "no such key" in engine.flow("bridge")["message"], "the store to answer")
    set_version(engine, 1)
    engine.wait_connected("bridge")
