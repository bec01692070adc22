"""Worker processes: each runs one instance of a profile, and is started again when it dies.

Knows how a process is started, asked and ended. Does not know which flows it should run (`supervisor`) or what it does
inside (`worker`).
"""

import asyncio
import itertools
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence

from tidegate.engine.diff import Assignment
from tidegate.engine.worker_channel import (
    Apply,
    Channel,
    CheckAccounting,
    Reply,
    Request,
    SecretValues,
    StatusWanted,
    StopFlows,
    UseSecrets,
    WorkerSetup,
)
from tidegate.net.backoff import Backoff
from tidegate.net.tasks import Tasks
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_engine_line
from tidegate.telemetry.status import FlowStatus

__all__ = ["Worker"]

ASK_SECONDS_MAX = 2.0
EXIT_SECONDS_MAX = 5.0
GOOD_LIFE_SECONDS = 10.0


class Worker:
    """One worker process after another, for one instance of a profile.

    `setup` is made anew for each process, so that it holds what is current. What a dead process was told last, the next
    one is told first. `command` starts one; the descriptor of the inherited socket is appended.
    """

    def __init__(
        self,
        name: str,
        setup: Callable[[], WorkerSetup],
        tasks: Tasks,
        *,
        command: Sequence[str],
        drain_seconds: float,
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.name = name
        self._setup = setup
        self._tasks = tasks
        self._drain_seconds = drain_seconds
        self._monotonic = monotonic
        self._backoff = Backoff(random)
        self._command = command
        self._assignment = Assignment()
        self._channel: Channel | None = None
        self._process: Process | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._is_stopping = False
        self._task = tasks.start(self._run(), f"worker {name}")

    @property
    def process_id(self) -> int | None:
        """Return the id of the process that runs now."""
        return None if self._process is None else self._process.pid

    async def apply(self, assignment: Assignment) -> None:
        """Let the process run this; returns when released flows have stopped, or nobody answers."""
        self._assignment = assignment
        await self._ask(Apply(assignment), self._drain_seconds + EXIT_SECONDS_MAX)

    async def use_secrets(self, secret_values: SecretValues, log_level: str) -> None:
        """Let the process take secrets that may have changed."""
        await self._ask(UseSecrets(secret_values, log_level), ASK_SECONDS_MAX)

    async def status(self) -> list[FlowStatus] | None:
        """Return what its flows show, None when the process does not answer."""
        answer = await self._ask(StatusWanted(), ASK_SECONDS_MAX)
        return answer if isinstance(answer, list) else None

    async def check_accounting(self) -> list[str]:
        """Return the figures that do not add up; a process that does not answer is one such finding."""
        answer = await self._ask(CheckAccounting(), ASK_SECONDS_MAX)
        return answer if isinstance(answer, list) else [f"the worker {self.name} does not answer"]

    async def stop(self, *, at_once: bool = False) -> None:
        """Let the process drain and exit; kill it when it does not."""
        self._is_stopping = True
        if self._process is not None:
            seconds = EXIT_SECONDS_MAX if at_once else self._drain_seconds + EXIT_SECONDS_MAX
            await self._ask(StopFlows(at_once), seconds)
        else:
            self._task.cancel()
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
                self._log_error(f"the worker process cannot be started: {error}")
            if self._is_stopping:
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
            log_engine_line("workers", Line("info", "=", "started", fields=self._fields(process)))
            if self._is_stopping:
                return
            channel.send(0, self._setup())
            channel.send(0, Apply(self._assignment))
            while (received := await channel.receive()) is not None:
                number, message = received
                future = self._answers.pop(number, None)
                if future is not None and not future.done() and isinstance(message, Reply):
                    future.set_result(message.value)
        finally:
            channel.close()
            self._channel = None
            for future in self._answers.values():
                if not future.done():
                    future.set_result(None)
            self._answers.clear()
            await self._reap(process)
            self._process = None

    async def _reap(self, process: Process) -> None:
        try:
            async with asyncio.timeout(EXIT_SECONDS_MAX):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
        if not self._is_stopping:
            how = f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"
            self._log_error(f"the worker process {process.pid} {how}; another one is started")

    async def _ask(self, request: Request, seconds: float) -> object:
        """Send a request and return its answer, None when none comes in time."""
        channel = self._channel
        if channel is None:
            return None
        number = next(self._numbers)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._answers[number] = future
        try:
            async with asyncio.timeout(seconds):
                channel.send(number, request)
                return await future
        except TimeoutError:
            return None
        finally:
            self._answers.pop(number, None)

    def _log_error(self, text: str) -> None:
        log_engine_line("workers", Line("error", "!", text, fields={"worker": self.name}))

    def _fields(self, process: Process) -> dict[str, str | int]:
        return {"worker": self.name, "process": process.pid}
