"""The two that are compared: mosquitto's own bridge, and `tidegate run`, each between two servers on loopback ports."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.processes import Program, free_port, running, start_broker
from benchmarks.wire import FILTER, WINDOW

__all__ = [
    "Contender",
    "bridge",
    "bridge_lines",
    "dataflow",
    "endpoint",
    "probe_topics",
    "run_tidegate",
    "tidegate",
]

Contender = Callable[[Path, int, int, int], AbstractContextManager[Program]]
"""Takes a directory for its files, the ports of source and destination, and the QoS that it is to keep."""

COMMAND = [sys.executable, "-c", "import sys; from tidegate.cli import main; sys.exit(main())"]

ENDPOINT = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata: {{name: {name}, namespace: azure-iot-operations}}
spec:
  endpointType: Mqtt
  mqttSettings:
    host: {host}
    qos: {qos}
    maxInflightMessages: {window}{more}
    tls: {tls}
    authentication: {{method: Anonymous, anonymousSettings: {{}}}}
"""

DATAFLOW = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata: {{name: {name}, namespace: azure-iot-operations}}
spec:
  profileRef: default
  operations:
    - operationType: Source
      sourceSettings: {{endpointRef: default, dataSources: {filters}}}
{transformation}    - operationType: Destination
      destinationSettings: {{endpointRef: destination, dataDestination: "{destination}"}}
"""


def endpoint(name: str, host: str, qos: int = 1, tls: str = "{mode: Disabled}", cloud_events: str = "") -> str:
    """Return the manifest of an endpoint; `host` is `host:port`, `tls` its `tls` section."""
    more = f"\n    cloudEventAttributes: {cloud_events}" if cloud_events else ""
    return ENDPOINT.format(name=name, host=host, qos=qos, tls=tls, window=WINDOW, more=more)


def dataflow(name: str, filters: Sequence[str], destination: str = "${inputTopic}", transformation: str = "") -> str:
    """Return the manifest of a data flow from the endpoint `default` to the topic `destination` of the endpoint `destination`.

    `transformation` is its `builtInTransformationSettings`, as JSON.
    """
    if transformation:
        operation = "    - operationType: BuiltInTransformation\n      builtInTransformationSettings: "
        transformation = f"{operation}{transformation}\n"
    return DATAFLOW.format(name=name, filters=list(filters), destination=destination, transformation=transformation)


@contextmanager
def run_tidegate(directory: Path, manifests: Mapping[str, str], http: str) -> Iterator[Program]:
    """Run `tidegate run` with manifests by name; `http` is where its status is served."""
    folder = Path(mkdtemp(prefix="manifests-", dir=directory))
    for name, text in manifests.items():
        (folder / f"{name}.yaml").write_text(text)
    # Compiled modules are part of an installed program, so they are written and used whatever the caller's habit.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Beside the manifests: what is written into their folder is read as one of them.
    data = mkdtemp(prefix="data-", dir=directory)
    command = [*COMMAND, "run", str(folder), "--data-dir", data, "--http", http, "--api", "off"]
    with running(command, directory / "tidegate.log", environment) as program:
        yield program


def probe_topics(flow_count: int = 1) -> list[str]:
    """Return a topic for each flow, which only that flow moves."""
    return [f"probe/{ordinal}" for ordinal in range(flow_count)]


def bridge_lines(name: str, port: int, direction: str) -> list[str]:
    """Return the configuration of a bridge that takes everything `in` from a server, or brings everything `out` to it."""
    return [
        f"connection {name}",
        f"address 127.0.0.1:{port}",
        f"topic # {direction} 1",
        "bridge_protocol_version mqttv50",
        "bridge_attempt_unsubscribe false",
        "cleansession true",
        "notifications false",
        "try_private false",
        "restart_timeout 1",
    ]


@contextmanager
def bridge(directory: Path, source_port: int, destination_port: int, qos: int) -> Iterator[Program]:
    """Run mosquitto's bridge in a process of its own: everything in from one server, everything out to the other.

    It keeps the QoS of each message up to 1, so that `qos` has nothing to say.
    """
    lines = [*bridge_lines("source", source_port, "in"), *bridge_lines("destination", destination_port, "out")]
    with start_broker(directory, "bridge", *lines) as broker:
        yield broker.program


@contextmanager
def tidegate(
    directory: Path, source_port: int, destination_port: int, qos: int, flow_count: int = 1
) -> Iterator[Program]:
    """Run `tidegate run` with `flow_count` data flows; the first moves the messages of the benchmark, all move their probe."""
    manifests = {
        name: endpoint(name, f"127.0.0.1:{port}", qos)
        for name, port in (("default", source_port), ("destination", destination_port))
    }
    for ordinal, topic in enumerate(probe_topics(flow_count)):
        manifests[f"flow-{ordinal}"] = dataflow(f"flow-{ordinal}", [topic] if ordinal else [topic, FILTER])
    with run_tidegate(directory, manifests, f"127.0.0.1:{free_port()}") as program:
        yield program
