"""MQTT over WebSocket: a stream inside another stream (MQTT 5, section 6). Client side.

Knows framing, and what of RFC 6455 the sans-I/O layer of `websockets` leaves to its user. Does not know packets: frames
are not aligned with them [MQTT-6.0.0-2], so their bytes are passed on as they come.
"""

import asyncio
import logging
from urllib.parse import quote

from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from tidegate.exceptions import ConnectFailed
from tidegate.net.stream import Receiver, Stream
from tidegate.net.websocket_upgrade import for_people, is_accepted, no_answer

__all__ = ["FRAME_BYTES_MAX", "upgrade"]

FRAME_BYTES_MAX = 268_435_460
"""The largest frame, or message of several frames, that is taken: the largest MQTT packet in one (section 2.1.4)."""

# Frames may hold passwords and tokens, so the library's own debug log of them stays off whatever the process logs.
_SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)


async def upgrade(inner: Stream, *, host: str, port: int, path: str, secure: bool) -> Stream:
    """Turn `inner`, just connected, into a WebSocket with subprotocol `mqtt` and return that stream.

    Raises `ConnectFailed` when the server answers anything else. `inner` is aborted then, and when this is cancelled.
    """
    uri = WebSocketURI(secure, host, port, quote(path, safe="/?&=%:@!$'()*+,;~"), "")
    stream = _WebSocketStream(inner, asyncio.get_running_loop(), uri)
    try:
        await stream.opened()
    except BaseException:
        stream.abort()
        raise
    return stream


class _WebSocketStream:
    """A `Stream` over another one, and that one's receiver."""

    def __init__(self, inner: Stream, loop: asyncio.AbstractEventLoop, uri: WebSocketURI) -> None:
        self._inner = inner
        self._loop = loop
        self._uri = uri
        self._protocol = ClientProtocol(
            uri, subprotocols=[Subprotocol("mqtt")], max_size=FRAME_BYTES_MAX, logger=_SILENT
        )
        self._opening: asyncio.Future[None] = loop.create_future()
        self._answer = b""
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

    async def opened(self) -> None:
        """Send the upgrade request and wait for the answer. Raises `ConnectFailed`."""
        self._inner.start(self)
        self._protocol.send_request(self._protocol.connect())
        self._inner.write(b"".join(self._protocol.data_to_send()))
        await self._opening

    @property
    def peer(self) -> str:
        return self._inner.peer

    def start(self, receiver: Receiver) -> None:
        assert self._receiver is None, "a stream is started once"
        self._receiver = receiver
        self._loop.call_soon(self._begin, receiver)

    def write(self, data: bytes) -> None:
        """Send `data` as one binary frame [MQTT-6.0.0-1]."""
        if not self._closing and self._protocol.state is State.OPEN:
            self._protocol.send_binary(data)
            for frame in self._protocol.data_to_send():
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
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._end(None)

    def abort(self) -> None:
        self._closing = True
        self._early.clear()
        self._inner.abort()

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        if self._is_open:
            self._protocol.receive_data(data)
            self._take_frames()
        elif not self._opening.done():
            self._receive_answer(data)

    def stream_closed(self, error: Exception | None) -> None:
        if not self._opening.done():
            self._opening.set_exception(error if isinstance(error, ConnectFailed) else no_answer(self._protocol))
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
            receiver.data_received(b"".join(early))
        if self._closed:
            receiver.stream_closed(self._error)
        elif not self._reading_paused:
            self._inner.resume_reading()

    def _receive_answer(self, data: bytes) -> None:
        self._answer += data
        try:
            accepted = is_accepted(self._protocol, self._answer)
        except ConnectFailed as error:
            self._opening.set_exception(error)
            return
        if accepted:
            self._answer = b""
            self._is_open = True
            self._opening.set_result(None)
            self._inner.pause_reading()  # until `start`; the first frames may have come with the answer
            self._take_frames()

    def _take_frames(self) -> None:
        """Pass on the bytes of the frames that came, as one read, then do what the others ask for."""
        frames = [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        text = next((position for position, frame in enumerate(frames) if frame.opcode is Opcode.TEXT), None)
        data = b"".join(frame.data for frame in frames[:text] if frame.opcode in (Opcode.BINARY, Opcode.CONT))
        if data and self._is_delivering and self._receiver is not None:
            self._receiver.data_received(data)
        elif data:
            self._early.append(data)
        if self._closing:  # the receiver closed us
            return
        if text is not None:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "MQTT travels in binary frames")
            self._end(self._failed("the server sent a text frame; MQTT travels in binary frames [MQTT-6.0.0-1]"))
        elif self._protocol.state is State.OPEN:
            self._reply()
        elif self._protocol.close_rcvd is not None and self._protocol.parser_exc is None:
            self._end(self._close_error(self._protocol.close_rcvd.code, self._protocol.close_rcvd.reason))
        else:
            self._end(
                self._failed(f"the server broke the WebSocket protocol: {for_people(str(self._protocol.parser_exc))}")
            )

    def _reply(self) -> None:
        """Send the Pongs that are due. A server that pings and does not read gets only the last (RFC 6455, section 5.5.3)."""
        for reply in self._protocol.data_to_send():
            if self._writing_paused:
                self._held_reply = reply
            else:
                self._inner.write(reply)

    def _end(self, error: ConnectFailed | None) -> None:
        """Send the Close frame that is due and close the stream below."""
        self._closing = True
        self._error = error
        self._inner.write(b"".join(self._protocol.data_to_send()))
        self._inner.close()

    def _close_error(self, code: int, reason: str) -> ConnectFailed | None:
        if code in (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD):
            return None
        said = f": {for_people(reason)}" if reason else ""
        return self._failed(f"the server closed the WebSocket with code {code}{said}")

    def _failed(self, detail: str) -> ConnectFailed:
        return ConnectFailed(
            self._uri.host, self._uri.port, "websocket", detail, "look at the server's log for its side of it"
        )
