"""The two brokers that are compared: mosquitto without persistence, and `tidegate run` as a broker and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.contenders import run_tidegate
from benchmarks.processes import Program, free_port, start_broker, wait_for_port
from benchmarks.turns import say

__all__ = ["BrokerBench", "Served", "broker_manifest", "mosquitto", "tidegate"]

FULL_COUNT = 200_000
WARM_UP_PART = 10

BROKER = """\
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: Broker
metadata: {{name: default}}
spec: {{persistence: {{sessions: {sessions}}}}}
---
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: BrokerListener
metadata: {{name: default}}
spec: {{ports: [{ports}]}}
"""

Served = tuple[Program, int]
"""A broker that runs, and its port."""

T = TypeVar("T")


def broker_manifest(port: int, sessions: str = "None", tls_port: int | None = None) -> str:
    """Return the manifest of a broker with a plain listener, and one of TLS where `tls_port` is given; neither asks who comes.

    `sessions` are those kept on disk.
    """
    ports = f"{{port: {port}}}"
    if tls_port is not None:
        ports += f", {{port: {tls_port}, tls: {{mode: Automatic}}}}"
    return BROKER.format(ports=ports, sessions=sessions)


@contextmanager
def mosquitto(directory: Path) -> Iterator[Served]:
    """Run mosquitto, without persistence."""
    with start_broker(directory, "mosquitto") as broker:
        yield broker.program, broker.port


@contextmanager
def tidegate(directory: Path, sessions: str = "None") -> Iterator[Served]:
    """Run Tidegate; `sessions` are those kept on disk."""
    port = free_port()
    with run_tidegate(directory, {"broker": broker_manifest(port, sessions)}, "off") as program:
        wait_for_port(port, program)
        yield program, port


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerBench:
    """How much to do, and a directory for files; `count` is the messages of a pass."""

    directory: Path
    runs: int
    count: int

    def scaled(self, most: int) -> int:
        """Return `most` for a full count, and the same part of it as `count` is of that where it is less."""
        return max(10, min(most, most * self.count // FULL_COUNT))

    def in_turn(
        self, name: str, measure: Callable[[Served, int], T], *, count: int | None = None, sessions: str = "None"
    ) -> list[tuple[T, T]]:
        """Measure mosquitto and Tidegate in turn, each with a broker of its own, after a pass of a tenth of the messages.

        Returns:
            A pair (mosquitto, tidegate) for each run.
        """
        count = self.count if count is None else count
        pairs = []
        for run in range(self.runs):
            found = []
            for label, served in (
                ("mosquitto", mosquitto(self.directory)),
                ("tidegate", tidegate(self.directory, sessions)),
            ):
                with served as here:
                    measure(here, max(10, count // WARM_UP_PART))
                    found.append(measure(here, count))
                say(f"{name}, run {run + 1} of {self.runs}, {label}: {found[-1]}")
            pairs.append((found[0], found[1]))
        return pairs
