"""The load generator: one publisher that writes whole batches.

Flooding, it keeps a window of unacknowledged messages towards its server, and at most `BACKLOG_MAX` on the whole path, as the
sink tells it over a pipe; so a QoS 0 run loses nothing for want of room and brokers hold equally little in every run. Paced, it
writes each message when it is due, stamped with the instant of the write. One JSON object on standard output is its result.
"""

import argparse
import json
import os
import select
import socket
import sys
import time

from benchmarks.wire import READ_BYTES, WINDOW, Acknowledgements, PublishBatch, connect

__all__ = ["main"]

BACKLOG_MAX = 4 * WINDOW
STUCK_SECONDS = 15.0


def flood(connection: socket.socket, batch: PublishBatch, count: int, credit_fd: int) -> tuple[int, int]:
    """Send `count` messages as fast as window and backlog allow; return how many were sent and how many acknowledged.

    Gives up when nothing moves for `STUCK_SECONDS`.
    """
    acknowledgements = Acknowledgements()
    watched: list[socket.socket | int] = [connection, credit_fd]
    sent = acknowledged = arrived = 0
    while (acknowledged if batch.qos else arrived) < count:
        room = min(count - sent, BACKLOG_MAX - (sent - arrived), WINDOW)
        if batch.qos:
            room = min(room, WINDOW - (sent - acknowledged))
        if room > 0:
            connection.sendall(batch.encode(room))
            sent += room
        readable, _, _ = select.select(watched, [], [], STUCK_SECONDS)
        if not readable:
            break
        if connection in readable:
            data = connection.recv(READ_BYTES)
            if not data:
                break
            acknowledged += acknowledgements.feed(data)
        if credit_fd in readable:
            credit = os.read(credit_fd, 65_536)
            if credit:
                arrived = int.from_bytes(credit[-8:], "big")
            else:
                # The sink has all it waits for, or has given up.
                watched.remove(credit_fd)
                arrived = count
    return sent, acknowledged - acknowledgements.failed


def pace(connection: socket.socket, batch: PublishBatch, count: int, rate: float) -> tuple[int, int]:
    """Send `count` messages at `rate` a second; return how many were sent and how many acknowledged."""
    acknowledgements = Acknowledgements()
    sent = acknowledged = 0
    start = time.monotonic()
    deadline = start + count / rate + STUCK_SECONDS
    while sent < count or (batch.qos and acknowledged < count):
        now = time.monotonic()
        if now > deadline:
            break
        due = min(count, int((now - start) * rate) + 1) - sent
        if due > 0:
            stamps_ns = [time.monotonic_ns()] * min(due, WINDOW)
            connection.sendall(batch.encode_stamped(stamps_ns))
            sent += len(stamps_ns)
        wait = max(0.0, start + sent / rate - time.monotonic()) if sent < count else 0.1
        if select.select([connection], [], [], wait)[0]:
            data = connection.recv(READ_BYTES)
            if not data:
                break
            acknowledged += acknowledgements.feed(data)
    return sent, acknowledged - acknowledgements.failed


def main() -> None:
    """Run as a process of its own: `python -m benchmarks.load`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--qos", type=int, required=True)
    parser.add_argument("--payload-bytes", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, help="messages a second; without it: as fast as it goes")
    parser.add_argument("--credit-fd", type=int, help="where the sink says how many messages arrived")
    arguments = parser.parse_args()
    connection = connect(arguments.port, "bench-load")
    batch = PublishBatch(arguments.qos, arguments.payload_bytes)
    start_ns = time.monotonic_ns()
    if arguments.rate:
        sent, acknowledged = pace(connection, batch, arguments.count, arguments.rate)
    else:
        sent, acknowledged = flood(connection, batch, arguments.count, arguments.credit_fd)
    # DISCONNECT with reason code 0x00.
    connection.sendall(b"\xe0\x00")
    connection.close()
    json.dump({"sent": sent, "acknowledged": acknowledged, "start_ns": start_ns}, sys.stdout)


if __name__ == "__main__":
    main()
