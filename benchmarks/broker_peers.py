"""Peers for the broker's benchmarks: many subscribers, or many publishers with one message in flight each, in one process.

Each says `ready` on standard output when it is connected, begins at a line on standard input, and ends with one JSON object.
"""

import argparse
import json
import os
import select
import socket
import sys
import time

from benchmarks.figures import percentile
from benchmarks.wire import FILTER, READ_BYTES, PublishBatch, Publishes, connect, subscribe

__all__ = ["main"]

STUCK_SECONDS = 10.0


def fan(port: int, connections: int, count: int, credit_fd: int) -> dict[str, float]:
    """Receive `count` messages of QoS 0 on each of many connections, and say how many every one of them has."""
    sockets = [connect(port, f"fan-{number}") for number in range(connections)]
    parsers = {}
    poll = select.epoll()
    for connection in sockets:
        subscribe(connection, FILTER, 0)
        parsers[connection.fileno()] = (connection, Publishes(wants_stamps=False))
        poll.register(connection, select.EPOLLIN)
    _ready()
    each = dict.fromkeys(parsers, 0)
    wanted = count * connections
    received = last_ns = 0
    while received < wanted:
        events = poll.poll(STUCK_SECONDS)
        if not events:
            break
        for descriptor, _ in events:
            connection, parser = parsers[descriptor]
            taken = parser.feed(connection.recv(READ_BYTES)).count
            received += taken
            each[descriptor] += taken
        os.write(credit_fd, min(each.values()).to_bytes(8, "big"))
        last_ns = time.monotonic_ns()
    return {"received": received, "last_ns": last_ns}


def one_by_one(port: int, connections: int, count: int) -> dict[str, float]:
    """Publish with one QoS 1 message in flight on each connection, `count` in all."""
    peers: dict[int, tuple[socket.socket, PublishBatch]] = {}
    poll = select.epoll()
    for number in range(connections):
        connection = connect(port, f"one-{number}")
        peers[connection.fileno()] = (connection, PublishBatch(1, 256))
        poll.register(connection, select.EPOLLIN)
    _ready()
    start_ns = time.monotonic_ns()
    sent_ns: dict[int, int] = {}
    waits_ns: list[int] = []
    sent = acknowledged = 0

    def send(descriptor: int) -> None:
        nonlocal sent
        connection, batch = peers[descriptor]
        sent_ns[descriptor] = time.monotonic_ns()
        connection.sendall(batch.encode(1))
        sent += 1

    for descriptor in peers:
        send(descriptor)
    while acknowledged < count:
        events = poll.poll(STUCK_SECONDS)
        if not events:
            break
        for descriptor, _ in events:
            # One PUBACK is four bytes, or six with a reason code; there is never more than one on the way.
            assert peers[descriptor][0].recv(64)[0] == 0x40, "not a PUBACK"
            waits_ns.append(time.monotonic_ns() - sent_ns[descriptor])
            acknowledged += 1
            if sent < count:
                send(descriptor)
    return {
        "received": acknowledged,
        "start_ns": start_ns,
        "last_ns": time.monotonic_ns(),
        "p50_seconds": percentile(waits_ns, 50) / 1e9,
    }


def idle(port: int, connections: int) -> dict[str, float]:
    """Hold connections that do nothing, until told to end."""
    sockets = [connect(port, f"idle-{number}") for number in range(connections)]
    _ready()
    sys.stdin.readline()
    return {"received": len(sockets)}


def _ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Run as a process of its own: `python -m benchmarks.broker_peers`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["fan", "one-by-one", "idle"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--credit-fd", type=int, help="where to say how many messages arrived")
    arguments = parser.parse_args()
    if arguments.kind == "fan":
        result = fan(arguments.port, arguments.connections, arguments.count, arguments.credit_fd)
    elif arguments.kind == "one-by-one":
        result = one_by_one(arguments.port, arguments.connections, arguments.count)
    else:
        result = idle(arguments.port, arguments.connections)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
