"""The one place that starts a task.

Each task has a name, is kept from the garbage collector until it ends, and reports how it failed. Knows nothing of
what the tasks do.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["Report", "Tasks"]

T = TypeVar("T")

Report = Callable[[str, Exception], None]
"""Told the name of a task and the exception that ended it."""


class Tasks:
    """A group of tasks with one owner: they fail one by one, and are cancelled and awaited together.

    `report` is called from the loop when a task ends with an exception. A cancelled task is no failure; a task that
    another one awaits is reported all the same.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tasks: set[asyncio.Task[Any]] = set()  # Any: the results are for whoever awaits the single task
        self._closed = False

    def __len__(self) -> int:
        """Tell how many tasks are running."""
        return len(self._tasks)

    # Any: what a coroutine yields and is sent concerns it and the loop alone.
    def start(self, coroutine: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start `coroutine` as the task `name` and return it."""
        if self._closed:
            coroutine.close()
            raise RuntimeError(f"the task {name} was started after its group was closed")
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel what runs and wait until all of it has ended. Nothing can be started afterwards.

        The task that calls this may be one of the group: it is left to itself.
        """
        self._closed = True
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            self._report(task.get_name(), error)
