"""Finding out when a bridging process moves messages: one small message for each topic, again and again until it arrives."""

import select
import socket
import time
from collections.abc import Sequence

from mqtt5 import PublishPacket, read

from benchmarks.processes import Program
from benchmarks.wire import READ_BYTES, PublishBatch, connect, packet_spans, subscribe

__all__ = ["wait_for_flow"]

DEADLINE_SECONDS = 60.0
PERIOD_SECONDS = 0.002
BURST_MAX = 50
"""Probes in one period: 200 flows must not be measured under a flood of probes."""


def wait_for_flow(
    program: Program, source_port: int, destination_port: int, topics: Sequence[str], payload: str | None = None
) -> int:
    """Publish on each topic until it has arrived; return when the last one first did, in monotonic nanoseconds.

    A program that reads payloads is given one that it understands.

    Raises:
        RuntimeError: the program ended, or a topic did not arrive in time.
    """
    with connect(source_port, "bench-prober") as source, connect(destination_port, "bench-probed") as destination:
        subscribe(destination, "probe/#", 0)
        unseen = dict.fromkeys(topics)
        given = None if payload is None else payload.encode()
        rest = b""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while unseen:
            if time.monotonic() > deadline or program.process.poll() is not None:
                raise RuntimeError(f"{len(unseen)} of {len(topics)} flows move nothing: {program.log()[-4000:]}")
            for topic in list(unseen)[:BURST_MAX]:
                # To the end of the queue, so that each gets its turn.
                unseen[topic] = unseen.pop(topic)
                source.sendall(PublishBatch(0, 8, (topic,), 1, payload=given).encode(1))
            if select.select([destination], [], [], PERIOD_SECONDS)[0]:
                rest, arrived = _take(destination, rest)
                for topic in arrived:
                    unseen.pop(topic, None)
        arrived_ns = time.monotonic_ns()
        for connection in (source, destination):
            # DISCONNECT with reason code 0x00.
            connection.sendall(b"\xe0\x00")
    return arrived_ns


def _take(connection: socket.socket, rest: bytes) -> tuple[bytes, list[str]]:
    data = rest + connection.recv(READ_BYTES)
    topics = []
    end = 0
    for start, _, end in packet_spans(data):
        packet, _ = read(memoryview(data)[start:end])
        if isinstance(packet, PublishPacket):
            topics.append(packet.topic)
    return data[end:], topics
