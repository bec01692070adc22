"""The two that are compared: mosquitto's own bridge, and `tidegate run`, each between two servers on loopback ports."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.processes import Program, free_port, running, start_broker
from benchmarks.wire import FILTER, WINDOW

__all__ = ["Contender", "bridge", "probe_topics", "tidegate"]

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
    host: 127.0.0.1:{port}
    qos: {qos}
    maxInflightMessages: {window}
    tls: {{mode: Disabled}}
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
    - operationType: Destination
      destinationSettings: {{endpointRef: destination, dataDestination: "${{inputTopic}}"}}
"""


def probe_topics(flow_count: int = 1) -> list[str]:
    """Return a topic for each flow, which only that flow moves."""
    return [f"probe/{ordinal}" for ordinal in range(flow_count)]


@contextmanager
def bridge(directory: Path, source_port: int, destination_port: int, qos: int) -> Iterator[Program]:
    """Run mosquitto's bridge in a process of its own: everything in from one server, everything out to the other.

    It keeps the QoS of each message up to 1, so that `qos` has nothing to say.
    """
    lines: list[str] = []
    for name, port, direction in (("source", source_port, "in"), ("destination", destination_port, "out")):
        lines += [
            f"connection {name}",
            f"address 127.0.0.1:{port}",
            f"topic # {direction} 1",
            "bridge_protocol_version mqttv50",
            "cleansession true",
            "notifications false",
            "try_private false",
            "restart_timeout 1",
        ]
    with start_broker(directory, "bridge", *lines) as broker:
        yield broker.program


@contextmanager
def tidegate(
    directory: Path, source_port: int, destination_port: int, qos: int, flow_count: int = 1
) -> Iterator[Program]:
    """Run `tidegate run` with `flow_count` data flows; the first moves the messages of the benchmark, all move their probe."""
    manifests = Path(mkdtemp(prefix="manifests-", dir=directory))
    for name, port in (("default", source_port), ("destination", destination_port)):
        text = ENDPOINT.format(name=name, port=port, qos=qos, window=WINDOW)
        (manifests / f"{name}.yaml").write_text(text)
    for ordinal, topic in enumerate(probe_topics(flow_count)):
        filters = [topic] if ordinal else [topic, FILTER]
        text = DATAFLOW.format(name=f"flow-{ordinal}", filters=filters)
        (manifests / f"flow-{ordinal}.yaml").write_text(text)
    arguments = [str(manifests), "--data-dir", str(manifests / "data"), "--http", f"127.0.0.1:{free_port()}"]
    # Compiled modules are part of an installed program, so they are written and used whatever the caller's habit.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with running([*COMMAND, "run", *arguments], directory / "tidegate.log", environment) as program:
        yield program
