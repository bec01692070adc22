"""What the engine takes from the resource store, and when there is something new in it.

Knows that other processes write to the store. Does not know what becomes of what is read.
"""

from collections.abc import Callable
from pathlib import Path

from tidegate.auth.secrets_key import SecretsKey
from tidegate.exceptions import StoreFailed
from tidegate.moment import Moment
from tidegate.settings import Settings
from tidegate.store.database import SetAside
from tidegate.store.resource_store import ResourceStore
from tidegate.store.stored import Cipher, StoredResource

__all__ = ["POLL_SECONDS", "StoreFeed", "open_feed", "resources_path"]

POLL_SECONDS = 0.25
"""Between two looks at the store, beside those that writers ask for."""


_NO_STORE = -2
_UNREADABLE = -1


def resources_path(directory: Path) -> Path:
    """Return where the resource store of a data directory lies."""
    return directory / "resources.db"


def open_feed(settings: Settings, clock: Callable[[], Moment]) -> "StoreFeed | None":
    """Return what an engine takes from the store; None where its settings say that it takes nothing.

    Raises:
        CredentialError: the key of secrets lies inside the data directory.
    """
    if not settings.uses_store or settings.secrets_key_file is None:
        return None
    directory = Path(settings.data_dir)
    return StoreFeed(directory, SecretsKey(Path(settings.secrets_key_file), directory), clock)


class StoreFeed:
    """The store of a data directory, read by one thread and watched by another. It is made by whoever first writes to it.

    `set_aside` says what became of a file that was none of ours.
    """

    def __init__(self, directory: Path, cipher: Cipher, clock: Callable[[], Moment]) -> None:
        self._path = resources_path(directory)
        self._cipher = cipher
        self._clock = clock
        self._store: ResourceStore | None = None
        # Watched on a connection of its own: what another thread reads meanwhile is no change.
        self._watched: ResourceStore | None = None
        self._loaded = 0
        self.set_aside: SetAside | None = None

    def read(self) -> list[StoredResource]:
        """Return what is stored. Raises `StoreFailed`."""
        if self._store is None:
            if not self._path.exists():
                return []
            self._store, self.set_aside = self._open()
        # Asked first: a change in between is then loaded twice, and never missed.
        version = self._store.version()
        records = self._store.resources()
        self._loaded = version
        return records

    def signature(self) -> int:
        """Return what changes when another process changes the store, or when it can be read no longer."""
        try:
            if self._watched is None:
                if not self._path.exists():
                    return _NO_STORE
                self._watched, _ = self._open()
            return self._watched.data_version()
        except StoreFailed:
            return _UNREADABLE

    def has_news(self) -> bool:
        """Tell whether anything was changed since it was read last; whoever then reads sees why it cannot be read."""
        try:
            return self._watched is not None and self._watched.version() != self._loaded
        except StoreFailed:
            return True

    def close(self) -> None:
        """Close the store."""
        for store in (self._store, self._watched):
            if store is not None:
                store.close()

    def _open(self) -> tuple[ResourceStore, SetAside | None]:
        return ResourceStore.open(self._path, self._cipher, now_wall=self._clock().wall)
