"""Accepts connections: TCP or TLS, MQTT or WebSocket, and hands over streams that are ready.

Knows sockets, how many connections there may be, and how long one may take to become ready. Does not know what travels on
them.
"""

import asyncio
import errno
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from tidegate.exceptions import ListenFailed
from tidegate.net.stream import Stream
from tidegate.net.tcp import TcpStream
from tidegate.net.websocket_server import await_upgrade

__all__ = ["BACKLOG", "Listener", "ListenerSettings", "PeerInfo"]

_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)

BACKLOG = 1024
"""How many connections the system keeps for us to accept."""

_DER = 2
"""The form `ENCODING_DER` of the `ssl` module's own certificates."""

HandOver = Callable[[Stream, "PeerInfo"], None]


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """Who connected: the address without its port, and the client's certificate with those that it sent along, if any."""

    address: str
    certificates_der: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Where to listen and how; `addresses` are IPv4 or IPv6, `port` 0 lets the system choose."""

    addresses: tuple[str, ...]
    port: int
    protocol: Literal["Mqtt", "WebSockets"] = "Mqtt"
    connections_max: int = 10_000
    connections_per_address_max: int = 10_000
    ready_seconds_max: float = 10.0


class Listener:
    """Listens on one port. `on_stream` takes what was accepted and is ready."""

    def __init__(self, settings: ListenerSettings, on_stream: HandOver, refused: "Counter[str] | None" = None) -> None:
        self.settings = settings
        self._on_stream = on_stream
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._by_address: Counter[str] = Counter()
        self.refused: Counter[str] = Counter() if refused is None else refused
        """Connections that were not let in, by reason; listeners may share it."""

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return int(self._sockets[0].getsockname()[1])

    async def listen(self, tls: ssl.SSLContext | None) -> None:
        """Begin to accept; `tls` None for plain TCP.

        Raises:
            ListenFailed: an address is in use or not ours; nothing is listened on then.
        """
        try:
            for address in self.settings.addresses:
                port = self.settings.port if not self._sockets else self.port
                try:
                    self._sockets.append(_bound(address, port))
                except OSError as error:
                    # A machine without IPv6 has none of its addresses, and is reached by the others.
                    if not (self._sockets and ":" in address and error.errno in _NO_SUCH_FAMILY):
                        raise
        except OSError as error:
            self.close()
            where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
            raise ListenFailed(where, error.strerror or str(error)) from error
        await self.use_tls(tls)

    async def use_tls(self, tls: ssl.SSLContext | None) -> None:
        """Accept with another context from now on; connections that stand are left alone, and none is refused meanwhile."""
        before, self._servers = self._servers, []
        for listening in self._sockets:
            self._servers.append(
                await self._loop.create_server(
                    lambda: _Accepted(self._loop, self),
                    sock=listening.dup(),
                    ssl=tls,
                    backlog=BACKLOG,
                    ssl_handshake_timeout=self.settings.ready_seconds_max if tls is not None else None,
                )
            )
        for server in before:
            server.close()

    def close(self) -> None:
        """Accept no more; connections that stand are left alone."""
        for server in self._servers:
            server.close()
        for listening in self._sockets:
            listening.close()
        self._servers, self._sockets = [], []

    def let_in(self, stream: "_Accepted", address: str) -> bool:
        """Count a connection in, or say that there are too many."""
        reason = None
        if self._by_address.total() >= self.settings.connections_max:
            reason = "too many connections"
        elif self._by_address[address] >= self.settings.connections_per_address_max:
            reason = "too many connections of one address"
        if reason is not None:
            self.refused[reason] += 1
            return False
        self._by_address[address] += 1
        info = PeerInfo(address, stream.certificates_der())
        if self.settings.protocol == "Mqtt":
            self._on_stream(stream, info)
        else:
            await_upgrade(
                stream, self._loop, self.settings.ready_seconds_max, lambda ready: self._on_stream(ready, info)
            )
        return True

    def count_out(self, address: str) -> None:
        """Count a connection out."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class _Accepted(TcpStream):
    """A stream that was accepted."""

    __slots__ = ("_address", "_listener")

    def __init__(self, loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
        super().__init__(loop)
        self._listener = listener
        self._address: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        address = str(transport.get_extra_info("peername")[0])
        if self._listener.let_in(self, address):
            self._address = address
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._address is not None:
            self._listener.count_out(self._address)
        super().connection_lost(exc)

    def certificates_der(self) -> tuple[bytes, ...]:
        """Return the certificates that the client showed, its own first."""
        session = cast("ssl.SSLObject | None", self._transport.get_extra_info("ssl_object"))
        # Of a client without a certificate the chain would be one of nothing.
        return () if session is None or session.getpeercert(binary_form=True) is None else _shown_chain(session)


class _Certificate(Protocol):
    def public_bytes(self, form: int) -> bytes: ...


class _Session(Protocol):
    def get_unverified_chain(self) -> "list[_Certificate] | None": ...


def _shown_chain(session: ssl.SSLObject) -> tuple[bytes, ...]:
    if sys.version_info >= (3, 13):
        return tuple(session.get_unverified_chain())
    # Before Python 3.13 only the object inside had the method.
    inside = cast(_Session, session._sslobj)  # type: ignore[attr-defined]
    return tuple(each.public_bytes(_DER) for each in inside.get_unverified_chain() or ())


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.setblocking(False)
        listening.bind((address, port))
    except OSError:
        listening.close()
        raise
    return listening
