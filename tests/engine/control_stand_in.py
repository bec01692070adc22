"""A control socket that answers as an engine would, in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tidegate.engine.control import Control, Handler
from tidegate.engine.given import Given
from tidegate.net.tasks import Tasks


@contextmanager
def answering(directory: Path, *, given: Given | bytes | None, reload: bytes) -> Iterator[None]:
    """Answer what an engine was given, as it is where it is bytes, and how its reload went; None knows no such question."""
    listens, ends = threading.Event(), threading.Event()

    async def serve() -> None:
        async def answer_given() -> bytes:
            return given if isinstance(given, bytes) else msgspec.json.encode(given)

        async def answer_reload() -> bytes:
            return reload

        tasks = Tasks(lambda name, error: None)
        handlers: dict[str, Handler] = {"reload": answer_reload}
        if given is not None:
            handlers["given"] = answer_given
        control = Control(directory, handlers, tasks)
        await control.listen()
        listens.set()
        await asyncio.to_thread(ends.wait)
        control.close()
        await tasks.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert listens.wait(10)
    try:
        yield
    finally:
        ends.set()
        thread.join()
