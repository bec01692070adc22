"""MQTT over WebSocket, the server's side of the opening.

Knows which requests become a WebSocket: path `/mqtt`, subprotocol `mqtt`, and from browsers only of pages that may. Does
not know frames (`websocket_frames`).
"""

import asyncio
import http
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import WebSocketException
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from tidegate.exceptions import ConnectFailed
from tidegate.net.stream import Stream
from tidegate.net.websocket_frames import FRAME_BYTES_MAX, SILENT, FrameStream

__all__ = ["ORIGIN_CHARACTERS_MAX", "PATH", "REQUEST_BYTES_MAX", "await_upgrade"]

PATH = "/mqtt"
REQUEST_BYTES_MAX = 16 * 1024
"""The largest request for an upgrade."""

ORIGIN_CHARACTERS_MAX = 512
"""The longest Origin that is looked at; a longer one is refused."""

NO_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
"""The answer to what is no request that can be read."""

# Clients of MQTT 3.1 asked for the second one.
SUBPROTOCOLS = [Subprotocol("mqtt"), Subprotocol("mqttv3.1")]


def await_upgrade(
    inner: Stream, loop: asyncio.AbstractEventLoop, seconds: float, on_ready: Callable[[Stream], None]
) -> None:
    """Wait at most `seconds` for the request that makes a WebSocket of `inner`, answer it, and hand over the stream.

    What asks for anything else is answered with a short page and closed.
    """
    _ServerStream(inner, loop, seconds, on_ready).await_request()


class _ServerStream(FrameStream):
    """A stream that was asked for a WebSocket."""

    other_side = "the client"

    def __init__(
        self, inner: Stream, loop: asyncio.AbstractEventLoop, seconds: float, on_ready: Callable[[Stream], None]
    ) -> None:
        self._protocol = ServerProtocol(subprotocols=SUBPROTOCOLS, max_size=FRAME_BYTES_MAX, logger=SILENT)
        super().__init__(inner, loop, self._protocol)
        self._on_ready = on_ready
        self._request_bytes = 0
        self._timer = loop.call_later(seconds, inner.abort)

    def await_request(self) -> None:
        """Begin to read."""
        self._inner.start(self)

    def _receive_opening(self, data: bytes) -> None:
        self._request_bytes += len(data)
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        if events and isinstance(events[0], Request):
            self._answer(events[0], events[1:])
        elif self._protocol.handshake_exc is not None or self._request_bytes > REQUEST_BYTES_MAX:
            self._end_opening(NO_REQUEST)

    def _answer(self, request: Request, frames: Sequence[object]) -> None:
        self._timer.cancel()
        refusal = _refusal(request)
        if refusal is not None:
            self._refuse(*refusal)
            return
        response = self._protocol.accept(request)
        if response.status_code == http.HTTPStatus.SWITCHING_PROTOCOLS and self._protocol.subprotocol is None:
            self._refuse(http.HTTPStatus.BAD_REQUEST, "ask for the subprotocol mqtt [MQTT-6.0.0-3]\n")
            return
        self._protocol.send_response(response)
        self._inner.write(b"".join(self._protocol.data_to_send()))
        if self._protocol.state is not State.OPEN:
            self._closing = True
            self._inner.close()
            return
        self._is_open = True
        self._inner.pause_reading()  # until `start`
        self._on_ready(self)
        self._take_frames(frames)

    def _refuse(self, status: http.HTTPStatus, text: str) -> None:
        self._protocol.send_response(self._protocol.reject(status, text))
        self._end_opening(b"".join(self._protocol.data_to_send()))

    def _end_opening(self, said: bytes) -> None:
        self._timer.cancel()
        self._closing = True
        self._inner.write(said)
        self._inner.close()

    def _opening_ended(self, error: Exception | None) -> None:
        self._timer.cancel()

    def _failed(self, detail: str) -> Exception:
        host, _, port = self.peer.rpartition(":")
        return ConnectFailed(host, int(port), "websocket", detail)


def _refusal(request: Request) -> tuple[http.HTTPStatus, str] | None:
    """Say what is wrong with a request before RFC 6455 has its say, None for nothing."""
    try:
        path = urlsplit(request.path).path
    except ValueError:
        path = ""
    if path != PATH:
        return http.HTTPStatus.NOT_FOUND, f"MQTT is at {PATH}\n"
    try:
        origins = request.headers.get_all("Origin")
    except WebSocketException:
        return http.HTTPStatus.BAD_REQUEST, "headers that cannot be read\n"
    if origins and not (len(origins) == 1 and _is_own(origins[0], request.headers)):
        return http.HTTPStatus.FORBIDDEN, "pages of other sites may not connect\n"
    return None


def _is_own(origin: str, headers: Headers) -> bool:
    """Tell whether a page comes from this very machine, or from the address that was asked (cross-site hijacking).

    The same name is not enough: whoever owns a name can make it lead here (DNS rebinding).
    """
    if len(origin) > ORIGIN_CHARACTERS_MAX:
        return False
    try:
        page = urlsplit(origin)
        host = page.hostname
        asked = urlsplit(f"//{headers['Host']}").hostname
    except (KeyError, ValueError, WebSocketException):
        return False
    if host is None or page.scheme not in ("http", "https"):
        return False
    try:
        return ip_address(host).is_loopback or host == asked
    except ValueError:
        return host == "localhost"
