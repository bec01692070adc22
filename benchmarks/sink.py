"""The counting sink: one subscriber that reads what is there and acknowledges it in one write.

It says `ready` on standard output when its subscription stands, and ends with one JSON object: how many messages came, when
the first and the last, how many were duplicates, the sum of their numbers, and the percentiles of their age if stamped.
"""

import argparse
import json
import os
import select
import socket
import sys
import time

from benchmarks.figures import percentile
from benchmarks.wire import FILTER, READ_BYTES, Publishes, connect, subscribe

__all__ = ["main"]


def receive(
    connection: socket.socket, count: int, stuck_seconds: float, credit_fd: int | None, *, stamped: bool
) -> dict[str, float]:
    """Receive `count` messages, or as many as come without a pause of `stuck_seconds`, and return the result."""
    publishes = Publishes(wants_stamps=stamped)
    ages_ns: list[int] = []
    received = first_ns = last_ns = 0
    while received < count and select.select([connection], [], [], stuck_seconds)[0]:
        data = connection.recv(READ_BYTES)
        if not data:
            break
        last_ns = time.monotonic_ns()
        taken = publishes.feed(data)
        if not taken.count:
            continue
        first_ns = first_ns or last_ns
        received += taken.count
        ages_ns += [last_ns - stamp_ns for stamp_ns in taken.stamps_ns]
        if taken.pubacks:
            connection.sendall(taken.pubacks)
        if credit_fd is not None:
            os.write(credit_fd, received.to_bytes(8, "big"))
    result: dict[str, float] = {
        "received": received,
        "duplicates": publishes.duplicates,
        "checksum": publishes.checksum,
        "first_ns": first_ns,
        "last_ns": last_ns,
    }
    if ages_ns:
        result["p50_seconds"] = percentile(ages_ns, 50) / 1e9
        result["p99_seconds"] = percentile(ages_ns, 99) / 1e9
    return result


def main() -> None:
    """Run as a process of its own: `python -m benchmarks.sink`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--qos", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--stuck-seconds", type=float, default=10.0)
    parser.add_argument("--stamped", action="store_true", help="the payloads start with the time they were sent")
    parser.add_argument("--filter", default=FILTER, help="what to subscribe to")
    parser.add_argument("--durable", action="store_true", help="the session outlives the connection")
    parser.add_argument("--credit-fd", type=int, help="where to say how many messages arrived")
    arguments = parser.parse_args()
    connection = connect(arguments.port, "bench-sink", session_expiry_seconds=600 if arguments.durable else 0)
    subscribe(connection, arguments.filter, arguments.qos)
    print("ready", flush=True)
    result = receive(
        connection, arguments.count, arguments.stuck_seconds, arguments.credit_fd, stamped=arguments.stamped
    )
    # DISCONNECT with reason code 0x00.
    connection.sendall(b"\xe0\x00")
    connection.close()
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
