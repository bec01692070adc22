import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path, PurePath
from typing import Any

import pytest
from tests.engine.plans import flow_plan

from tidegate.engine import child as child_module
from tidegate.engine import workers as workers_module
from tidegate.engine.diff import Assignment
from tidegate.engine.worker_channel import SecretValues, WorkerSetup
from tidegate.engine.workers import Worker
from tidegate.net.tasks import Tasks
from tidegate.settings import TokenSettings

ROOT = Path(__file__).parents[2]
SETUP = WorkerSetup(
    sessions_directory=PurePath(),
    secrets_dir=None,
    configmaps_dir=None,
    drain_seconds=1.0,
    connect_timeout_seconds=1.0,
    credential_warning_days=14.0,
    log_format=None,
    log_level="info",
    tokens=TokenSettings(),
    secret_values=SecretValues(),
)
ASSIGNMENT = Assignment((flow_plan(),))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the child find the tests and the package."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "src")]))


def with_worker(
    test: Callable[[Worker], Coroutine[Any, Any, None]], behaviour: str = "", command: list[str] | None = None
) -> None:
    async def main() -> None:
        failures: list[Exception] = []
        tasks = Tasks(lambda name, error: failures.append(error))
        worker = Worker(
            "default-0",
            lambda: SETUP,
            tasks,
            command=command or [sys.executable, "-m", "tests.engine.worker_child", behaviour],
            drain_seconds=1.0,
            monotonic=time.monotonic,
            random=lambda: 0.0,
        )
        try:
            await asyncio.wait_for(test(worker), 30)
        finally:
            await tasks.close()
        assert failures == []

    asyncio.run(main())


async def answering(worker: Worker, other_than: int | None = None) -> int:
    """Wait until a process answers, and return its id."""
    while worker.process_id in (None, other_than) or await worker.status() is None:
        await asyncio.sleep(0.01)
    assert worker.process_id is not None
    return worker.process_id


def test_a_process_is_asked_and_ended() -> None:
    async def test(worker: Worker) -> None:
        await answering(worker)
        await worker.apply(ASSIGNMENT)
        await worker.use_secrets(SecretValues(), "info")
        status = await worker.status()
        assert status is not None
        assert status[0].pending == 1
        assert await worker.check_accounting() == ["it does not add up"]
        await worker.stop()
        assert worker.process_id is None

    with_worker(test)


def test_a_process_that_dies_is_started_again_and_told_what_to_run(caplog: pytest.LogCaptureFixture) -> None:
    async def test(worker: Worker) -> None:
        first = await answering(worker)
        await worker.apply(ASSIGNMENT)
        os.kill(first, signal.SIGKILL)
        await answering(worker, other_than=first)
        status = await worker.status()
        assert status is not None
        assert status[0].pending == 1
        assert f"the worker process {first} was ended by signal 9; another one is started" in caplog.text
        await worker.stop()

    with caplog.at_level(logging.INFO, "tidegate"):
        with_worker(test)


def test_a_process_that_does_not_answer_is_killed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "ASK_SECONDS_MAX", 0.05)
    monkeypatch.setattr(workers_module, "EXIT_SECONDS_MAX", 0.05)
    monkeypatch.setattr(child_module, "EXIT_SECONDS_MAX", 0.05)

    async def test(worker: Worker) -> None:
        while worker.process_id is None:
            await asyncio.sleep(0.01)
        process_id = worker.process_id
        os.kill(process_id, signal.SIGSTOP)
        assert await worker.status() is None
        assert await worker.check_accounting() == ["the worker default-0 does not answer"]
        await worker.stop()
        while Path(f"/proc/{process_id}").exists():
            await asyncio.sleep(0.01)

    with_worker(test, "deaf")


def test_stopping_does_not_wait_for_a_process_that_is_to_be_started_later(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tidegate.net.backoff.BACKOFF_SECONDS_MIN", 60.0)

    async def test(worker: Worker) -> None:
        while "the worker process cannot be started" not in caplog.text:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        await worker.stop()
        assert time.monotonic() - began < child_module.EXIT_SECONDS_MAX / 2

    with caplog.at_level(logging.INFO, "tidegate"):
        with_worker(test, command=["/nonexistent/program"])


def test_a_process_that_was_just_started_is_not_waited_for() -> None:
    async def test(worker: Worker) -> None:
        while worker.process_id is None:
            await asyncio.sleep(0)
        began = time.monotonic()
        await worker.stop()
        assert time.monotonic() - began < child_module.EXIT_SECONDS_MAX / 2
        assert worker.process_id is None

    with_worker(test)


def test_a_command_that_is_not_there_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    async def test(worker: Worker) -> None:
        while "the worker process cannot be started" not in caplog.text:
            await asyncio.sleep(0.01)
        assert await worker.status() is None

    with caplog.at_level(logging.INFO, "tidegate"):
        with_worker(test, command=["/nonexistent/program"])
