"""What a broker holds, and what that costs the messages that pass: connections, retained messages, subscriptions."""

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.broker_contenders import BrokerBench, Served, mosquitto, tidegate
from benchmarks.figures import Bound, Figure
from benchmarks.passes import Load, Pass, check_complete, run_pass
from benchmarks.processes import start_peer
from benchmarks.turns import compare, say
from benchmarks.usage import processor_seconds, resident_bytes

__all__ = ["idle_connections", "retained_messages", "subscriptions"]

IDLE = (1_000, 5_000)
IDLE_RATE = 1_000
RETAINED = 100_000
SUBSCRIPTIONS = (1_000, 100_000)
GROWTH_MAX = 1.2
"""A hundred times as many may cost what larger tables cost the processor's caches, and no more."""
TOPICS = 30_000
"""More topics than the matches that a broker may be expected to remember."""


def idle_connections(bench: BrokerBench) -> Iterator[Figure]:
    """Memory of connections that do nothing, and how long messages take beside them."""
    numbers = [0, *(bench.scaled(most) for most in IDLE)]
    found: list[tuple[list[tuple[float, Pass]], list[tuple[float, Pass]]]] = []
    for run in range(bench.runs):
        pair = []
        for label, served in _brokers(bench.directory):
            with served as here:
                _hold_idle(bench, here, 50)
                pair.append([_hold_idle(bench, here, number) for number in numbers])
            for number, (kilobytes, one) in zip(numbers, pair[-1], strict=True):
                say(
                    f"{number} idle connections, run {run + 1} of {bench.runs}, {label}: {kilobytes:.1f} KB each, {one}"
                )
        found.append((pair[0], pair[1]))
    for index, number in enumerate(numbers):
        pairs = [(theirs[index], ours[index]) for theirs, ours in found]
        if number:
            name = f"resident memory per idle connection, {number:,} of them, plain TCP"
            yield compare(name, "KB", pairs, lambda one: one[0], Bound(20, at_most=True))
        beside = f"beside {number:,} idle connections" if number else "beside no other connections"
        yield compare(f"latency p50 at {IDLE_RATE:,}/s {beside}", "ms", pairs, lambda one: one[1].p50_seconds * 1e3)
        yield compare(f"latency p99 at {IDLE_RATE:,}/s {beside}", "ms", pairs, lambda one: one[1].p99_seconds * 1e3)


def retained_messages(bench: BrokerBench) -> Iterator[Figure]:
    """Retained messages of as many topics, delivered to one who subscribes."""

    def measure(served: Served, count: int) -> Pass:
        program, port = served
        load = Load(qos=1, payload_bytes=256, count=count, topics=count, retain=True)
        with start_peer("load", "--port", str(port), *load.arguments) as generator:
            sent = json.loads(generator.result())
        options = ["--port", str(port), "--connections", "1", "--count", str(count)]
        with start_peer("broker_peers", "retained", *options) as peer:
            if peer.read_line() != "ready":
                raise RuntimeError("the subscriber could not connect")
            before = processor_seconds(program.process_id)
            peer.write_line("go")
            arrived = json.loads(peer.result())
            after = processor_seconds(program.process_id)
        check_complete(count, sent, arrived)
        seconds = (arrived["last_ns"] - arrived["start_ns"]) / 1e9
        return Pass(count=count, seconds=seconds, processor_seconds=after - before)

    count = bench.scaled(RETAINED)
    pairs = bench.in_turn(f"{count:,} retained messages", measure, count=count)
    name = f"{count:,} retained messages on subscribe, QoS 1"
    yield compare(f"time for {name}", "s", pairs, lambda one: one.seconds)
    yield compare(f"rate, {name}", "/s", pairs, lambda one: one.rate)
    yield compare(f"processor time per message, {name}", "µs", pairs, lambda one: one.processor_microseconds)


def subscriptions(bench: BrokerBench) -> Iterator[Figure]:
    """What a message costs beside subscriptions that do not match its topic, which was not used lately."""
    held = [0, *(bench.scaled(most) for most in SUBSCRIPTIONS)]
    load = Load(qos=1, payload_bytes=256, count=bench.scaled(100_000), topics=TOPICS)
    pairs = []
    for run in range(bench.runs):
        found = []
        for label, served in _brokers(bench.directory):
            with served as (program, port):
                run_pass([program], port, port, load)
                passes = []
                for count in held:
                    with _holding("subscriptions", port, count):
                        passes.append(run_pass([program], port, port, load))
            found.append(passes)
            for count, one in zip(held, passes, strict=True):
                say(f"{count} subscriptions that do not match, run {run + 1} of {bench.runs}, {label}: {one}")
        pairs.append((found[0], found[1]))
    for index, count in enumerate(held):
        name = f"processor time per message, 1 to 1, QoS 1, {TOPICS:,} topics in turn, beside {count:,} subscriptions"
        costs = [(theirs[index], ours[index]) for theirs, ours in pairs]
        yield compare(name, "µs", costs, lambda one: one.processor_microseconds)
    name = f"growth of that from {held[1]:,} to {held[2]:,} subscriptions with wildcards that do not match"
    growth = Bound(GROWTH_MAX, at_most=True)
    yield compare(
        name, "times", pairs, lambda passes: passes[2].processor_seconds / passes[1].processor_seconds, growth
    )


def _brokers(directory: Path) -> list[tuple[str, AbstractContextManager[Served]]]:
    return [("mosquitto", mosquitto(directory)), ("tidegate", tidegate(directory))]


@contextmanager
def _holding(kind: str, port: int, count: int) -> Iterator[None]:
    """Let peers hold so many connections or subscriptions meanwhile."""
    options = ["--port", str(port), "--connections", str(count), "--count", str(count)]
    with start_peer("broker_peers", kind, *options) as peer:
        if peer.read_line() != "ready":
            raise RuntimeError(f"the peers could not have {count} {kind}")
        yield
        peer.write_line("go")
        peer.result()


def _hold_idle(bench: BrokerBench, served: Served, number: int) -> tuple[float, Pass]:
    """Return the memory of each of so many idle connections in kilobytes, and a paced pass beside them."""
    program, port = served
    load = Load(qos=1, payload_bytes=256, count=bench.scaled(2_000), rate=IDLE_RATE)
    before = resident_bytes(program.process_id)
    with _holding("idle", port, number):
        time.sleep(0.2)
        kilobytes = (resident_bytes(program.process_id) - before) / max(1, number) / 1e3
        return kilobytes, run_pass([program], port, port, load)
