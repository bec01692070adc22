"""A receiver that writes down what a stream tells it, and peers on loopback for streams to talk to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Recorder:
    """Keeps `reads` and `calls` in order; `closed` is done, with the error or None, when the stream has ended."""

    def __init__(self) -> None:
        self.reads: list[bytes] = []
        self.calls: list[str] = []
        self.closed: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()

    @property
    def data(self) -> bytes:
        return b"".join(self.reads)

    def data_received(self, data: bytes) -> None:
        assert data, "a read has at least one byte"
        assert not self.closed.done(), "nothing comes after the end"
        self.reads.append(data)
        self._changed.set()

    def stream_closed(self, error: Exception | None) -> None:
        self.calls.append("closed")
        self.closed.set_result(error)

    def writing_paused(self) -> None:
        self.calls.append("paused")
        self._changed.set()

    def writing_resumed(self) -> None:
        self.calls.append("resumed")
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for reads and calls until `condition` holds."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


@asynccontextmanager
async def server(handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve on a free port of `host`, which is given; connections still open at the end are cut."""
    writers: list[asyncio.StreamWriter] = []
    handlers: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.current_task()
        assert task is not None
        handlers.append(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass

    listening = await asyncio.start_server(connected, host, 0, ssl=tls)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for writer in writers:
            # The asyncio of Python 3.11.2, which is Debian 12's, cannot abort a TLS connection that was closed after its end.
            with suppress(AttributeError):
                writer.transport.abort()
        if handlers:
            await asyncio.wait(handlers, timeout=5)


async def turns(count: int = 5) -> None:
    """Let the loop run what is due, and what that makes due."""
    for _ in range(count):
        await asyncio.sleep(0)
