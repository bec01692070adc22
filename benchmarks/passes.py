"""One pass: a count of messages through one or more processes, and what it cost them."""

import json
import os
import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.processes import Peer, Program, start_peer
from benchmarks.usage import processor_seconds
from benchmarks.wire import FILTER

__all__ = ["Load", "Pass", "check_complete", "run_pass", "run_pass_to_peer", "run_peer_pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass measured: the processor time of the programs in question, and the percentiles where it was paced."""

    count: int
    seconds: float
    processor_seconds: float
    p50_seconds: float = 0.0
    p99_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second from the first write to the last arrival."""
        return self.count / self.seconds

    @property
    def processor_microseconds(self) -> float:
        """Processor time for each message, in microseconds."""
        return self.processor_seconds / self.count * 1e6

    def __str__(self) -> str:
        text = f"{self.rate:,.0f}/s, {self.processor_microseconds:.2f} µs"
        if self.p99_seconds:
            text += f", p50 {self.p50_seconds * 1e3:.3f} ms, p99 {self.p99_seconds * 1e3:.3f} ms"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a pass sends: `count` messages, as fast as it goes or at `rate` a second.

    `publishers` connections share them, on one topic, or on `topics` of them in turn; `retain` lets the broker keep them. A
    `payload` that is given stands for `payload_bytes` of them.
    """

    qos: int
    payload_bytes: int
    count: int
    rate: float | None = None
    publishers: int = 1
    topics: int | None = None
    retain: bool = False
    payload: str | None = None

    @property
    def arguments(self) -> list[str]:
        """The load generator's arguments."""
        arguments = ["--qos", str(self.qos), "--count", str(self.count), "--payload-bytes", str(self.payload_bytes)]
        arguments += ["--publishers", str(self.publishers)]
        arguments += ["--rate", str(self.rate)] if self.rate else []
        arguments += ["--topics", str(self.topics)] if self.topics else []
        arguments += ["--retain"] if self.retain else []
        arguments += ["--payload", self.payload] if self.payload is not None else []
        return arguments


def run_pass(
    programs: Sequence[Program],
    source_port: int,
    destination_port: int,
    load: Load,
    *,
    durable: bool = False,
    topic_filter: str = FILTER,
) -> Pass:
    """Send messages from a load generator to a sink over one or more brokers, whose processor time is that of `programs`.

    `durable` gives the sink a session that outlives its connection; `topic_filter` is what the sink subscribes to.

    Raises:
        RuntimeError: not every message arrived, or a message arrived twice; such a pass measures nothing.
    """
    credit_out, credit_in = os.pipe()
    try:
        sink_arguments = ["--port", str(destination_port), "--qos", str(load.qos), "--count", str(load.count)]
        sink_arguments += ["--filter", topic_filter, *(["--durable"] if durable else [])]
        # A paced run has no use for credit, and nobody would empty the pipe.
        sink_arguments += ["--stamped"] if load.rate else ["--credit-fd", str(credit_in)]
        with start_peer("sink", *sink_arguments, pass_fds=[credit_in]) as sink:
            os.close(credit_in)
            if sink.read_line() != "ready":
                raise RuntimeError("the sink could not subscribe")
            load_arguments = ["--port", str(source_port), *load.arguments]
            load_arguments += [] if load.rate else ["--credit-fd", str(credit_out)]
            before = _processor_seconds(programs)
            with start_peer("load", *load_arguments, pass_fds=[credit_out]) as generator:
                arrived = json.loads(sink.result())
                sent = json.loads(generator.result())
            after = _processor_seconds(programs)
    finally:
        os.close(credit_out)
    check_complete(load.count, sent, arrived, qos=load.qos)
    return Pass(
        count=load.count,
        seconds=(arrived["last_ns"] - sent["start_ns"]) / 1e9,
        processor_seconds=after - before,
        p50_seconds=arrived.get("p50_seconds", 0.0),
        p99_seconds=arrived.get("p99_seconds", 0.0),
    )


def run_peer_pass(program: Program, source: Peer, sink: Peer, count: int) -> Pass:
    """Send `count` messages from one `peer_server` to another.

    Raises:
        RuntimeError: not every message arrived, or a message arrived twice; such a pass measures nothing.
    """
    sink.write_line(str(count))
    before = processor_seconds(program.process_id)
    source.write_line(str(count))
    sent = json.loads(source.read_line() or "{}")
    arrived = json.loads(sink.read_line() or "{}")
    after = processor_seconds(program.process_id)
    check_complete(count, sent, arrived)
    seconds = (arrived["last_ns"] - sent["first_ns"]) / 1e9
    return Pass(count=count, seconds=seconds, processor_seconds=after - before)


def run_pass_to_peer(program: Program, port: int, sink: Peer, credit_out: int, load: Load) -> Pass:
    """Send messages from a load generator to a `peer_server`, which gives its credit to `credit_out`.

    Raises:
        RuntimeError: not every message arrived, or a message arrived twice; such a pass measures nothing.
    """
    # The last credit of an earlier pass, which its load generator did not wait for.
    while select.select([credit_out], [], [], 0)[0]:
        os.read(credit_out, 65_536)
    sink.write_line(str(load.count))
    before = processor_seconds(program.process_id)
    arguments = ["--port", str(port), *load.arguments, "--credit-fd", str(credit_out)]
    with start_peer("load", *arguments, pass_fds=[credit_out]) as generator:
        arrived = json.loads(sink.read_line() or "{}")
        sent = json.loads(generator.result())
    after = processor_seconds(program.process_id)
    check_complete(load.count, sent, arrived)
    seconds = (arrived["last_ns"] - sent["start_ns"]) / 1e9
    return Pass(count=load.count, seconds=seconds, processor_seconds=after - before)


def check_complete(count: int, sent: Mapping[str, int], arrived: Mapping[str, int], *, qos: int = 1) -> None:
    """Check what a publisher and a subscriber say of a pass.

    Raises:
        RuntimeError: not every message arrived, or a message arrived twice.
    """
    is_acknowledged = not qos or sent.get("acknowledged") == count
    has_arrived = arrived.get("received") == count and not arrived["duplicates"]
    if not is_acknowledged or not has_arrived or arrived["checksum"] != sent.get("checksum"):
        raise RuntimeError(f"a pass of {count} messages is not complete: {sent}, {arrived}")


def _processor_seconds(programs: Sequence[Program]) -> float:
    return sum(processor_seconds(program.process_id) for program in programs)
