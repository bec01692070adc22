"""A process that the engine starts, talks to over a pair of sockets, and starts again when it dies.

Knows how a process is started, watched and ended; it ends with the engine, for then its socket closes. Does not know what is
said over the channel (`workers`, `console`).
"""

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence

from tidegate.engine.channel import Channel
from tidegate.net.backoff import Backoff
from tidegate.net.tasks import Tasks
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_engine_line

__all__ = ["EXIT_SECONDS_MAX", "Child"]

EXIT_SECONDS_MAX = 5.0
GOOD_LIFE_SECONDS = 10.0


class Child:
    """One process after another.

    `talk` is given the channel to each one, and returns when that one is gone. `command` starts one; the descriptor of the
    inherited socket is appended. `what` is what people call it (`worker`), `name` which one it is.
    """

    def __init__(
        self,
        what: str,
        name: str,
        talk: Callable[[Channel], Awaitable[None]],
        tasks: Tasks,
        *,
        command: Sequence[str],
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._what = what
        self._name = name
        self._talk = talk
        self._monotonic = monotonic
        self._backoff = Backoff(random)
        self._command = command
        self._channel: Channel | None = None
        self._process: Process | None = None
        self.is_stopping = False
        self._task = tasks.start(self._run(), f"{what} {name}")

    @property
    def process_id(self) -> int | None:
        """Return the id of the process that runs now."""
        return None if self._process is None else self._process.pid

    @property
    def channel(self) -> Channel | None:
        """Return the way to the process that runs now."""
        return self._channel

    async def stop(self, farewell: Callable[[], Awaitable[object]] | None = None) -> None:
        """End the process: let it exit, kill it when it does not. `farewell` is awaited first, where one runs."""
        self.is_stopping = True
        if self._process is None:
            self._task.cancel()
        elif farewell is not None:
            await farewell()
        if self._channel is not None:
            self._channel.close()
        await asyncio.wait([self._task], timeout=EXIT_SECONDS_MAX)
        if not self._task.done() and self._process is not None and self._process.returncode is None:
            self._process.kill()
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            began = self._monotonic()
            try:
                await self._live_once()
            except OSError as error:
                self._log_error(f"the {self._what} process cannot be started: {error}")
            if self.is_stopping:
                return
            if self._monotonic() - began >= GOOD_LIFE_SECONDS:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_seconds())

    async def _live_once(self) -> None:
        """Start a process and follow it to its end."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                descriptor = theirs.fileno()
                process = await asyncio.create_subprocess_exec(
                    *self._command, str(descriptor), pass_fds=(descriptor,), stdin=asyncio.subprocess.DEVNULL
                )
        except BaseException:
            ours.close()
            raise
        self._process = process
        channel = self._channel = await Channel.over(ours)
        try:
            fields: dict[str, str | int] = {self._what: self._name, "process": process.pid}
            log_engine_line(f"{self._what}s", Line("info", "=", "started", fields=fields))
            if not self.is_stopping:
                await self._talk(channel)
        finally:
            channel.close()
            self._channel = None
            await self._reap(process)
            self._process = None

    async def _reap(self, process: Process) -> None:
        try:
            async with asyncio.timeout(EXIT_SECONDS_MAX):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if not self.is_stopping:
            how = f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"
            self._log_error(f"the {self._what} process {process.pid} {how}; another one is started")

    def _log_error(self, text: str) -> None:
        log_engine_line(f"{self._what}s", Line("error", "!", text, fields={self._what: self._name}))
