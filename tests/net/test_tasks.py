"""Tasks are named, kept, seen to fail, and ended together."""

import asyncio
import gc

import pytest
from tests.net.conftest import Run
from tests.net.recorder import turns

from tidegate.net.tasks import Tasks


def test_a_failure_is_reported_with_the_name(run: Run) -> None:
    async def fail() -> None:
        raise ValueError("no")

    async def test() -> None:
        reports: list[tuple[str, str]] = []
        tasks = Tasks(lambda name, error: reports.append((name, str(error))))
        tasks.start(fail(), "flow a")
        await turns()
        assert reports == [("flow a", "no")]
        assert len(tasks) == 0

    run(test())


def test_the_result_is_for_whoever_awaits(run: Run) -> None:
    async def seven() -> int:
        return 7

    async def test() -> None:
        tasks = Tasks(_unexpected)
        task = tasks.start(seven(), "seven")
        assert task.get_name() == "seven"
        assert await task == 7

    run(test())


def test_a_task_nobody_refers_to_is_kept(run: Run) -> None:
    async def test() -> None:
        tasks = Tasks(_unexpected)
        finished = asyncio.Event()

        async def wait() -> None:
            # Only the task itself refers to what it waits for, so that nothing but the group keeps it.
            await asyncio.get_running_loop().run_in_executor(None, gc.collect)
            finished.set()

        tasks.start(wait(), "kept")
        gc.collect()
        await finished.wait()

    run(test())


def test_close_cancels_and_awaits_all_but_the_caller(run: Run) -> None:
    async def test() -> None:
        tasks = Tasks(_unexpected)
        ended: list[str] = []

        async def wait(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(name)

        async def owner() -> None:
            await tasks.close()
            ended.append("owner")

        for name in ("a", "b"):
            tasks.start(wait(name), name)
        await turns()
        await tasks.start(owner(), "owner")
        assert sorted(ended[:2]) == ["a", "b"]
        assert ended[2] == "owner"

    run(test())


def test_nothing_is_started_after_close(run: Run) -> None:
    async def test() -> None:
        tasks = Tasks(_unexpected)
        await tasks.close()
        with pytest.raises(RuntimeError, match="the task late was started after its group was closed"):
            tasks.start(asyncio.sleep(0), "late")

    run(test())


def _unexpected(name: str, error: Exception) -> None:
    raise AssertionError(name) from error
