"""How much to do, and a pass through either contender between two servers that nobody else has used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import Contender, probe_topics
from benchmarks.passes import Load, Pass, run_pass, run_peer_pass
from benchmarks.probes import wait_for_flow
from benchmarks.processes import Program, start_broker, start_peer

__all__ = ["Bench", "Rig"]

# A large message takes several times as long as a small one, and medians need no more of them.
LARGE_PAYLOAD_BYTES = 1024

# Between batching peers messages pass several times as fast, and a pass is to take about as long.
PEER_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A contender between two brokers; it first moved a message for each of its flows at `arrived_ns`."""

    program: Program
    source_port: int
    destination_port: int
    arrived_ns: int

    @property
    def start_seconds(self) -> float:
        """From the start of the contender's process to the arrival of its first message."""
        return (self.arrived_ns - self.program.started_ns) / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How much to do, and a directory for files.

    `count` is the messages of a pass with small payloads, large ones have half; `paced_seconds` is the length of a paced pass.
    """

    directory: Path
    runs: int
    count: int
    paced_seconds: float

    @property
    def warm_up_count(self) -> int:
        """Messages before those that are measured."""
        return max(100, self.count // 10)

    @contextmanager
    def rig(self, contender: Contender, qos: int = 1, flow_count: int = 1, payload: str | None = None) -> Iterator[Rig]:
        """Run a contender with `flow_count` flows between two brokers of its own; the block begins when all flows move messages.

        The brokers are new, so that none holds a session of an earlier contender and queues messages for it. `payload` is for a
        contender that reads payloads.
        """
        with (
            start_broker(self.directory, "source") as source,
            start_broker(self.directory, "destination") as destination,
            contender(self.directory, source.port, destination.port, qos) as program,
        ):
            arrived_ns = wait_for_flow(program, source.port, destination.port, probe_topics(flow_count), payload)
            yield Rig(
                program=program, source_port=source.port, destination_port=destination.port, arrived_ns=arrived_ns
            )

    def flood(self, contender: Contender, qos: int, payload_bytes: int) -> Pass:
        """Return a pass as fast as it goes through a contender of its own."""
        with self.rig(contender, qos) as rig:
            return self.flood_through(rig, qos, payload_bytes)

    def flood_through(self, rig: Rig, qos: int, payload_bytes: int) -> Pass:
        """Return a pass as fast as it goes, after a warm-up."""
        count = self.count if payload_bytes < LARGE_PAYLOAD_BYTES else self.count // 2
        _move(rig, qos, payload_bytes, self.warm_up_count)
        return _move(rig, qos, payload_bytes, count)

    def flood_transformed(self, contender: Contender, payload: str) -> Pass:
        """Return a pass of QoS 1 messages of one payload through a contender that transforms them, after a warm-up."""
        with self.rig(contender, payload=payload) as rig:
            for count in (self.warm_up_count, self.count):
                load = Load(qos=1, payload_bytes=len(payload), count=count, payload=payload)
                made = run_pass([rig.program], rig.source_port, rig.destination_port, load)
            return made

    def pace(self, contender: Contender, rate: int) -> Pass:
        """Return a pass of QoS 1 messages of 256 bytes at `rate` a second, after a warm-up."""
        with self.rig(contender) as rig:
            _move(rig, 1, 256, max(1, rate // 2), rate)
            return _move(rig, 1, 256, max(1, int(rate * self.paced_seconds)), rate)

    def flood_peers(self, contender: Contender, payload_bytes: int) -> Pass:
        """Return a pass of QoS 1 messages through a contender between two peers that read and write in batches."""
        with (
            start_peer("peer_server", "source", "--payload-bytes", str(payload_bytes)) as source,
            start_peer("peer_server", "sink") as sink,
            contender(self.directory, int(source.read_line()), int(sink.read_line()), 1) as program,
        ):
            if source.read_line() != "ready" or sink.read_line() != "ready":
                raise RuntimeError(f"it did not connect to both peers: {program.log()[-4000:]}")
            run_peer_pass(program, source, sink, self.warm_up_count)
            return run_peer_pass(program, source, sink, self.count * PEER_FACTOR)


def _move(rig: Rig, qos: int, payload_bytes: int, count: int, rate: int | None = None) -> Pass:
    load = Load(qos=qos, payload_bytes=payload_bytes, count=count, rate=rate)
    return run_pass([rig.program], rig.source_port, rig.destination_port, load)
