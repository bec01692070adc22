"""Messages through a broker: one to one, many to one, one to many, and with one in flight."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks.broker_contenders import BrokerBench, Served
from benchmarks.figures import Bound, Figure
from benchmarks.passes import Load, Pass, check_complete, run_pass
from benchmarks.processes import start_peer
from benchmarks.turns import compare
from benchmarks.usage import processor_seconds

__all__ = ["fan_in", "fan_out", "one_in_flight", "one_to_one"]

FAN = 10
ONE_BY_ONE = 100


def one_to_one(bench: BrokerBench) -> Iterator[Figure]:
    """One publisher, one subscriber."""
    durable = "QoS 1, durable session, synced before each PUBACK"
    for name, qos, is_durable, least in (
        ("QoS 1, window 1000", 1, False, 4.0),
        (durable, 1, True, 1.5),
        ("QoS 0", 0, False, None),
    ):
        measure = _through(qos, durable=is_durable)
        pairs = bench.in_turn(f"1 to 1, {name}", measure, sessions="Expiring" if is_durable else "None")
        bound = None if least is None else Bound(least, at_most=False, is_relative=True)
        yield from _rate_and_time(f"1 to 1, {name}", pairs, bound)


def fan_in(bench: BrokerBench) -> Iterator[Figure]:
    """Ten publishers, one subscriber."""
    for qos in (1, 0):
        name = f"{FAN} to 1, QoS {qos}"
        yield from _rate_and_time(name, bench.in_turn(name, _through(qos, publishers=FAN)))


def fan_out(bench: BrokerBench) -> Iterator[Figure]:
    """One publisher, ten subscribers; what counts is deliveries."""
    for qos in (0, 1):
        name = f"1 to {FAN}, QoS {qos}"

        def measure(served: Served, count: int, qos: int = qos) -> Pass:
            return _fan_pass(served, Load(qos=qos, payload_bytes=256, count=max(1, count // FAN)))

        pairs = bench.in_turn(name, measure)
        bound = Bound(0.3, at_most=True, is_relative=True) if qos == 0 else None
        yield compare(f"rate of deliveries, {name}", "/s", pairs, lambda one: one.rate)
        yield compare(
            f"processor time per delivery, {name}", "µs", pairs, lambda one: one.processor_microseconds, bound
        )


def one_in_flight(bench: BrokerBench) -> Iterator[Figure]:
    """Publishers with one message in flight each."""
    many = bench.in_turn(
        f"{ONE_BY_ONE} publishers with one in flight", _one_by_one(ONE_BY_ONE), count=max(ONE_BY_ONE, bench.count // 2)
    )
    name = f"{ONE_BY_ONE} publishers with one message in flight each, QoS 1"
    yield from _rate_and_time(name, many, Bound(0.9, at_most=False, is_relative=True))
    one = bench.in_turn("1 publisher with one in flight", _one_by_one(1), count=bench.count // 10)
    bound = Bound(1.3, at_most=True, is_relative=True)
    yield compare(
        "round trip to PUBACK, median, one publisher with one in flight",
        "ms",
        one,
        lambda one: one.p50_seconds * 1e3,
        bound,
    )


def _rate_and_time(name: str, pairs: list[tuple[Pass, Pass]], bound: Bound | None = None) -> Iterator[Figure]:
    yield compare(f"rate, {name}", "/s", pairs, lambda one: one.rate, bound)
    yield compare(f"processor time per message, {name}", "µs", pairs, lambda one: one.processor_microseconds)


def _through(qos: int, *, publishers: int = 1, durable: bool = False) -> Callable[[Served, int], Pass]:
    def measure(served: Served, count: int) -> Pass:
        program, port = served
        load = Load(qos=qos, payload_bytes=256, count=count, publishers=publishers)
        return run_pass([program], port, port, load, durable=durable)

    return measure


def _fan_pass(served: Served, load: Load) -> Pass:
    program, port = served
    credit_out, credit_in = os.pipe()
    options = ["--port", str(port), "--connections", str(FAN), "--count", str(load.count), "--qos", str(load.qos)]
    with ExitStack() as stack:
        # Our end of the credit stays open to the last: the publisher may be done before the subscribers are.
        stack.callback(os.close, credit_out)
        fan = stack.enter_context(
            start_peer("broker_peers", "fan", *options, "--credit-fd", str(credit_in), pass_fds=[credit_in])
        )
        os.close(credit_in)
        if fan.read_line() != "ready":
            raise RuntimeError("the subscribers could not subscribe")
        fan.write_line("go")
        before = processor_seconds(program.process_id)
        arguments = ["--port", str(port), *load.arguments, "--credit-fd", str(credit_out)]
        with start_peer("load", *arguments, pass_fds=[credit_out]) as generator:
            sent = json.loads(generator.result())
        arrived = json.loads(fan.result())
        after = processor_seconds(program.process_id)
    for each in arrived["subscribers"]:
        check_complete(load.count, sent, each, qos=load.qos)
    seconds = (arrived["last_ns"] - sent["start_ns"]) / 1e9
    return Pass(count=load.count * FAN, seconds=seconds, processor_seconds=after - before)


def _one_by_one(connections: int) -> Callable[[Served, int], Pass]:
    def measure(served: Served, count: int) -> Pass:
        program, port = served
        options = ["--port", str(port), "--connections", str(connections), "--count", str(count)]
        with start_peer("broker_peers", "one-by-one", *options) as peer:
            if peer.read_line() != "ready":
                raise RuntimeError("the publishers could not connect")
            before = processor_seconds(program.process_id)
            peer.write_line("go")
            found = json.loads(peer.result())
            after = processor_seconds(program.process_id)
        if found["acknowledged"] != count:
            raise RuntimeError(f"a pass of {count} messages is not complete: {found}")
        seconds = (found["last_ns"] - found["start_ns"]) / 1e9
        return Pass(count=count, seconds=seconds, processor_seconds=after - before, p50_seconds=found["p50_seconds"])

    return measure
