"""Writes log lines from a thread of its own, so that a standard error nobody reads never holds a message up.

Knows a bounded queue of lines and one file. Does not know what the lines say.
"""

import logging
import os
import queue
import threading
from contextlib import suppress
from typing import TextIO

__all__ = ["FLUSH_SECONDS_MAX", "LINES_MAX", "LogWriter"]

LINES_MAX = 10_000
"""Lines that may wait; above it new ones are left out, and counted in the next one that is written."""

FLUSH_SECONDS_MAX = 2.0
"""How long the end of the process waits for lines that nobody takes."""


class LogWriter(logging.Handler):
    """A logging handler for one stream. A line that cannot be written is lost and disturbs nobody."""

    def __init__(self, stream: TextIO, *, lines_max: int = LINES_MAX) -> None:
        super().__init__()
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(lines_max)
        self._left_out = 0
        self._written = threading.Condition()
        self._waiting = 0
        # A daemon, and writing past the stream's own buffer: a write that blocks for ever must not keep the process.
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line."""
        with suppress(Exception):  # a record that cannot be formatted is a fault of ours that must not stop a message
            if self._left_out and self._put(self.format(_left_out(self._left_out))):
                self._left_out = 0
            if self._left_out or not self._put(self.format(record)):
                self._left_out += 1

    def flush(self) -> None:
        """Wait until everything queued is written, for at most `FLUSH_SECONDS_MAX`."""
        with self._written:
            self._written.wait_for(lambda: not self._waiting, FLUSH_SECONDS_MAX)

    def close(self) -> None:
        """Write no more."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        super().close()

    def _put(self, text: str) -> bool:
        with self._written:
            try:
                self._lines.put_nowait(text)
            except queue.Full:
                return False
            self._waiting += 1
            return True

    def _run(self) -> None:
        while (text := self._lines.get()) is not None:
            # OSError: the reader is gone. ValueError: the stream is closed.
            with suppress(OSError, ValueError):
                self._write(text + "\n")
            with self._written:
                self._waiting -= 1
                self._written.notify_all()

    def _write(self, text: str) -> None:
        try:
            descriptor = self._stream.fileno()
        except OSError:  # a stream in memory
            self._stream.write(text)
            return
        data = text.encode("utf-8", "replace")
        while data:
            data = data[os.write(descriptor, data) :]


def _left_out(count: int) -> logging.LogRecord:
    text = f"{count} log lines were left out, because standard error was not read"
    return logging.makeLogRecord({"name": "tidegate.logs", "levelno": logging.WARNING, "msg": text})
