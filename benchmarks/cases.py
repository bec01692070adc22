"""The cases: each a name, and a function from a bench to figures. The contenders take turns in every run, the bridge first."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.bench import Bench
from benchmarks.contenders import Contender, tidegate
from benchmarks.figures import Bound, Figure
from benchmarks.pure_path import pure_microseconds
from benchmarks.turns import compare, in_turn, say
from benchmarks.usage import resident_bytes, resident_bytes_max

__all__ = ["CASES"]

FLOW_COUNT = 200
MEGABYTE = 1e6


def throughput(bench: Bench) -> Iterator[Figure]:
    """Processor time for each message, and rate, as fast as it goes between two mosquitto brokers."""
    for qos, payload_bytes, name in (
        (1, 256, "QoS 1, 256 B"),
        (1, 4096, "QoS 1, 4 KiB"),
        (0, 256, "QoS 0, 256 B"),
        (0, 4096, "QoS 0, 4 KiB"),
    ):
        is_judged = (qos, payload_bytes) == (1, 256)
        pairs = in_turn(bench.runs, f"throughput, {name}", partial(bench.flood, qos=qos, payload_bytes=payload_bytes))
        yield compare(
            f"processor time per message, {name}",
            "µs",
            pairs,
            lambda one: one.processor_microseconds,
            Bound(0.6, at_most=True, is_relative=True, aim=0.4) if is_judged else None,
        )
        yield compare(
            f"end-to-end rate, {name}",
            "/s",
            pairs,
            lambda one: one.rate,
            Bound(1.2, at_most=False, is_relative=True) if is_judged else None,
        )


def latency(bench: Bench) -> Iterator[Figure]:
    """How long a QoS 1 message of 256 bytes takes from publisher to subscriber at a steady rate."""
    for rate in (1000, 5000):
        name = f"{rate // 1000}k/s"
        pairs = in_turn(bench.runs, f"latency, {name}", partial(bench.pace, rate=rate))
        bound = Bound(1.5, at_most=True, is_relative=True) if rate == 5000 else None
        yield compare(f"latency p50 at {name}", "ms", pairs, lambda one: one.p50_seconds * 1e3)
        yield compare(f"latency p99 at {name}", "ms", pairs, lambda one: one.p99_seconds * 1e3, bound)
        yield compare(f"processor time per message at {name}", "µs", pairs, lambda one: one.processor_microseconds)


def peers(bench: Bench) -> Iterator[Figure]:
    """Tidegate between two servers that read and write in batches, so that only it sets the pace."""
    for payload_bytes, name in ((256, "256 B"), (4096, "4 KiB")):
        passes = []
        for run in range(bench.runs):
            passes.append(bench.flood_peers(tidegate, payload_bytes))
            say(f"peers, {name}, run {run + 1}: {passes[-1]}")
        is_judged = payload_bytes == 256
        yield Figure(
            f"rate between batching peers, QoS 1, {name}",
            "/s",
            tuple(one.rate for one in passes),
            bound=Bound(100_000, at_most=False) if is_judged else None,
        )
        yield Figure(
            f"processor time per message between batching peers, QoS 1, {name}",
            "µs",
            tuple(one.processor_microseconds for one in passes),
            bound=Bound(6, at_most=True) if is_judged else None,
        )


def pure(bench: Bench) -> Iterator[Figure]:
    """The relay without sockets."""
    values = []
    for run in range(bench.runs):
        values.append(pure_microseconds(bench.count))
        say(f"pure, run {run + 1}: {values[-1]:.2f} µs")
    yield Figure("processor time per message, relay without sockets, QoS 1, 256 B", "µs", tuple(values))


def start(bench: Bench) -> Iterator[Figure]:
    """From the start of the process to the arrival of the first message."""

    def once(contender: Contender) -> float:
        with bench.rig(contender) as rig:
            return rig.start_seconds

    pairs = in_turn(bench.runs, "start", once)
    yield compare("start to first message", "s", pairs, float, Bound(0.6, at_most=True))


def memory(bench: Bench) -> Iterator[Figure]:
    """Resident memory: with one flow idle, the most with one flow under load, and with many flows idle."""

    def once(contender: Contender) -> tuple[float, float, float]:
        with bench.rig(contender) as rig:
            process_id = rig.program.process_id
            idle = resident_bytes(process_id)
            bench.flood_through(rig, 1, 256)
            loaded = resident_bytes_max(process_id)
            bench.flood_through(rig, 1, 4096)
            return idle / MEGABYTE, loaded / MEGABYTE, resident_bytes_max(process_id) / MEGABYTE

    def many() -> float:
        with bench.rig(partial(tidegate, flow_count=FLOW_COUNT), flow_count=FLOW_COUNT) as rig:
            return resident_bytes(rig.program.process_id) / MEGABYTE

    pairs = in_turn(bench.runs, "memory", once)
    yield compare("resident memory, one flow, idle", "MB", pairs, lambda one: one[0])
    bound = Bound(60, at_most=True)
    yield compare("resident memory, one flow, most under load, 256 B", "MB", pairs, lambda one: one[1], bound)
    yield compare("resident memory, one flow, most under load, 4 KiB", "MB", pairs, lambda one: one[2], bound)
    values = []
    for run in range(bench.runs):
        values.append(many())
        say(f"memory, {FLOW_COUNT} flows, run {run + 1}: {values[-1]:.1f} MB")
    yield Figure(f"resident memory, {FLOW_COUNT} flows, idle", "MB", tuple(values))


CASES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    case.__name__: case for case in (throughput, latency, peers, pure, start, memory)
}
