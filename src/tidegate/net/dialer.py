"""Open a stream to a broker: resolve, connect, TLS, WebSocket upgrade.

Knows the order of the steps, and says in words which of them failed and why. Does not know credentials (they are in the
SSLContext) or MQTT.
"""

import asyncio
import errno
import ipaddress
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tidegate.exceptions import ConnectFailed
from tidegate.flow.plan import EndpointPlan
from tidegate.net.addresses import Address, connect_first, resolve
from tidegate.net.stream import CLOSE_SECONDS_MAX, Stream
from tidegate.net.tcp import TcpStream
from tidegate.net.tls_failures import tls_failure

__all__ = ["dial"]

LOOPBACK = "127.0.0.1"
"""Where the embedded broker is, whatever its name resolves to; it listens there with every service type."""

_Step = Callable[[str, str, str], AbstractAsyncContextManager[None]]


async def dial(
    endpoint: EndpointPlan,
    *,
    tls: ssl.SSLContext | None,
    timeout_seconds: float,
    connected: Callable[[TcpStream], None] = lambda stream: None,
) -> Stream:
    """Connect to `endpoint` and return the open stream; `tls` is its context, None exactly where `endpoint.tls` is None.

    `connected` is called with the stream over TCP once its TLS is open, before the upgrade to WebSocket.
    All of it takes at most `timeout_seconds`. Raises `ConnectFailed` with the step that failed, why, and a hint.
    """
    assert (tls is None) == (endpoint.tls is None), "an endpoint with TLS is never dialled without"
    step = _steps(endpoint, timeout_seconds)
    host = endpoint.host.removeprefix("[").removesuffix("]")
    async with step("resolve", "resolving the name", "check this machine's DNS"):
        addresses = await _resolve(endpoint, LOOPBACK if endpoint.is_embedded else host)
    async with step(
        "connect", "connecting", f"check that the host is up and that no firewall drops packets to port {endpoint.port}"
    ):
        sock = await _connect(endpoint, host, addresses)
    async with step("tls", "waiting for the TLS handshake", "the port may not speak TLS; check the port and tls.mode"):
        stream = await _open(endpoint, host, sock, tls, timeout_seconds)
    connected(stream)
    if endpoint.transport == "tcp":
        return stream
    # Two megabytes of memory that only a flow over WebSockets needs.
    from tidegate.net.websocket import upgrade

    async with step(
        "websocket",
        "waiting for the WebSocket upgrade",
        "the port may not speak WebSocket; check the port and protocol",
    ):
        return await upgrade(stream, host=host, port=endpoint.port, path=endpoint.path, secure=tls is not None)


def _steps(endpoint: EndpointPlan, timeout_seconds: float) -> _Step:
    """Make the guard that each step runs under: what is not done at the common deadline fails with its own words."""
    deadline = asyncio.get_running_loop().time() + timeout_seconds

    @asynccontextmanager
    async def step(name: str, doing: str, hint: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(deadline):
                yield
        except TimeoutError as error:
            detail = f"no answer within {timeout_seconds:g} s while {doing}"
            raise ConnectFailed(endpoint.host, endpoint.port, "timeout", detail, hint, during=name) from error

    return step


async def _resolve(endpoint: EndpointPlan, host: str) -> Sequence[Address]:
    try:
        return await resolve(host, endpoint.port)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            detail, hint = "the name cannot be resolved now: the DNS server does not answer", "check this machine's DNS"
        else:
            detail, hint = "the name does not resolve", "check the spelling of host, and this machine's DNS"
        raise _failed(endpoint, "resolve", detail, hint) from error
    except UnicodeError as error:
        raise _failed(endpoint, "resolve", "this is not a host name", "check the spelling of host") from error


async def _connect(endpoint: EndpointPlan, host: str, addresses: Sequence[Address]) -> socket.socket:
    outcome = await connect_first(addresses)
    if isinstance(outcome, socket.socket):
        return outcome
    error = outcome[0]
    tried = "" if _is_address(host) else f" (tried {', '.join(str(address[4][0]) for address in addresses)})"
    match error.errno:
        case errno.ECONNREFUSED:
            detail, hint = "connection refused", f"check that the broker runs and listens on port {endpoint.port}"
        case errno.EHOSTUNREACH | errno.ENETUNREACH:
            detail, hint = "no route to the host", "check host, and this machine's network"
        case errno.ETIMEDOUT:
            detail, hint = (
                "the host does not answer",
                "check that the host is up and that no firewall drops the packets",
            )
        case code:
            reason = os.strerror(code).lower() if code is not None else str(error)
            detail, hint = f"cannot connect: {reason}", "check host, port and this machine's network"
    raise _failed(endpoint, "connect", detail + tried, hint) from error


async def _open(
    endpoint: EndpointPlan, host: str, sock: socket.socket, tls: ssl.SSLContext | None, timeout_seconds: float
) -> TcpStream:
    """Make the stream over a connected socket, with the TLS handshake where there is a context."""
    loop = asyncio.get_running_loop()

    def explain(error: Exception) -> Exception:
        if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError):
            return error
        failure = tls_failure(error, host)
        return _failed(endpoint, "tls", failure.detail, failure.hint)

    peer = f"{endpoint.host}:{endpoint.port}"
    if tls is None:
        _, stream = await loop.create_connection(lambda: TcpStream(loop, peer), sock=sock)
        return stream
    try:
        _, stream = await loop.create_connection(
            lambda: TcpStream(loop, peer, explain),
            sock=sock,
            ssl=tls,
            server_hostname=host.removesuffix("."),
            # Twice ours, so that ours is the one that speaks.
            ssl_handshake_timeout=2 * timeout_seconds,
            ssl_shutdown_timeout=CLOSE_SECONDS_MAX,
        )
    except OSError as error:
        failure = tls_failure(error, host)
        raise _failed(endpoint, "tls", failure.detail, failure.hint) from error
    return stream


def _failed(endpoint: EndpointPlan, step: str, detail: str, hint: str) -> ConnectFailed:
    return ConnectFailed(endpoint.host, endpoint.port, step, detail, hint)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
