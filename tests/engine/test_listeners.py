import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest
from tests.engine.test_status_http import ask, free_port, get

from tidegate.engine import listeners as listeners_module
from tidegate.engine.listeners import Listeners
from tidegate.engine.status_http import Answer, Route
from tidegate.net.tasks import Tasks


def route(text: str) -> Mapping[str, Route]:
    async def answer(query: Mapping[str, str]) -> Answer:
        return Answer(text.encode())

    return {"/": answer}


def with_listeners(port: int, test: Callable[[Listeners, Tasks], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        tasks = Tasks(lambda name, error: None)
        listeners = Listeners(
            "127.0.0.1", port, route("engine"), lambda profiles: route(" and ".join(sorted(profiles))), tasks
        )
        try:
            await test(listeners, tasks)
        finally:
            listeners.close()
            await tasks.close()

    asyncio.run(main())


async def body(port: int) -> bytes:
    return (await ask(port, get("/"))).partition(b"\r\n\r\n")[2]


def test_profiles_get_listeners_of_their_own_and_lose_them() -> None:
    main_port, own, other = free_port(), free_port(), free_port()

    async def test(listeners: Listeners, tasks: Tasks) -> None:
        listeners.serve_profiles({"default": 9600, "silent": 0, "same": main_port, "fast": own})
        await listeners.listen()
        assert await body(main_port) == b"engine"
        assert await body(own) == b"fast"
        listeners.serve_profiles({"fast": other})
        await listeners.listen()
        assert await body(other) == b"fast"
        with pytest.raises(ConnectionRefusedError):
            await body(own)

    with_listeners(main_port, test)


def test_profiles_that_ask_for_one_port_share_its_listener() -> None:
    port = free_port()

    async def test(listeners: Listeners, tasks: Tasks) -> None:
        listeners.serve_profiles({"slow": port, "fast": port})
        await listeners.listen()
        assert await body(port) == b"fast and slow"

    with_listeners(0, test)


def test_port_0_opens_none_for_the_engine() -> None:
    async def test(listeners: Listeners, tasks: Tasks) -> None:
        await listeners.listen()
        assert listeners.problems == []

    with_listeners(0, test)


def test_a_port_in_use_is_reported_once_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listeners_module, "RETRY_SECONDS", 0.01)
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]

    async def test(listeners: Listeners, tasks: Tasks) -> None:
        await listeners.listen()
        await listeners.listen()
        (problem,) = listeners.problems
        assert problem.startswith(f"cannot listen on 127.0.0.1:{port}: ")
        assert len(caplog.records) == 1
        taken.close()
        tasks.start(listeners.run(), "listeners")
        while listeners.problems:
            await asyncio.sleep(0)
        assert await body(port) == b"engine"

    with caplog.at_level(logging.WARNING, "tidegate"):
        with_listeners(port, test)
