"""`engine/child.py`: processes that are started, watched, started again, and ended."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tidegate.engine import child as child_module
from tidegate.engine.channel import Channel
from tidegate.engine.child import Child
from tidegate.net.tasks import Tasks

ENDS_WITH_ITS_SOCKET = "import socket, sys; socket.socket(fileno=int(sys.argv[1])).recv(1)"
IS_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


async def _until_gone(channel: Channel) -> None:
    while await channel.receive() is not None:
        pass


def with_child(test: Callable[[Child], Awaitable[None]], *command: str) -> None:
    async def main() -> None:
        failures: list[Exception] = []
        tasks = Tasks(lambda name, error: failures.append(error))
        child = Child(
            "helper", "one", _until_gone, tasks, command=command, monotonic=time.monotonic, random=lambda: 0.0
        )
        try:
            await asyncio.wait_for(test(child), 30)
        finally:
            await tasks.close()
        assert failures == []

    asyncio.run(main())


async def _running(child: Child, other_than: int | None = None) -> int:
    while child.channel is None or child.process_id in (None, other_than):
        await asyncio.sleep(0.01)
    assert child.process_id is not None
    return child.process_id


def test_a_process_ends_with_its_socket() -> None:
    async def test(child: Child) -> None:
        await _running(child)
        said: list[str] = []

        async def farewell() -> None:
            said.append("bye")

        await child.stop(farewell)
        assert said == ["bye"]
        assert child.process_id is None
        assert child.is_stopping

    with_child(test, sys.executable, "-c", ENDS_WITH_ITS_SOCKET)


def test_a_process_that_dies_is_followed_by_another(caplog: pytest.LogCaptureFixture) -> None:
    async def test(child: Child) -> None:
        first = await _running(child)
        os.kill(first, signal.SIGKILL)
        await _running(child, other_than=first)
        assert f"the helper process {first} was ended by signal 9; another one is started" in caplog.text
        await child.stop()

    with caplog.at_level(logging.INFO, "tidegate"):
        with_child(test, sys.executable, "-c", ENDS_WITH_ITS_SOCKET)


def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "EXIT_SECONDS_MAX", 0.05)

    async def test(child: Child) -> None:
        process_id = await _running(child)
        await child.stop()
        while Path(f"/proc/{process_id}").exists():
            await asyncio.sleep(0.01)

    with_child(test, sys.executable, "-c", IS_DEAF)


def test_a_program_that_is_not_there_is_reported_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def test(child: Child) -> None:
        while caplog.text.count("cannot be started") < 2:
            await asyncio.sleep(0.01)
        await child.stop()

    with caplog.at_level(logging.INFO, "tidegate"):
        with_child(test, "/nonexistent/program")
