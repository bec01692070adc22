"""The load generator: publishers that write whole batches.

Flooding, each keeps a window of unacknowledged messages towards its server, and all together at most `BACKLOG_MAX` on the whole
path, as the sink tells it over a pipe; so a QoS 0 run loses nothing for want of room and brokers hold equally little in every
run. Paced, there is one, which writes each message when it is due, stamped with the instant of the write. One JSON object on
standard output is its result.
"""

import argparse
import json
import os
import select
import socket
import sys
import time
from collections.abc import Sequence

from benchmarks.wire import READ_BYTES, TOPIC, WINDOW, Acknowledgements, PublishBatch, connect, numbered_topics

__all__ = ["main"]

BACKLOG_MAX = 4 * WINDOW
STUCK_SECONDS = 15.0


class Publisher:
    """One connection, and how many messages of its `count` it has sent and been acknowledged."""

    def __init__(self, connection: socket.socket, batch: PublishBatch, count: int) -> None:
        self.connection = connection
        self.batch = batch
        self.count = count
        self.sent = 0
        self.acknowledged = 0
        self._acknowledgements = Acknowledgements()

    @property
    def failed(self) -> int:
        """Return how many messages the server refused."""
        return self._acknowledgements.failed

    def send(self, room: int, window: int) -> int:
        """Send what there is room for, in the window and beyond it; return how many."""
        room = min(room, window, self.count - self.sent)
        if self.batch.qos:
            room = min(room, window - (self.sent - self.acknowledged))
        if room > 0:
            self.connection.sendall(self.batch.encode(room))
            self.sent += room
        return max(room, 0)

    def receive(self) -> bool:
        """Take what came; return whether the connection goes on."""
        data = self.connection.recv(READ_BYTES)
        self.acknowledged += self._acknowledgements.feed(data)
        return bool(data)


def flood(publishers: Sequence[Publisher], qos: int, credit_fd: int | None) -> None:
    """Send all messages as fast as window and backlog allow; without credit, a message is on the path until it is acknowledged.

    Gives up when nothing moves for `STUCK_SECONDS`.
    """
    by_connection = {each.connection: each for each in publishers}
    watched: list[socket.socket | int] = list(by_connection)
    if credit_fd is not None:
        watched.append(credit_fd)
    count = sum(each.count for each in publishers)
    window = min(WINDOW, BACKLOG_MAX // len(publishers))
    sent = acknowledged = arrived = 0
    while (acknowledged if qos else arrived) < count:
        for each in publishers:
            sent += each.send(BACKLOG_MAX - (sent - arrived), window)
        readable, _, _ = select.select(watched, [], [], STUCK_SECONDS)
        if not readable:
            break
        for ready in readable:
            if ready == credit_fd:
                credit = os.read(credit_fd, 65_536)
                if credit:
                    arrived = int.from_bytes(credit[-8:], "big")
                else:
                    # The sink has all it waits for, or has given up.
                    watched.remove(credit_fd)
                    arrived = count
            elif not by_connection[ready].receive():  # type: ignore[index]
                return
        acknowledged = sum(each.acknowledged for each in publishers)
        if credit_fd is None:
            arrived = acknowledged


def pace(publisher: Publisher, rate: float) -> None:
    """Send all messages at `rate` a second."""
    connection, batch, count = publisher.connection, publisher.batch, publisher.count
    start = time.monotonic()
    deadline = start + count / rate + STUCK_SECONDS
    while publisher.sent < count or (batch.qos and publisher.acknowledged < count):
        now = time.monotonic()
        if now > deadline:
            break
        due = min(count, int((now - start) * rate) + 1) - publisher.sent
        if due > 0:
            stamps_ns = [time.monotonic_ns()] * min(due, WINDOW)
            connection.sendall(batch.encode_stamped(stamps_ns))
            publisher.sent += len(stamps_ns)
        wait = max(0.0, start + publisher.sent / rate - time.monotonic()) if publisher.sent < count else 0.1
        if select.select([connection], [], [], wait)[0] and not publisher.receive():
            break


def main() -> None:
    """Run as a process of its own: `python -m benchmarks.load`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--qos", type=int, required=True)
    parser.add_argument("--payload-bytes", type=int, required=True)
    parser.add_argument("--payload", help="the payload of every message, instead of so many bytes")
    parser.add_argument("--count", type=int, required=True, help="messages of all publishers")
    parser.add_argument("--publishers", type=int, default=1, help="connections that share the messages")
    parser.add_argument("--topics", type=int, help="this many topics in turn; without it: always the same")
    parser.add_argument("--retain", action="store_true", help="the server is to retain the messages")
    parser.add_argument("--rate", type=float, help="messages a second; without it: as fast as it goes")
    parser.add_argument("--credit-fd", type=int, help="where the sink says how many messages arrived")
    arguments = parser.parse_args()
    topics = (TOPIC,) if arguments.topics is None else numbered_topics(arguments.topics)
    publishers = []
    for number in range(arguments.publishers):
        # The first ones take what does not divide.
        count = (arguments.count + arguments.publishers - 1 - number) // arguments.publishers
        payload = None if arguments.payload is None else arguments.payload.encode()
        batch = PublishBatch(arguments.qos, arguments.payload_bytes, topics, retain=arguments.retain, payload=payload)
        publishers.append(Publisher(connect(arguments.port, f"bench-load-{number}"), batch, count))
    start_ns = time.monotonic_ns()
    if arguments.rate:
        pace(publishers[0], arguments.rate)
    else:
        flood(publishers, arguments.qos, arguments.credit_fd)
    for each in publishers:
        # DISCONNECT with reason code 0x00.
        each.connection.sendall(b"\xe0\x00")
        each.connection.close()
    result = {
        "sent": sum(each.sent for each in publishers),
        "acknowledged": sum(each.acknowledged - each.failed for each in publishers),
        "checksum": sum(each.batch.checksum for each in publishers),
        "start_ns": start_ns,
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
