"""The benchmark's own minimal MQTT 5 server: reads and writes in batches, so that it never sets the pace.

It serves one client, at QoS 1, and does one job. As `source` it waits for a SUBSCRIBE and streams PUBLISH packets, as many
unacknowledged as the client's Receive Maximum allows; as `sink` it takes PUBLISH packets and acknowledges each read in one
write. It says its port on standard output, then `ready` when the client has subscribed or connected. Then each line on standard
input, a count, starts a pass, which ends with one JSON object: the count, the sum of the messages' numbers, and the instants of
the first and the last message.
"""

import argparse
import json
import os
import select
import socket
import sys
import time

from mqtt5 import ConnAckPacket, ConnectPacket, SubAckPacket, SubAckReasonCode, SubscribePacket, read

from benchmarks.wire import READ_BYTES, TIMEOUT_SECONDS, WINDOW, Acknowledgements, PublishBatch, Publishes, tune

__all__ = ["main"]

STUCK_SECONDS = 10.0

_PINGREQ = b"\xc0\x00"
_PINGRESP = b"\xd0\x00"


def stream(connection: socket.socket, batch: PublishBatch, count: int, window: int) -> dict[str, int]:
    """Send `count` messages within `window`; the first instant is that of the first write."""
    acknowledgements = Acknowledgements()
    sent = acknowledged = 0
    before = batch.checksum
    first_ns = last_ns = time.monotonic_ns()
    while acknowledged < count:
        room = min(count - sent, window - (sent - acknowledged), WINDOW)
        if room > 0:
            connection.sendall(batch.encode(room))
            sent += room
        data = _receive(connection)
        if not data:
            break
        last_ns = time.monotonic_ns()
        acknowledged += acknowledgements.feed(data)
    return {
        "acknowledged": acknowledged - acknowledgements.failed,
        "checksum": batch.checksum - before,
        "first_ns": first_ns,
        "last_ns": last_ns,
    }


def collect(connection: socket.socket, count: int, credit_fd: int | None) -> dict[str, int]:
    """Take `count` messages, acknowledging each read in one write."""
    publishes = Publishes()
    collected = first_ns = last_ns = 0
    while collected < count:
        data = _receive(connection)
        if not data:
            break
        last_ns = time.monotonic_ns()
        taken = publishes.feed(data)
        answer = taken.pubacks + _PINGRESP * taken.others.count(_PINGREQ)
        if answer:
            connection.sendall(answer)
        if taken.count:
            first_ns = first_ns or last_ns
            collected += taken.count
            if credit_fd is not None:
                os.write(credit_fd, collected.to_bytes(8, "big"))
    return {
        "received": collected,
        "duplicates": publishes.duplicates,
        "checksum": publishes.checksum,
        "first_ns": first_ns,
        "last_ns": last_ns,
    }


def accept(listener: socket.socket) -> tuple[socket.socket, ConnectPacket]:
    """Wait for a client and answer its CONNECT.

    Raises:
        ConnectionError: it sent something else.
    """
    connection, _ = listener.accept()
    connection.settimeout(TIMEOUT_SECONDS)
    tune(connection)
    packet, _ = read(memoryview(connection.recv(READ_BYTES)))
    if not isinstance(packet, ConnectPacket):
        raise ConnectionError(f"expected CONNECT, received {packet!r}")
    connection.sendall(ConnAckPacket(receive_max=WINDOW).write())
    return connection, packet


def accept_subscription(connection: socket.socket) -> None:
    """Wait for a SUBSCRIBE and grant it.

    Raises:
        ConnectionError: something else came.
    """
    packet, _ = read(memoryview(connection.recv(READ_BYTES)))
    if not isinstance(packet, SubscribePacket):
        raise ConnectionError(f"expected SUBSCRIBE, received {packet!r}")
    granted = [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(packet.topic_filters)
    connection.sendall(SubAckPacket(packet.packet_id, granted).write())


def main() -> None:
    """Run as a process of its own: `python -m benchmarks.peer_server`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["source", "sink"])
    parser.add_argument("--payload-bytes", type=int, default=256)
    parser.add_argument("--credit-fd", type=int, help="where the sink says how many messages of a pass arrived")
    arguments = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT_SECONDS)
        print(listener.getsockname()[1], flush=True)
        connection, connect = accept(listener)
    if arguments.job == "source":
        accept_subscription(connection)
    print("ready", flush=True)
    batch = PublishBatch(1, arguments.payload_bytes)
    for line in sys.stdin:
        count = int(line)
        if arguments.job == "source":
            result = stream(connection, batch, count, connect.receive_max)
        else:
            result = collect(connection, count, arguments.credit_fd)
        print(json.dumps(result), flush=True)


def _receive(connection: socket.socket) -> bytes:
    if not select.select([connection], [], [], STUCK_SECONDS)[0]:
        return b""
    return connection.recv(READ_BYTES)


if __name__ == "__main__":
    main()
