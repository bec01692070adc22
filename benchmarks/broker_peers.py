"""Peers for the broker's benchmarks, each one process with connections as many as it likes.

They subscribe, publish with one message in flight on each connection, or hold what a broker has to hold.

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
from benchmarks.wire import FILTER, READ_BYTES, PublishBatch, Publishes, connect, subscribe, subscribe_packet

__all__ = ["main"]

STUCK_SECONDS = 10.0

FILTERS_EACH = 1_000
UNMATCHED = ("bench/+/press-{}/#", "bench/line-{}/+", "+/site-{}/state")
"""Filters that begin as the topics of the load generator do, so that a broker has to look further; a number makes them differ."""


def fan(port: int, connections: int, count: int, qos: int, credit_fd: int) -> dict[str, object]:
    """Receive `count` messages on each of many connections, and say how many every one of them has."""
    subscribers: dict[int, tuple[socket.socket, Publishes]] = {}
    poll = select.epoll()
    for number in range(connections):
        connection = connect(port, f"fan-{number}")
        subscribe(connection, FILTER, qos)
        subscribers[connection.fileno()] = (connection, Publishes())
        poll.register(connection, select.EPOLLIN)
    _ready()
    each = dict.fromkeys(subscribers, 0)
    last_ns = 0
    while sum(each.values()) < count * connections:
        events = poll.poll(STUCK_SECONDS)
        if not events:
            break
        for descriptor, _ in events:
            connection, publishes = subscribers[descriptor]
            taken = publishes.feed(connection.recv(READ_BYTES))
            if taken.pubacks:
                connection.sendall(taken.pubacks)
            each[descriptor] += taken.count
        os.write(credit_fd, min(each.values()).to_bytes(8, "big"))
        last_ns = time.monotonic_ns()
    found = [_arrived(each[descriptor], publishes) for descriptor, (_, publishes) in subscribers.items()]
    return {"subscribers": found, "last_ns": last_ns}


def retained(port: int, count: int) -> dict[str, object]:
    """Subscribe to `count` retained messages, and say when the SUBSCRIBE left and when the last of them came."""
    connection = connect(port, "retained")
    publishes = Publishes()
    _ready()
    received = last_ns = 0
    start_ns = time.monotonic_ns()
    connection.sendall(subscribe_packet(FILTER, 1))
    while received < count and select.select([connection], [], [], STUCK_SECONDS)[0]:
        data = connection.recv(READ_BYTES)
        if not data:
            break
        last_ns = time.monotonic_ns()
        taken = publishes.feed(data)
        received += taken.count
        if taken.pubacks:
            connection.sendall(taken.pubacks)
    return {**_arrived(received, publishes), "start_ns": start_ns, "last_ns": last_ns}


def one_by_one(port: int, connections: int, count: int) -> dict[str, object]:
    """Publish with one QoS 1 message in flight on each connection, `count` in all."""
    peers: dict[int, tuple[socket.socket, PublishBatch]] = {}
    poll = select.epoll()
    for number in range(connections):
        connection = connect(port, f"one-{number}")
        peers[connection.fileno()] = (connection, PublishBatch(1, 256, count_max=1))
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
        "acknowledged": acknowledged,
        "start_ns": start_ns,
        "last_ns": time.monotonic_ns(),
        "p50_seconds": percentile(waits_ns, 50) / 1e9,
    }


def idle(port: int, connections: int) -> dict[str, object]:
    """Hold connections that do nothing, until told to end."""
    sockets = [connect(port, f"idle-{number}") for number in range(connections)]
    _ready()
    return {"connections": len(sockets)}


def subscriptions(port: int, count: int) -> dict[str, object]:
    """Hold subscriptions with wildcards that match nothing the load generator sends, until told to end."""
    sockets = []
    for first in range(0, count, FILTERS_EACH):
        connection = connect(port, f"subscriptions-{first}")
        filters = [
            UNMATCHED[number % len(UNMATCHED)].format(number)
            for number in range(first, min(count, first + FILTERS_EACH))
        ]
        subscribe(connection, filters, 1)
        sockets.append(connection)
    _ready()
    return {"connections": len(sockets)}


def _arrived(received: int, publishes: Publishes) -> dict[str, object]:
    return {"received": received, "duplicates": publishes.duplicates, "checksum": publishes.checksum}


def _ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Run as a process of its own: `python -m benchmarks.broker_peers`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["fan", "one-by-one", "retained", "idle", "subscriptions"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--qos", type=int, default=0)
    parser.add_argument("--credit-fd", type=int, help="where to say how many messages arrived")
    arguments = parser.parse_args()
    port, connections, count = arguments.port, arguments.connections, arguments.count
    if arguments.kind == "fan":
        result = fan(port, connections, count, arguments.qos, arguments.credit_fd)
    elif arguments.kind == "one-by-one":
        result = one_by_one(port, connections, count)
    elif arguments.kind == "retained":
        result = retained(port, count)
    elif arguments.kind == "idle":
        result = idle(port, connections)
    else:
        result = subscriptions(port, count)
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
