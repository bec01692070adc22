"""The worlds' disk and the real store are given the same batches, and hold the same."""

from pathlib import Path
from random import Random

import pytest

from tests.simulation.disk import Disk
from tests.simulation.settings import draw
from tests.simulation.world import World
from tidegate.broker.journal import JournalBatch, QueuedRecord, StoredState
from tidegate.flow.events import Side
from tidegate.store.broker_store import BrokerStore


class _Both(Disk):
    """A disk that compares itself with the real store whenever it is read."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.restores = 0
        self._path = path
        self._store = self._open(1)[0]

    def commit(self, batch: JournalBatch) -> None:
        super().commit(batch)
        self._store.commit(batch)

    def state(self, queue_head: int) -> StoredState:
        self._store.close()
        self._store, stored = self._open(queue_head)
        state = super().state(queue_head)
        stored.subscriptions.sort(key=lambda each: (each.session, each.topic_filter))
        stored.received_qos2.sort()
        assert state == stored
        self.restores += 1
        return state

    def read_queue(self, session: int, after_sequence: int, count: int) -> list[QueuedRecord]:
        found = super().read_queue(session, after_sequence, count)
        assert found == self._store.read_queue(session, after_sequence, count)
        return found

    def forget_what_was_sent(self) -> None:
        """Forget nothing: that is the one thing the store cannot do."""

    def lose_everything(self) -> None:
        super().lose_everything()
        self._store.close()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()
        self._store = self._open(1)[0]

    def close(self) -> None:
        self._store.close()

    def _open(self, queue_head: int) -> tuple[BrokerStore, StoredState]:
        store, state, set_aside = BrokerStore.open(self._path, now_wall=0.0, queue_head=queue_head)
        assert set_aside is None
        return store, state


def _dies_often(seed: int) -> bool:
    return sum(name.startswith("kill_broker") for _, name in draw(Random(seed)).faults) > 3


@pytest.mark.parametrize("seed", [seed for seed in range(100) if _dies_often(seed)][:5])
def test_a_disk_holds_what_the_store_holds(seed: int, tmp_path: Path) -> None:
    world = World(seed)
    disks = {side: _Both(tmp_path / f"{side.value}.sqlite") for side in Side}
    for side in Side:
        world.servers[side].disk = disks[side]
    try:
        world.run()
        for disk in disks.values():
            disk.state(4)
    finally:
        for disk in disks.values():
            disk.close()
    assert sum(disk.restores for disk in disks.values()) > 4, "no broker died"
