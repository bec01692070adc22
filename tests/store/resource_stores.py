"""Resource stores for tests, and a process that writes to one until it is killed."""

import os
import signal
import sys
import time
from pathlib import Path

from tidegate.auth.secrets_key import SecretsKey
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.database import SetAside
from tidegate.store.resource_store import ResourceStore
from tidegate.store.stored import Author, Document

WALL = 1_700_000_000.0
ANNA = Author("anna", "tidegate apply")


def document(name: str, kind: str = "ConfigMap", **fields: object) -> Document:
    """Return a resource as a document."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}  # type: ignore[dict-item]


def opened(folder: Path, key: Path | None = None) -> tuple[ResourceStore, SetAside | None]:
    """Open the store of a folder, with a key beside the folder."""
    data = folder / "data"
    cipher = SecretsKey(key or folder / "config" / "secrets.key", data)
    return ResourceStore.open(data / "resources.db", cipher, now_wall=WALL)


def store_in(folder: Path) -> ResourceStore:
    """Open the store of a folder in which nothing is wrong."""
    store, set_aside = opened(folder)
    assert set_aside is None
    return store


def count_up(folder: Path, times: int) -> None:
    """Raise a number that other processes raise too."""
    store = store_in(folder)
    for _ in range(times):
        with store.transaction(Author(str(times), "count"), WALL) as transaction:
            found = store.get(ResourceKey("ConfigMap", "counter"))
            data = found.document["data"] if found is not None else {"n": "0"}
            assert isinstance(data, dict)
            transaction.put(document("counter", data={"n": str(int(str(data["n"])) + 1)}))


def write_until_killed(folder: Path, statements: int) -> None:
    """Write one resource after another, say each once it is acknowledged, and die at the n-th statement of SQL."""
    store = store_in(folder)
    left = iter(range(statements))

    def die_at_the_end(_: str) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    store._database.set_trace_callback(die_at_the_end)
    for number in range(1_000_000):
        with store.transaction(ANNA, time.time()) as transaction:
            transaction.put(document(f"entry-{number}", data={"n": str(number)}))
            transaction.put(document("last", data={"n": str(number), "padding": "x" * 5_000}))
        print(number, flush=True)


if __name__ == "__main__":
    work = {"count": count_up, "write": write_until_killed}[sys.argv[1]]
    work(Path(sys.argv[2]), int(sys.argv[3]))
