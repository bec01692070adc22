"""A control socket that answers as an engine would, in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tidegate.engine.control import Control
from tidegate.engine.given import Given
from tidegate.net.tasks import Tasks


@contextmanager
def answering(directory: Path, *, given: Given, reload: bytes) -> Iterator[None]:
    """Answer what an engine was given, and how its reload went."""
    listens, ends = threading.Event(), threading.Event()

    async def serve() -> None:
        async def answer_given() -> bytes:
            return msgspec.json.encode(given)

        async def answer_reload() -> bytes:
            return reload

        tasks = Tasks(lambda name, error: None)
        control = Control(directory, {"given": answer_given, "reload": answer_reload}, tasks)
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
