"""Loopback ports that stay free while a broker is down.

The kernel draws the ports of outgoing connections from its ephemeral range, so a port from below that range cannot be
taken by a client while the process that owns it restarts.
"""

import os
import random
import socket

__all__ = ["free_port"]

PORT_MIN, PORT_MAX = 12_000, 32_000

_random = random.Random(os.getpid())
_handed_out: set[int] = set()


def free_port() -> int:
    """Return a loopback port that nobody listens on and that was not handed out before."""
    while True:
        port = _random.randint(PORT_MIN, PORT_MAX)
        if port in _handed_out:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port
