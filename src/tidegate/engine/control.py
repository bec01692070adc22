"""The control socket in the data directory: one JSON line asked, one JSON line answered.

Knows the socket and its limits, both ends. Does not know what the requests do.
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tidegate.engine.data_directory import control_path
from tidegate.net.tasks import Tasks

__all__ = ["Control", "EngineNotRunning", "Handler", "ask"]

REQUEST_BYTES_MAX = 64 * 1024
ANSWER_BYTES_MAX = 64 * 1024 * 1024
SECONDS_MAX = 10.0

Handler = Callable[[], Awaitable[object]]
"""Gives something that `json` can write, or bytes that are JSON already."""


class EngineNotRunning(Exception):
    """Nothing answers on the control socket of a data directory."""


class Control:
    """The engine's end. A request is `{"request": NAME}`; the answer is `{"answer": ...}` or `{"error": "..."}`."""

    def __init__(self, directory: Path, handlers: Mapping[str, Handler], tasks: Tasks) -> None:
        self._directory = directory
        self._handlers = handlers
        self._tasks = tasks
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Begin to answer; a socket that a killed engine left is replaced, for the lock says that it is dead."""
        control_path(self._directory).unlink(missing_ok=True)
        with _short_path(self._directory) as path:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            mask = os.umask(0o177)
            try:
                listener.bind(path)
            finally:
                os.umask(mask)
        self._server = await asyncio.start_unix_server(self._connected, sock=listener, limit=REQUEST_BYTES_MAX)

    def close(self) -> None:
        """Answer no more, and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._server = None
            control_path(self._directory).unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start(self._serve(reader, writer), "control")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS_MAX):
                writer.write(await self._answer(await reader.readline()) + b"\n")
                await writer.drain()
        except (TimeoutError, OSError, ValueError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> bytes:
        try:
            name = json.loads(line)["request"]
            handler = self._handlers[name]
        except (ValueError, TypeError, LookupError):
            return json.dumps({"error": f"unknown request; there are: {', '.join(self._handlers)}"}).encode()
        answer = await handler()
        if isinstance(answer, bytes):
            return b'{"answer":' + answer + b"}"
        return json.dumps({"answer": answer}).encode()


def ask(directory: Path, request: str) -> object:
    """Ask the engine that runs on `directory`, from outside a loop.

    Raises `EngineNotRunning` when nothing answers, `RuntimeError` when the engine refuses.
    """
    try:
        with _short_path(directory) as path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(SECONDS_MAX)
            client.connect(path)
            client.sendall(json.dumps({"request": request}).encode() + b"\n")
            with client.makefile("rb") as answers:
                line = answers.readline(ANSWER_BYTES_MAX)
    except OSError as error:
        raise EngineNotRunning(f"no engine answers in {directory}") from error
    if not line:
        raise EngineNotRunning(f"the engine in {directory} gave no answer")
    document = json.loads(line)
    if "error" in document:
        raise RuntimeError(document["error"])
    answer: object = document["answer"]
    return answer


@contextmanager
def _short_path(directory: Path) -> Iterator[str]:
    """Give a path of the socket that fits into the 107 bytes of a socket address, however deep the directory lies."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{control_path(directory).name}"
    finally:
        os.close(descriptor)
