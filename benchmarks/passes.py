"""One pass: a count of messages through a bridging process, and what it cost."""

import json
import os
from dataclasses import dataclass

from benchmarks.processes import Peer, Program, start_peer
from benchmarks.usage import processor_seconds

__all__ = ["Pass", "run_pass", "run_peer_pass"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass measured. The processor time is the bridging process's; the percentiles are there when it was paced."""

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


def run_pass(
    program: Program,
    source_port: int,
    destination_port: int,
    *,
    qos: int,
    payload_bytes: int,
    count: int,
    rate: float | None = None,
    durable: bool = False,
) -> Pass:
    """Send `count` messages from a load generator to a sink over two brokers, as fast as it goes or at `rate` a second.

    `durable` gives the sink a session that outlives its connection.

    Raises:
        RuntimeError: not every message arrived, or a message arrived twice; such a pass measures nothing.
    """
    credit_out, credit_in = os.pipe()
    common = ["--qos", str(qos), "--count", str(count)]
    try:
        sink_arguments = ["--port", str(destination_port), *common]
        sink_arguments += ["--durable"] if durable else []
        # A paced run has no use for credit, and nobody would empty the pipe.
        sink_arguments += ["--stamped"] if rate else ["--credit-fd", str(credit_in)]
        with start_peer("sink", *sink_arguments, pass_fds=[credit_in]) as sink:
            os.close(credit_in)
            if sink.read_line() != "ready":
                raise RuntimeError("the sink could not subscribe")
            load_arguments = ["--port", str(source_port), *common, "--payload-bytes", str(payload_bytes)]
            load_arguments += ["--rate", str(rate)] if rate else ["--credit-fd", str(credit_out)]
            before = processor_seconds(program.process_id)
            with start_peer("load", *load_arguments, pass_fds=[credit_out]) as load:
                arrived = json.loads(sink.result())
                sent = json.loads(load.result())
            after = processor_seconds(program.process_id)
    finally:
        os.close(credit_out)
    expected_acknowledged = count if qos else 0
    if arrived["received"] != count or arrived["duplicates"] or sent["acknowledged"] != expected_acknowledged:
        raise RuntimeError(f"a pass of {count} messages is not complete: {sent}, {arrived}")
    return Pass(
        count=count,
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
    if sent.get("count") != count or arrived.get("count") != count or arrived["duplicates"]:
        raise RuntimeError(f"a pass of {count} messages is not complete: {sent}, {arrived}")
    seconds = (arrived["last_ns"] - sent["first_ns"]) / 1e9
    return Pass(count=count, seconds=seconds, processor_seconds=after - before)
