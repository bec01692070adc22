import asyncio
import threading

import pytest

from tidegate.net.daemon_thread import in_daemon_thread


def test_it_gives_what_the_call_gives() -> None:
    def call() -> tuple[str, bool]:
        return threading.current_thread().name, threading.current_thread().daemon

    assert asyncio.run(in_daemon_thread(call, "fetch x")) == ("fetch x", True)


def test_it_raises_what_the_call_raises() -> None:
    def call() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(in_daemon_thread(call, "x"))


def test_nobody_waits_for_a_call_that_does_not_end() -> None:
    release = threading.Event()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await in_daemon_thread(release.wait, "stuck")

    asyncio.run(main())
    stuck = next(thread for thread in threading.enumerate() if thread.name == "stuck")
    release.set()
    stuck.join(10)
    assert not stuck.is_alive()
