"""Messages between an engine and a process that it started, over a pair of inherited sockets.

Knows their framing. Does not know what they say. Both ends are this program and nobody else can reach the sockets, so
messages are pickled.
"""

import asyncio
import pickle
import socket

__all__ = ["Channel"]

LENGTH_BYTES = 4
MESSAGE_BYTES_MAX = 64 * 1024 * 1024


class Channel:
    """One end. Messages are numbered, so that answers may come in any order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """Take one of a pair of sockets."""
        return cls(*await asyncio.open_connection(sock=end))

    def send(self, number: int, message: object) -> None:
        """Queue a message; it is lost when the other end is gone, which `receive` will tell."""
        data = pickle.dumps((number, message), protocol=pickle.HIGHEST_PROTOCOL)
        self._writer.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)

    async def flush(self) -> None:
        """Wait until what was sent is written. Raises `ConnectionError` when the other end is gone."""
        await self._writer.drain()

    async def receive(self) -> tuple[int, object] | None:
        """Return the next message, or None when the other end is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(LENGTH_BYTES), "big")
            assert length <= MESSAGE_BYTES_MAX, f"a message of {length} bytes"
            data = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None
        message: tuple[int, object] = pickle.loads(data)  # noqa: S301, see the module's docstring
        return message

    def close(self) -> None:
        """End the channel; the other end sees it."""
        self._writer.close()
