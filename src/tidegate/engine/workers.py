"""Worker processes: each runs one instance of a profile.

Knows what a worker is told and asked. Does not know how its process is kept alive (`child`), which flows it should run
(`supervisor`) or what it does inside (`worker`).
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence

from tidegate.engine.channel import Channel
from tidegate.engine.child import EXIT_SECONDS_MAX, Child
from tidegate.engine.diff import Assignment
from tidegate.engine.worker_channel import (
    Apply,
    CheckAccounting,
    Reply,
    Request,
    SecretValues,
    StatusWanted,
    StopFlows,
    UseSecrets,
    WorkerSetup,
)
from tidegate.net.tasks import Tasks
from tidegate.telemetry.status import FlowStatus

__all__ = ["Worker"]

ASK_SECONDS_MAX = 2.0


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
        self._drain_seconds = drain_seconds
        self._assignment = Assignment()
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._child = Child("worker", name, self._talk, tasks, command=command, monotonic=monotonic, random=random)

    @property
    def process_id(self) -> int | None:
        """Return the id of the process that runs now."""
        return self._child.process_id

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
        seconds = EXIT_SECONDS_MAX if at_once else self._drain_seconds + EXIT_SECONDS_MAX
        await self._child.stop(lambda: self._ask(StopFlows(at_once), seconds))

    async def _talk(self, channel: Channel) -> None:
        """Tell a new process what to run, and take its answers until it is gone."""
        try:
            channel.send(0, self._setup())
            channel.send(0, Apply(self._assignment))
            while (received := await channel.receive()) is not None:
                number, message = received
                future = self._answers.pop(number, None)
                if future is not None and not future.done() and isinstance(message, Reply):
                    future.set_result(message.value)
        finally:
            for future in self._answers.values():
                if not future.done():
                    future.set_result(None)
            self._answers.clear()

    async def _ask(self, request: Request, seconds: float) -> object:
        """Send a request and return its answer, None when none comes in time."""
        channel = self._child.channel
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
