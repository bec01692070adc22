"""A stream of bytes to one peer, as the driver sees it, and a pair of them that needs no socket.

Knows the contract between a stream and its receiver. Does not know what the bytes mean. It is driven by callbacks: a
task and a future for each read would cost more than the work on the bytes.
"""

import asyncio
from typing import Protocol

__all__ = ["CLOSE_SECONDS_MAX", "WRITE_HIGH_BYTES", "WRITE_LOW_BYTES", "Receiver", "Stream", "memory_pair"]

WRITE_HIGH_BYTES = 256 * 1024
"""Above this many bytes written but not yet taken by the system, the receiver is told to pause writing."""

WRITE_LOW_BYTES = 64 * 1024
"""At this many or fewer, it is told to go on."""

CLOSE_SECONDS_MAX = 2.0
"""How long `close` waits for the peer to take the last bytes and close its side, before the stream is aborted."""


class Receiver(Protocol):
    """What a stream calls. No method may raise: an exception here ends the connection as a fault."""

    def data_received(self, data: bytes) -> None:
        """Bytes came, at least one. Never called before `start`, nor after `close` or `abort`."""
        ...

    def stream_closed(self, error: Exception | None) -> None:
        """The stream has ended: called exactly once, last, and never from inside a call to the stream.

        `error` is None when either side ended it in good order, `ConnectFailed` where there is a sentence for people
        (the peer refused our certificate after the handshake, or broke the WebSocket protocol), else an `OSError`.
        """
        ...

    def writing_paused(self) -> None:
        """More than `WRITE_HIGH_BYTES` wait to be sent. May be called from inside `write`."""
        ...

    def writing_resumed(self) -> None:
        """What waits has sunk to `WRITE_LOW_BYTES`."""
        ...


class Stream(Protocol):
    """One connection, made and ready. It holds at most what was written to it and one read."""

    def start(self, receiver: Receiver) -> None:
        """Begin delivering to `receiver`; call it once. What came or happened before is delivered now, later in the loop."""
        ...

    def write(self, data: bytes) -> None:
        """Send `data` when the system takes it. Never blocks; ignored once the stream is closing."""
        ...

    def writelines(self, buffers: list[bytes]) -> None:
        """Send several buffers in order, as `write` would their sum, without joining them where the transport need not."""
        ...

    def pause_reading(self) -> None:
        """Deliver no more until `resume_reading`, so that the peer is held back."""
        ...

    def resume_reading(self) -> None:
        """Deliver again."""
        ...

    def close(self) -> None:
        """Send what was written, then end the connection; abort it after `CLOSE_SECONDS_MAX` if the peer does not."""
        ...

    def abort(self) -> None:
        """End the connection at once; what was not sent yet is lost."""
        ...

    @property
    def peer(self) -> str:
        """The other end as `host:port`, for people."""
        ...


def memory_pair(loop: asyncio.AbstractEventLoop) -> tuple[Stream, Stream]:
    """Make two streams in one process, each the other's peer, with the back pressure of a socket."""
    left, right = _MemoryStream(loop, "memory:0"), _MemoryStream(loop, "memory:1")
    left.other, right.other = right, left
    return left, right


class _MemoryStream:
    """One end of a pair. All that is written to the other in one turn of the loop arrives as one read in the next."""

    other: "_MemoryStream"

    def __init__(self, loop: asyncio.AbstractEventLoop, peer: str) -> None:
        self._loop = loop
        self._peer = peer
        self._receiver: Receiver | None = None
        self._arrived: list[bytes] = []
        self._arrived_bytes = 0
        self._reading_paused = False
        self._writing_paused = False
        self._closing = False
        self._ended = False
        self._end_delivered = False
        self._step_is_due = False

    @property
    def peer(self) -> str:
        return self._peer

    def start(self, receiver: Receiver) -> None:
        assert self._receiver is None, "a stream is started once"
        self._receiver = receiver
        self._step_soon()

    def write(self, data: bytes) -> None:
        self.writelines([data])

    def writelines(self, buffers: list[bytes]) -> None:
        other = self.other
        if self._closing or self._ended or other._closing:
            return
        other._arrived += buffers
        other._arrived_bytes += sum(map(len, buffers))
        other._step_soon()
        if other._arrived_bytes > WRITE_HIGH_BYTES and not self._writing_paused and self._receiver is not None:
            self._writing_paused = True
            self._receiver.writing_paused()

    def pause_reading(self) -> None:
        self._reading_paused = True

    def resume_reading(self) -> None:
        self._reading_paused = False
        self._step_soon()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._take()
            self._end()
            self.other._end()

    def abort(self) -> None:
        self.close()
        self.other._take()

    def _end(self) -> None:
        self._ended = True
        self._step_soon()

    def _step_soon(self) -> None:
        if not self._step_is_due:
            self._step_is_due = True
            self._loop.call_soon(self._step)

    def _step(self) -> None:
        """Deliver what arrived, then the end once nothing is left before it."""
        self._step_is_due = False
        receiver = self._receiver
        if receiver is None or self._end_delivered:
            return
        if self._arrived and not self._reading_paused:
            data = self._take()
            self.other._taken()
            receiver.data_received(data)
        if self._ended and not self._arrived:
            self._end_delivered = True
            receiver.stream_closed(None)

    def _take(self) -> bytes:
        data = b"".join(self._arrived)
        self._arrived.clear()
        self._arrived_bytes = 0
        return data

    def _taken(self) -> None:
        if self._writing_paused and self._receiver is not None and not self._end_delivered:
            self._writing_paused = False
            self._receiver.writing_resumed()
