"""The engine's own HTTP: a GET-only responder for `/livez`, `/readyz`, `/metrics`, `/status` and `/debug/accounting`.

Knows just enough of HTTP/1.1 (RFC 9112) to answer small questions, one for each connection. Does not know what the
answers mean: each route is a function.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from tidegate.exceptions import ListenFailed
from tidegate.net.host_header import is_own_host
from tidegate.net.tasks import Tasks

__all__ = ["Answer", "Route", "StatusHttp", "parse_http_address"]

REQUEST_BYTES_MAX = 8 * 1024
REQUEST_SECONDS_MAX = 5.0
CONNECTIONS_MAX = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route gives."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK


Route = Callable[[Mapping[str, str]], Awaitable[Answer]]
"""Takes the query parameters."""


def parse_http_address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT` or `[IPV6]:PORT`, or `off`, which is port 0. Raises `ValueError` that says what is allowed."""
    if text == "off":
        return "127.0.0.1", 0
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is not HOST:PORT with a port of 1 to 65535, nor off")
    return host, int(port)


class StatusHttp:
    """One listener. `routes` are by path."""

    def __init__(self, host: str, port: int, routes: Mapping[str, Route], tasks: Tasks) -> None:
        self._host = host
        self._port = port
        self._routes = routes
        self._tasks = tasks
        self._server: asyncio.Server | None = None
        self._connections = 0

    @property
    def address(self) -> str:
        """Return `host:port` for people."""
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    async def listen(self) -> None:
        """Begin to answer. Raises `ListenFailed`."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._protocol, self._host, self._port)
        except OSError as error:
            # The loop's own sentence repeats the address; a name that does not resolve has no number of this kind.
            is_system = error.errno is not None and error.errno > 0
            detail = os.strerror(error.errno).lower() if is_system and error.errno else error.strerror or str(error)
            raise ListenFailed(self.address, detail) from error

    @property
    def is_listening(self) -> bool:
        """Tell whether `listen` succeeded."""
        return self._server is not None

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        reader = asyncio.StreamReader(limit=REQUEST_BYTES_MAX)

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks.start(self._serve(reader, writer), "status http")

        return asyncio.StreamReaderProtocol(reader, connected)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections > CONNECTIONS_MAX:
                return
            async with asyncio.timeout(REQUEST_SECONDS_MAX):
                try:
                    answer, is_head = await self._answer(await reader.readuntil(b"\r\n\r\n"))
                except asyncio.LimitOverrunError:
                    answer, is_head = _refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), False
                writer.write(_head(answer) + (b"" if is_head else answer.body))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections -= 1
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(REQUEST_SECONDS_MAX):
                    await writer.wait_closed()

    async def _answer(self, request: bytes) -> tuple[Answer, bool]:
        lines = request.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not parts[1].startswith("/"):
            return _refusal(HTTPStatus.BAD_REQUEST), False
        method, target, _ = parts
        if method not in ("GET", "HEAD"):
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED), False
        hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.partition(":")[0].lower() == "host"]
        if len(hosts) != 1 or not is_own_host(hosts[0], {self._host.lower()}):
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST), False
        path, _, query = target.partition("?")
        route = self._routes.get(path)
        if route is None:
            return _refusal(HTTPStatus.NOT_FOUND, "\n".join(["not found; there are:", *self._routes, ""])), False
        return await route(dict(parse_qsl(query, keep_blank_values=True))), method == "HEAD"


def _refusal(status: HTTPStatus, text: str | None = None) -> Answer:
    return Answer((text or f"{status.phrase.lower()}\n").encode(), status=status)


def _head(answer: Answer) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET, HEAD")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
