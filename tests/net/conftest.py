"""Each test of a stream runs on both event loops, for they differ in when they read and how they close."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine to its end within 20 seconds, and fail on whatever only reached the loop's exception handler."""

    def run_it(coroutine: Coroutine[Any, Any, None]) -> None:
        unhandled: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.get_loop().set_exception_handler(lambda _, context: unhandled.append(context))
            runner.run(asyncio.wait_for(coroutine, 20))
        assert unhandled == []

    return run_it
