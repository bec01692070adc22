"""From a host name to a connected socket, by whichever of its addresses answers first.

Knows RFC 8305 ("Happy Eyeballs"), since uvloop's `create_connection` does not. Does not know what the socket is for.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from tidegate.net.tasks import Tasks

__all__ = ["NEXT_ADDRESS_SECONDS", "Address", "connect_first", "resolve"]

NEXT_ADDRESS_SECONDS = 0.25
"""How long one address is tried before the next one is tried beside it (RFC 8305, section 5)."""

Address = tuple[int, int, int, str, tuple[Any, ...]]  # as getaddrinfo gives it; Any: the last part differs by family


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Look up the addresses of `host`, alternating between IPv6 and IPv4, the system's first choice first.

    Raises `socket.gaierror` when there is none, and `UnicodeError` when `host` cannot be a name.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    first_family = found[0][0]
    preferred = [address for address in found if address[0] == first_family]
    others = [address for address in found if address[0] != first_family]
    return [address for pair in zip_longest(preferred, others) for address in pair if address is not None]


async def connect_first(addresses: Sequence[Address]) -> socket.socket | list[OSError]:
    """Try `addresses` in turn, each a little after the one before or when that failed.

    Returns the first socket that connects, or each address's error when none does.
    """
    untried = deque(addresses)
    errors: list[OSError] = []
    running: set[asyncio.Task[socket.socket | OSError]] = set()
    attempts = Tasks(_never_fails)
    try:
        while untried or running:
            if untried:
                address = untried.popleft()
                running.add(attempts.start(_connect(address), f"connect {address[4][0]}"))
            done, running = await asyncio.wait(
                running, timeout=NEXT_ADDRESS_SECONDS if untried else None, return_when=asyncio.FIRST_COMPLETED
            )
            outcomes = [task.result() for task in done]
            errors += [outcome for outcome in outcomes if isinstance(outcome, OSError)]
            connected = [outcome for outcome in outcomes if isinstance(outcome, socket.socket)]
            if connected:
                for surplus in connected[1:]:
                    surplus.close()
                return connected[0]
        return errors
    finally:
        await attempts.close()
        for task in running:
            if not task.cancelled() and isinstance(late := task.result(), socket.socket):
                late.close()


async def _connect(address: Address) -> socket.socket | OSError:
    family, kind, protocol, _, where = address
    try:
        sock = socket.socket(family, kind, protocol)
    except OSError as error:  # the system lacks the family
        return error
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, where)
    except OSError as error:
        sock.close()
        return error
    except BaseException:
        sock.close()
        raise
    return sock


def _never_fails(name: str, error: Exception) -> None:
    raise AssertionError(f"{name}: an attempt returns its error") from error
