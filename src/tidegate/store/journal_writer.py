"""Commits batches in a thread, in order, so that the loop never waits for the disk.

Knows one thread and one store. Does not know what is committed.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from tidegate.broker.journal import JournalBatch, QueuedRecord
from tidegate.exceptions import StoreFailed
from tidegate.store.broker_store import BrokerStore

__all__ = ["CLOSE_SECONDS_MAX", "JournalWriter"]

CLOSE_SECONDS_MAX = 10.0
"""How long `close` waits for the thread to finish what it has."""


class JournalWriter:
    """A thread that owns a store. What is asked is answered on the loop, in the order of asking."""

    def __init__(self, store: BrokerStore, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="broker journal", daemon=True)
        self._thread.start()

    def submit(self, batch: JournalBatch, done: Callable[[StoreFailed | None], None]) -> None:
        """Commit a batch; `done` is called on the loop, with the failure if there was one."""
        self._work.put(partial(self._commit, batch, done))

    def read_queue(
        self,
        session: int,
        after_sequence: int,
        count: int,
        done: Callable[[list[QueuedRecord] | StoreFailed], None],
    ) -> None:
        """Read a session's next messages; `done` is called on the loop."""
        self._work.put(partial(self._read, session, after_sequence, count, done))

    def close(self) -> None:
        """Finish what was asked, close the store and end the thread."""
        self._work.put(None)
        self._thread.join(CLOSE_SECONDS_MAX)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self._store.close()

    def _commit(self, batch: JournalBatch, done: Callable[[StoreFailed | None], None]) -> None:
        failure = None
        try:
            self._store.commit(batch)
        except StoreFailed as error:
            failure = error
        except Exception as error:  # a fault of ours must not end the thread: it is reported as what it does
            failure = StoreFailed("the broker's store", f"internal error: {type(error).__name__}: {error}")
        self._answer(done, failure)

    def _read(
        self,
        session: int,
        after_sequence: int,
        count: int,
        done: Callable[[list[QueuedRecord] | StoreFailed], None],
    ) -> None:
        found: list[QueuedRecord] | StoreFailed
        try:
            found = self._store.read_queue(session, after_sequence, count)
        except StoreFailed as error:
            found = error
        self._answer(done, found)

    def _answer(self, done: Callable[..., None], result: object) -> None:
        try:
            self._loop.call_soon_threadsafe(done, result)
        except RuntimeError:
            # The loop has ended: nobody waits any more, and what was committed stays.
            return
