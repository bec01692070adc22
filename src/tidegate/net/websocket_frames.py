"""MQTT in WebSocket frames: a stream inside another stream (MQTT 5, section 6). Both sides.

Knows framing, and what of RFC 6455 the sans-I/O layer of `websockets` leaves to its user. Does not know how a WebSocket is
opened, or packets: frames are not aligned with them [MQTT-6.0.0-2], so their bytes are passed on as they come.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, State

from tidegate.net.stream import Receiver, Stream
from tidegate.net.websocket_upgrade import for_people

__all__ = ["FRAME_BYTES_MAX", "SILENT", "FrameStream"]

FRAME_BYTES_MAX = 268_435_460
"""The largest frame, or message of several frames, that is taken: the largest MQTT packet in one (section 2.1.4)."""

# Frames may hold passwords and tokens, so the library's own debug log of them stays off whatever the process logs.
SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)


class FrameStream(ABC):
    """A `Stream` over another one, and that one's receiver. A subclass opens it."""

    other_side = "the server"
    """What people call the peer."""

    def __init__(self, inner: Stream, loop: asyncio.AbstractEventLoop, protocol: Protocol) -> None:
        self._inner = inner
        self._loop = loop
        self._frames = protocol
        self._is_open = False
        self._early: list[bytes] = []
        self._receiver: Receiver | None = None
        self._is_delivering = False
        self._reading_paused = False
        self._writing_paused = False
        self._held_reply: bytes | None = None
        self._closing = False
        self._closed = False
        self._error: Exception | None = None

    @property
    def peer(self) -> str:
        return self._inner.peer

    def start(self, receiver: Receiver) -> None:
        assert self._receiver is None, "a stream is started once"
        self._receiver = receiver
        self._loop.call_soon(self._begin, receiver)

    def write(self, data: bytes) -> None:
        """Send `data` as one binary frame [MQTT-6.0.0-1]."""
        if not self._closing and self._frames.state is State.OPEN:
            self._frames.send_binary(data)
            for frame in self._frames.data_to_send():
                self._inner.write(frame)

    def writelines(self, buffers: list[bytes]) -> None:
        self.write(b"".join(buffers))

    def pause_reading(self) -> None:
        self._reading_paused = True
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        self._reading_paused = False
        if self._is_delivering:
            self._inner.resume_reading()

    def close(self) -> None:
        """Send a Close frame and close the stream below, which waits for the server's end (RFC 6455, section 7.1.1)."""
        if not self._closing:
            self._early.clear()
            if self._frames.state is State.OPEN:
                self._frames.send_close(CloseCode.NORMAL_CLOSURE)
            self._end(None)

    def abort(self) -> None:
        self._closing = True
        self._early.clear()
        self._inner.abort()

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if self._is_open:
            self._frames.receive_data(data)
            self._take_frames()
        else:
            self._receive_opening(data)

    def stream_closed(self, error: Exception | None) -> None:
        self._opening_ended(error)
        if not self._closing:
            self._error = error
        self._closing = self._closed = True
        if self._is_delivering and self._receiver is not None:
            self._receiver.stream_closed(self._error)

    def writing_paused(self) -> None:
        self._writing_paused = True
        if self._is_delivering and not self._closing and self._receiver is not None:
            self._receiver.writing_paused()

    def writing_resumed(self) -> None:
        self._writing_paused = False
        reply, self._held_reply = self._held_reply, None
        if reply is not None:
            self._inner.write(reply)
        if self._is_delivering and not self._closing and self._receiver is not None:
            self._receiver.writing_resumed()

    def _begin(self, receiver: Receiver) -> None:
        early, self._early = self._early, []
        self._is_delivering = True
        if early:
            try:
                receiver.data_received(b"".join(early))
            except BaseException:
                # As in `TcpStream`.
                self.abort()
                raise
        if self._closed:
            receiver.stream_closed(self._error)
        elif not self._reading_paused:
            self._inner.resume_reading()

    @abstractmethod
    def _receive_opening(self, data: bytes) -> None:
        """Take bytes while the WebSocket is not open yet."""

    @abstractmethod
    def _opening_ended(self, error: Exception | None) -> None:
        """Take note that the stream has ended; perhaps before the WebSocket was open."""

    @abstractmethod
    def _failed(self, detail: str) -> Exception:
        """Return the error for a peer that broke the protocol."""

    def _take_frames(self, events: Sequence[object] | None = None) -> None:
        """Pass on the bytes of the frames that came, as one read, then do what the others ask for."""
        found = self._frames.events_received() if events is None else events
        frames = [event for event in found if isinstance(event, Frame)]
        text = next((position for position, frame in enumerate(frames) if frame.opcode is Opcode.TEXT), None)
        data = b"".join(frame.data for frame in frames[:text] if frame.opcode in (Opcode.BINARY, Opcode.CONT))
        if data and self._is_delivering and self._receiver is not None:
            self._receiver.data_received(data)
        elif data:
            self._early.append(data)
        if self._closing:  # the receiver closed us
            return
        if text is not None:
            self._frames.fail(CloseCode.UNSUPPORTED_DATA, "MQTT travels in binary frames")
            self._end(
                self._failed(f"{self.other_side} sent a text frame; MQTT travels in binary frames [MQTT-6.0.0-1]")
            )
        elif self._frames.state is State.OPEN:
            self._reply()
        elif self._frames.close_rcvd is not None and self._frames.parser_exc is None:
            self._end(self._close_error(self._frames.close_rcvd.code, self._frames.close_rcvd.reason))
        else:
            self._end(
                self._failed(
                    f"{self.other_side} broke the WebSocket protocol: {for_people(str(self._frames.parser_exc))}"
                )
            )

    def _reply(self) -> None:
        """Send the Pongs that are due. A server that pings and does not read gets only the last (RFC 6455, section 5.5.3)."""
        for reply in self._frames.data_to_send():
            if self._writing_paused:
                self._held_reply = reply
            else:
                self._inner.write(reply)

    def _end(self, error: Exception | None) -> None:
        """Send the Close frame that is due and close the stream below."""
        self._closing = True
        self._error = error
        self._inner.write(b"".join(self._frames.data_to_send()))
        self._inner.close()

    def _close_error(self, code: int, reason: str) -> Exception | None:
        if code in (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD):
            return None
        said = f": {for_people(reason)}" if reason else ""
        return self._failed(f"{self.other_side} closed the WebSocket with code {code}{said}")
