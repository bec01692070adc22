"""Lets so many PUBLISH packets a second out of a stream, for the emulation of brokers that do: a stream around a stream.

Knows where a packet ends and which are PUBLISH. Does not know what is in them. What waits is held up to the bounds of a
socket; then its writer is told to pause, as by one that takes nothing.
"""

import asyncio
from collections import deque

from tidegate.broker.rate import Rate
from tidegate.mqtt.fixed_header import PUBLISH, packet_bytes
from tidegate.net.stream import WRITE_HIGH_BYTES, WRITE_LOW_BYTES, Receiver, Stream

__all__ = ["PacedStream"]


class PacedStream:
    """Passes everything on, in order, and PUBLISH packets at most `per_second` times a second.

    What is written is whole packets, as the broker core writes them.
    """

    def __init__(self, stream: Stream, per_second: float) -> None:
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._rate = Rate(per_second, self._loop.time())
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._receiver: Receiver | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_paused = False
        self._is_closing = False

    @property
    def peer(self) -> str:
        return self._stream.peer

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._stream.start(receiver)

    def write(self, data: bytes) -> None:
        if self._is_closing:
            return
        rest = memoryview(data)
        while rest:
            length = packet_bytes(rest)
            assert length is not None and length <= len(rest), "the core writes whole packets"
            self._waiting.append(bytes(rest[:length]))
            rest = rest[length:]
        self._waiting_bytes += len(data)
        self._send()
        if self._waiting_bytes > WRITE_HIGH_BYTES and not self._is_paused and self._receiver is not None:
            self._is_paused = True
            self._receiver.writing_paused()

    def writelines(self, buffers: list[bytes]) -> None:
        self.write(b"".join(buffers))

    def pause_reading(self) -> None:
        self._stream.pause_reading()

    def resume_reading(self) -> None:
        self._stream.resume_reading()

    def close(self) -> None:
        """Close, with what is no PUBLISH first: a DISCONNECT says why. The messages that wait are the session's."""
        if not self._is_closing:
            for packet in self._waiting:
                if packet[0] >> 4 != PUBLISH:
                    self._stream.write(packet)
        self._end()
        self._stream.close()

    def abort(self) -> None:
        self._end()
        self._stream.abort()

    def _end(self) -> None:
        self._is_closing = True
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _send(self) -> None:
        waiting = self._waiting
        while waiting:
            if waiting[0][0] >> 4 == PUBLISH and not self._rate.take(self._loop.time()):
                if self._timer is None:
                    self._timer = self._loop.call_later(self._rate.seconds_until_next(), self._go_on)
                break
            packet = waiting.popleft()
            self._waiting_bytes -= len(packet)
            self._stream.write(packet)
        if self._is_paused and self._waiting_bytes <= WRITE_LOW_BYTES and self._receiver is not None:
            self._is_paused = False
            self._receiver.writing_resumed()

    def _go_on(self) -> None:
        self._timer = None
        self._send()
