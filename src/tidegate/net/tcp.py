"""A stream over a TCP socket, with or without TLS.

Knows the transports of asyncio and uvloop. It is itself their protocol object, so that a read goes from the transport
to the receiver in one call. Does not know how a connection is made (`dialer`) or what travels on it.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import cast

from tidegate.net.stream import CLOSE_SECONDS_MAX, WRITE_HIGH_BYTES, WRITE_LOW_BYTES, Receiver

__all__ = ["TcpStream"]

PROBE_AFTER_SECONDS = 60
PROBE_INTERVAL_SECONDS = 10
PROBES_MAX = 6
"""A peer that is gone without a word is noticed by the system after two idle minutes, even with a keep alive of 0."""


class TcpStream(asyncio.Protocol):
    """A `Stream` over one socket; see `net.stream` for the contract.

    Until `start` it takes at most one read, so what the peer sends early waits in the system. `peer` is what people
    call the other end (None: its address); `explain` makes of the error that ended the connection one for people.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        peer: str | None = None,
        explain: Callable[[Exception], Exception] | None = None,
    ) -> None:
        self._loop = loop
        self._peer = peer
        self._explain = explain
        self._transport: asyncio.Transport
        self._receiver: Receiver | None = None
        self._is_delivering = False
        self._early: list[bytes] = []
        self._deliver: Callable[[bytes], None] = self._keep_early
        self._reading_paused = False
        self._closing = False
        self._closed = False
        self._error: Exception | None = None
        self._close_timer: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> str:
        assert self._peer is not None, "the peer is known once the connection is made"
        return self._peer

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS of the connection, None where it has none."""
        return cast("ssl.SSLObject | None", self._transport.get_extra_info("ssl_object"))

    def start(self, receiver: Receiver) -> None:
        assert self._receiver is None, "a stream is started once"
        self._receiver = receiver
        self._loop.call_soon(self._begin, receiver)

    def write(self, data: bytes) -> None:
        if not self._closing:
            self._transport.write(data)

    def writelines(self, buffers: list[bytes]) -> None:
        if not self._closing:
            self._transport.writelines(buffers)

    def pause_reading(self) -> None:
        self._reading_paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._reading_paused = False
        if self._is_delivering:
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what was written and end the connection in the way that keeps the last bytes whole.

        Closing a socket that holds unread bytes resets the connection, and the peer may then lose what it has not read
        yet. So only our half is ended; what still comes is discarded until the peer ends its half. TLS does likewise.
        """
        if self._closing:
            return
        self._begin_closing()
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
            self._transport.resume_reading()
        except OSError:  # the peer reset the connection and the transport has not seen it yet
            self._transport.abort()

    def abort(self) -> None:
        if not self._closed:
            self._begin_closing()
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES, low=WRITE_LOW_BYTES)
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _probe_when_idle(connection)
        if self._peer is None:
            host, port = transport.get_extra_info("peername")[:2]
            self._peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def data_received(self, data: bytes) -> None:
        self._deliver(data)

    def eof_received(self) -> None:
        """The peer ended its half; the transport sends what waits and closes, which a peer that reads no more would stop."""
        self._arm_close_timer()

    def pause_writing(self) -> None:
        if self._is_delivering and not self._closing and self._receiver is not None:
            self._receiver.writing_paused()

    def resume_writing(self) -> None:
        if self._is_delivering and not self._closing and self._receiver is not None:
            self._receiver.writing_resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._close_timer is not None:
            self._close_timer.cancel()
        # An error that follows our own close says nothing about the connection.
        if exc is not None and not self._closing:
            self._error = exc if self._explain is None else self._explain(exc)
        self._closing = self._closed = True
        if self._is_delivering and self._receiver is not None:
            self._receiver.stream_closed(self._error)

    def _begin(self, receiver: Receiver) -> None:
        early, self._early = self._early, []
        self._is_delivering = True
        if not self._closing or self._closed:
            self._deliver = receiver.data_received
            if early:
                try:
                    receiver.data_received(b"".join(early))
                except BaseException:
                    # The transport would do so for a later read; without it nobody would ever end the connection.
                    self.abort()
                    raise
        if self._closed:
            receiver.stream_closed(self._error)
        elif not self._reading_paused:
            self._transport.resume_reading()

    def _keep_early(self, data: bytes) -> None:
        # Not paused in `connection_made`: there, TLS still has to send the end of its handshake, and uvloop resumes.
        self._early.append(data)
        self._transport.pause_reading()

    def _begin_closing(self) -> None:
        self._closing = True
        self._early.clear()
        self._deliver = _discard
        self._arm_close_timer()

    def _arm_close_timer(self) -> None:
        if self._close_timer is None:
            self._close_timer = self._loop.call_later(CLOSE_SECONDS_MAX, self._transport.abort)


def _discard(data: bytes) -> None:
    """Take the place of a receiver that wants no more."""


def _probe_when_idle(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", PROBE_AFTER_SECONDS),
        ("TCP_KEEPINTVL", PROBE_INTERVAL_SECONDS),
        ("TCP_KEEPCNT", PROBES_MAX),
    ):
        # Not every system has all three; those that have none keep their own times.
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
