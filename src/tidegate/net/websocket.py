"""MQTT over WebSocket, the client's side of the opening.

Knows how a client asks for a WebSocket and what the answer must be. Does not know frames (`websocket_frames`).
"""

import asyncio
from urllib.parse import quote

from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from tidegate.exceptions import ConnectFailed
from tidegate.net.stream import Stream
from tidegate.net.websocket_frames import FRAME_BYTES_MAX, SILENT, FrameStream
from tidegate.net.websocket_upgrade import is_accepted, no_answer

__all__ = ["FRAME_BYTES_MAX", "upgrade"]


async def upgrade(inner: Stream, *, host: str, port: int, path: str, secure: bool) -> Stream:
    """Turn `inner`, just connected, into a WebSocket with subprotocol `mqtt` and return that stream.

    Raises `ConnectFailed` when the server answers anything else. `inner` is aborted then, and when this is cancelled.
    """
    uri = WebSocketURI(secure, host, port, quote(path, safe="/?&=%:@!$'()*+,;~"), "")
    stream = _ClientStream(inner, asyncio.get_running_loop(), uri)
    try:
        await stream.opened()
    except BaseException:
        stream.abort()
        raise
    return stream


class _ClientStream(FrameStream):
    """A stream that asks for a WebSocket."""

    def __init__(self, inner: Stream, loop: asyncio.AbstractEventLoop, uri: WebSocketURI) -> None:
        self._uri = uri
        self._protocol = ClientProtocol(
            uri, subprotocols=[Subprotocol("mqtt")], max_size=FRAME_BYTES_MAX, logger=SILENT
        )
        super().__init__(inner, loop, self._protocol)
        self._opening: asyncio.Future[None] = loop.create_future()
        self._answer = b""

    async def opened(self) -> None:
        """Send the upgrade request and wait for the answer. Raises `ConnectFailed`."""
        self._inner.start(self)
        self._protocol.send_request(self._protocol.connect())
        self._inner.write(b"".join(self._protocol.data_to_send()))
        await self._opening

    def _receive_opening(self, data: bytes) -> None:
        if self._opening.done():
            return
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

    def _opening_ended(self, error: Exception | None) -> None:
        if not self._opening.done():
            self._opening.set_exception(error if isinstance(error, ConnectFailed) else no_answer(self._protocol))

    def _failed(self, detail: str) -> Exception:
        return ConnectFailed(
            self._uri.host, self._uri.port, "websocket", detail, "look at the server's log for its side of it"
        )
