"""The data directory: found, made private, and locked for one engine.

Knows the lock and what lies in the directory. Does not know what the files hold (`session_records`, `control`).
"""

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tidegate.exceptions import DataDirectoryInUse

__all__ = ["DataDirectory", "control_path", "default_data_directory", "is_data_directory", "sessions_path"]

_LOCK_NAME = "engine.lock"
_MARKS = (_LOCK_NAME, "broker.db", "resources.db")
_PRIVATE_MARK = "users.json"


def default_data_directory(environment: Mapping[str, str]) -> Path:
    """Return `$STATE_DIRECTORY` (its first entry, as systemd may give several), else `$XDG_DATA_HOME/tidegate`."""
    state_directory = environment.get("STATE_DIRECTORY", "").split(":")[0]
    if state_directory:
        return Path(state_directory)
    data_home = environment.get("XDG_DATA_HOME", "")
    # The XDG rules say that a relative value is to be ignored.
    base = Path(data_home) if data_home.startswith("/") else Path(environment.get("HOME", "/")) / ".local" / "share"
    return base / "tidegate"


def control_path(directory: Path) -> Path:
    """Return where the control socket lies."""
    return directory / "control.sock"


def sessions_path(directory: Path) -> Path:
    """Return the folder of the session records."""
    return directory / "sessions"


def is_data_directory(folder: Path) -> bool:
    """Tell whether some engine, or a command for one, has its state in a folder: no file there is a manifest."""
    if any((folder / name).exists() for name in _MARKS):
        return True
    try:
        # Somebody else's file of that name is not private.
        return not (folder / _PRIVATE_MARK).stat().st_mode & 0o077
    except OSError:
        return False


class DataDirectory:
    """The directory, held by this process until `close`.

    The lock is flock's, on a descriptor that children do not inherit, so it ends with this process however it dies.

    Raises `DataDirectoryInUse` when another engine holds it, `OSError` when it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
        sessions_path(path).mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(path / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _process_id(self._lock)
            os.close(self._lock)
            raise DataDirectoryInUse(str(path), owner) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        """Give the directory up."""
        with suppress(OSError):
            os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def __enter__(self) -> "DataDirectory":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _process_id(lock: int) -> int | None:
    text = os.pread(lock, 32, 0).strip()
    return int(text) if text.isdigit() else None
