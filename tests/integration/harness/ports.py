"""Loopback ports that stay free while a broker is down.

The kernel draws the ports of outgoing connections from its ephemeral range, so a port from below that range cannot be
taken by a client while the process that owns it restarts. Nor by another run of the tests: each process takes its ports
from blocks that it has reserved.
"""

import os
import random
import socket
from typing import Self

__all__ = ["BLOCK_PORTS", "Ports", "free_port"]

PORT_MIN, PORT_MAX = 12_000, 32_000
BLOCK_PORTS = 100


class Ports:
    """Hands out ports, none of them twice; two of these never hand out the same.

    A block is reserved by a socket on its first port, which the system takes back when the process ends, however it does.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._reservations: list[socket.socket] = []
        self._left: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for reservation in self._reservations:
            reservation.close()

    def take(self) -> int:
        """Return a port that nobody listens on."""
        while True:
            while not self._left:
                self._reserve(self._chance.randrange(PORT_MIN, PORT_MAX, BLOCK_PORTS))
            port = self._left.pop()
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("", port))
                except OSError:
                    continue
            return port

    def _reserve(self, first: int) -> None:
        # Without SO_REUSEADDR, so that a second reservation fails although nobody listens.
        reservation = socket.socket()
        try:
            reservation.bind(("127.0.0.1", first))
        except OSError:
            reservation.close()
            return
        self._reservations.append(reservation)
        self._left = list(range(first + 1, first + BLOCK_PORTS))
        self._chance.shuffle(self._left)


_ports = Ports(random.Random(os.getpid()))


def free_port() -> int:
    """Return a loopback port that nobody listens on, and that no run of the tests has handed out."""
    return _ports.take()
