"""The process itself: drain, exit codes, the lock, the children, and refusing to start in words."""

import os
import signal
import time

import pytest
from tests.integration.harness.manifests import dataflow, endpoint, profile
from tests.integration.harness.process import is_alive
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]

BROKEN_MANIFESTS = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata:
  name: default
spec:
  endpointType: Mqtt
  mqttSettings:
    host: 127.0.0.1:1883
    qos: 2
    tls: {mode: disabled}
    authentication: {method: Anonymous}
---
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata:
  name: bridge
spec:
  profileRef: default
  operations:
    - operationType: Source
      sourceSettings:
        endpointRef: default
        dataSources: ["plant/#/x"]
    - operationType: Destination
      destinationSettings:
        endpointRef: cloud
        dataDestination: plant/#
"""

BROKEN_MANIFESTS_FINDINGS = """\
error[out-of-range]: qos is 2; allowed are 0 and 1
  --> flows.yaml:9:10  DataflowEndpoint/default  spec.mqttSettings.qos
  9 |     qos: 2
    |          ^

error[not-allowed]: mode is `disabled`; allowed are Enabled and Disabled
  --> flows.yaml:10:17  DataflowEndpoint/default  spec.mqttSettings.tls.mode
  10 |     tls: {mode: disabled}
     |                 ^^^^^^^^
  hint: write `Disabled`; upper and lower case matter

error[topic-filter]: dataSources[0] is `plant/#/x`: `#` stands alone in the last level of a filter, as in `a/b/#`
  --> flows.yaml:23:23  Dataflow/bridge  spec.operations[0].sourceSettings.dataSources[0]
  23 |         dataSources: ["plant/#/x"]
     |                       ^^^^^^^^^^^

error[missing-reference]: endpointRef is `cloud`, which is not declared
  --> flows.yaml:26:22  Dataflow/bridge  spec.operations[1].destinationSettings.endpointRef
  26 |         endpointRef: cloud
     |                      ^^^^^
  hint: declare a DataflowEndpoint `cloud`

error[topic-template]: dataDestination: a destination topic has no `#`
  --> flows.yaml:27:32  Dataflow/bridge  spec.operations[1].destinationSettings.dataDestination
  27 |         dataDestination: plant/#
     |                                ^
  hint: it is one topic; `${inputTopic}` is that of each message
5 errors
"""


def test_sigterm_with_a_paused_destination_exits_0_within_drain_seconds(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port, options=["--drain-seconds", "1"])
    subscriber = world.subscriber(destination.port, ["plant/#"])
    destination.pause()
    publisher = world.publisher(source.port, TOPICS, total=50)
    publisher.finish()
    engine.wait_for(lambda: engine.flow("bridge")["pending"] == 50, "messages that cannot be settled")
    started = time.monotonic()
    assert engine.terminate() == 0
    assert time.monotonic() - started < 5, "longer than drain_seconds and a generous margin"
    destination.resume()
    engine.start("bridge")
    assert_kept(publisher, subscriber, duplicates_max=50)


def test_sigterm_under_load_settles_what_is_pending_and_exits_0(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=2000)
    grow(subscriber.seen_count, 500, "messages passed")
    assert engine.terminate(seconds=10) == 0
    engine.start("bridge")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)


def test_a_second_engine_on_the_same_data_directory_refuses_naming_the_first(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    first = world.bridge(source.port, destination.port)
    second = world.engine(
        *world.bridge_resources(source.port, destination.port), name="second", data_dir=first.data_dir
    )
    code, said = second.run_to_end()
    assert code == 1
    assert f"the data directory {first.data_dir} is in use by process {first.process_id}" in said
    assert first.flow("bridge")["source"]["reconnects"] == {}


def test_a_data_directory_of_a_killed_engine_is_free_at_once(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    engine.kill()
    engine.start("bridge")
    assert engine.data_dir.stat().st_mode & 0o777 == 0o700


def test_workers_die_within_a_second_of_their_killed_parent(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(*world.bridge_resources(source.port, destination.port), profile("default", 3))
    engine.launch()
    engine.wait_connected("bridge", copies=3)
    workers = engine.children()
    assert len(workers) >= 2
    engine.kill()
    until(lambda: not any(map(is_alive, workers)), "the workers' end", seconds=1)


def test_a_worker_that_dies_is_started_again(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(*world.bridge_resources(source.port, destination.port), profile("default", 2))
    engine.launch()
    engine.wait_connected("bridge", copies=2)
    worker = engine.children()[0]
    os.kill(worker, signal.SIGKILL)
    engine.wait_for(lambda: worker not in engine.children(), "the worker to be noticed")
    engine.wait_connected("bridge", copies=2)


def test_run_refuses_to_start_with_every_finding_at_once(world: World) -> None:
    engine = world.engine()
    path = engine.manifests / "flows.yaml"
    path.write_text(BROKEN_MANIFESTS)
    code, said = engine.run_to_end()
    assert code == 1
    assert said.replace(str(path), "flows.yaml") == BROKEN_MANIFESTS_FINDINGS


def test_failure_22_run_refuses_a_flow_that_reads_what_it_writes(world: World) -> None:
    engine = world.engine(
        endpoint("default", 1883), dataflow("bridge", filters=["plant/#"], destination="default", topic="plant/copy")
    )
    code, said = engine.run_to_end()
    assert code == 1
    assert "error[loop]: the data flow reads what it writes: `plant/copy` on `default` is covered" in said


def test_run_without_the_local_broker_refuses_and_allow_remote_only_relaxes_it(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    resources = [
        endpoint("here", source.port),
        endpoint("there", destination.port),
        dataflow("bridge", source="here", destination="there"),
    ]
    refused = world.engine(*resources, name="refused")
    code, said = refused.run_to_end()
    assert code == 1
    assert "--allow-remote-only" in said
    relaxed = world.engine(*resources, name="relaxed", options=["--allow-remote-only"])
    relaxed.start("bridge")


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_ready_says_yes_when_connected_and_the_process_ends_politely(
    world: World, signal_number: signal.Signals
) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.bridge(source.port, destination.port)
    assert engine.get("/livez")[0] == 200
    assert engine.get("/readyz")[0] == 200
    engine.send_signal(signal_number)
    assert engine.process is not None
    assert engine.process.wait(timeout=10) == 0
    assert "Traceback" not in engine.log()
