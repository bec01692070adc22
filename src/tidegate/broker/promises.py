"""What is to be committed before it may be said.

Knows the batch that gathers, the number committed last, and which connections wait for which. Does not know disks.
"""

from collections import deque
from typing import TYPE_CHECKING

from tidegate.broker.journal import JournalBatch

if TYPE_CHECKING:
    from tidegate.broker.connection import Connection

__all__ = ["Promises"]


class Promises:
    """The batch of changes that gathers, and who waits for it. Batches are numbered from 1."""

    def __init__(self) -> None:
        self.batch = JournalBatch(1)
        self.committed = 0
        self.changes = 0
        """Counts every change, so that a caller sees whether anything it did is to be committed."""
        self._waiting: deque[tuple[int, Connection]] = deque()
        self._last_taken = 0

    @property
    def number(self) -> int:
        """Return the number of the batch that gathers."""
        return self.batch.number

    def changing(self) -> JournalBatch:
        """Return the batch that gathers, to be changed."""
        self.changes += 1
        return self.batch

    def await_commit(self, number: int, connection: "Connection") -> None:
        """Note that a connection holds something until batch `number` is committed."""
        self._waiting.append((number, connection))

    def take(self) -> JournalBatch | None:
        """Return the batch to commit now and begin the next, None when nothing changed."""
        if not self.batch and not (self._waiting and self._waiting[-1][0] == self.batch.number):
            return None
        batch = self.batch
        self.batch = JournalBatch(batch.number + 1)
        return batch

    def commit(self, number: int) -> "list[Connection]":
        """Note that all batches up to `number` are committed; return the connections that waited for them."""
        self.committed = number
        released = []
        waiting = self._waiting
        while waiting and waiting[0][0] <= number:
            released.append(waiting.popleft()[1])
        return released
