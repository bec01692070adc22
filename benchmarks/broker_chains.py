"""Brokers and data flows together: in three processes, in one, and how the flow reaches the broker of its own process."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from benchmarks.broker_contenders import BrokerBench, Served, broker_manifest, mosquitto, tidegate
from benchmarks.contenders import Contender, bridge, bridge_lines, dataflow, endpoint, probe_topics, run_tidegate
from benchmarks.contenders import tidegate as tidegate_flow
from benchmarks.figures import Bound, Figure
from benchmarks.passes import Load, Pass, run_pass, run_pass_to_peer
from benchmarks.probes import wait_for_flow
from benchmarks.processes import Peer, Program, free_port, start_broker, start_peer, wait_for_port
from benchmarks.turns import compare, say
from benchmarks.wire import FILTER, PublishBatch, connect

__all__ = ["links", "one_process", "three_processes"]

CA_CONFIG_MAP = "azure-iot-operations-aio-ca-trust-bundle"
SUBSCRIBED_SECONDS_MAX = 20.0
NO_MATCHING_SUBSCRIBERS = b"\x10"

Link = Literal["memory", "plain", "tls"]
"""How the flow reaches the broker of its own process."""

Bridging = Callable[[Path, int], AbstractContextManager[Served]]
"""Takes a directory and the port of the remote peer, to which it brings all that is published to it."""


def three_processes(bench: BrokerBench) -> Iterator[Figure]:
    """A publisher, a broker, a bridging process, a broker, a subscriber."""

    def measure(broker: Callable[[Path], AbstractContextManager[Served]], contender: Contender) -> Pass:
        with ExitStack() as stack:
            source, source_port = stack.enter_context(broker(bench.directory))
            destination, destination_port = stack.enter_context(broker(bench.directory))
            between = stack.enter_context(contender(bench.directory, source_port, destination_port, 1))
            wait_for_flow(between, source_port, destination_port, probe_topics())
            programs = [source, between, destination]
            for count in (bench.count // 10, bench.count):
                load = Load(qos=1, payload_bytes=256, count=count)
                found = run_pass(programs, source_port, destination_port, load)
            return found

    pairs = []
    for run in range(bench.runs):
        theirs = measure(mosquitto, bridge)
        say(f"three processes, run {run + 1} of {bench.runs}, mosquitto: {theirs}")
        ours = measure(tidegate, tidegate_flow)
        say(f"three processes, run {run + 1} of {bench.runs}, tidegate: {ours}")
        pairs.append((theirs, ours))
    name = "broker, flow or bridge, broker: three processes, QoS 1"
    yield compare(f"rate, {name}", "/s", pairs, lambda one: one.rate, Bound(4, at_most=False, is_relative=True))
    yield compare(f"processor time per message, {name}", "µs", pairs, lambda one: one.processor_microseconds)


def one_process(bench: BrokerBench) -> Iterator[Figure]:
    """A publisher, a process that is broker and flow or bridge, a remote peer that sets no pace."""
    pairs = []
    for run in range(bench.runs):
        theirs = _to_peer(bench, _mosquitto_bridging)
        say(f"one process, run {run + 1} of {bench.runs}, mosquitto: {theirs}")
        ours = _to_peer(bench, partial(_tidegate_bridging, link="memory"))
        say(f"one process, run {run + 1} of {bench.runs}, tidegate: {ours}")
        pairs.append((theirs, ours))
    name = "broker and flow or bridge in one process, to a remote peer, QoS 1"
    yield compare(f"rate, {name}", "/s", pairs, lambda one: one.rate, Bound(3, at_most=False, is_relative=True))
    yield compare(f"processor time per message, {name}", "µs", pairs, lambda one: one.processor_microseconds)


def links(bench: BrokerBench) -> Iterator[Figure]:
    """The same process with the flow linked in memory, and over a socket of its own broker."""
    names: dict[Link, str] = {"memory": "in-memory link", "plain": "plain TCP", "tls": "TLS"}
    found: dict[str, list[Pass]] = {}
    for run in range(bench.runs):
        for link, name in names.items():
            one = _to_peer(bench, partial(_tidegate_bridging, link=link))
            say(f"links, run {run + 1} of {bench.runs}, {name}: {one}")
            found.setdefault(name, []).append(one)
    for name, passes in found.items():
        text = f"broker and flow in one process, QoS 1, {name} between them"
        yield Figure(f"rate, {text}", "/s", tuple(one.rate for one in passes))
        yield Figure(f"processor time per message, {text}", "µs", tuple(one.processor_microseconds for one in passes))


def _to_peer(bench: BrokerBench, bridging: Bridging) -> Pass:
    """Return a pass from a load generator through one process to a remote peer, after a shorter one."""
    credit_out, credit_in = os.pipe()
    with ExitStack() as stack:
        stack.callback(os.close, credit_out)
        sink = stack.enter_context(
            start_peer("peer_server", "sink", "--credit-fd", str(credit_in), pass_fds=[credit_in])
        )
        os.close(credit_in)
        program, port = stack.enter_context(bridging(bench.directory, int(sink.read_line())))
        if sink.read_line() != "ready":
            raise RuntimeError(f"it did not connect to its remote peer: {program.log()[-4000:]}")
        _first_message(program, port, sink)
        for count in (bench.count // 10, bench.count):
            load = Load(qos=1, payload_bytes=256, count=count)
            found = run_pass_to_peer(program, port, sink, credit_out, load)
        return found


def _first_message(program: Program, port: int, sink: Peer) -> None:
    """Publish until somebody subscribes, which PUBACK tells, so that one message comes to the peer and no more.

    Raises:
        RuntimeError: nobody does.
    """
    sink.write_line("1")
    deadline = time.monotonic() + SUBSCRIBED_SECONDS_MAX
    batch = PublishBatch(1, 8, count_max=1)
    with connect(port, "bench-prober") as connection:
        while time.monotonic() < deadline:
            connection.sendall(batch.encode(1))
            puback = connection.recv(64)
            if puback[4:5] != NO_MATCHING_SUBSCRIBERS:
                sink.read_line()
                return
            time.sleep(0.01)
    raise RuntimeError(f"nobody subscribes: {program.log()[-4000:]}")


@contextmanager
def _mosquitto_bridging(directory: Path, peer_port: int) -> Iterator[Served]:
    with start_broker(directory, "bridging", *bridge_lines("peer", peer_port, "out")) as broker:
        yield broker.program, broker.port


@contextmanager
def _tidegate_bridging(directory: Path, peer_port: int, link: Link) -> Iterator[Served]:
    port, tls_port = free_port(), free_port()
    hosts = {"memory": f"aio-broker:{port}", "plain": f"127.0.0.1:{port}", "tls": f"localhost:{tls_port}"}
    tls = (
        f"{{mode: Enabled, trustedCaCertificateConfigMapRef: {CA_CONFIG_MAP}}}" if link == "tls" else "{mode: Disabled}"
    )
    manifests = {
        "broker": broker_manifest(port, tls_port=tls_port),
        "default": endpoint("default", hosts[link], tls=tls),
        "destination": endpoint("destination", f"127.0.0.1:{peer_port}"),
        "flow": dataflow("flow", [FILTER]),
    }
    with run_tidegate(directory, manifests, "off") as program:
        wait_for_port(port, program)
        yield program, port
