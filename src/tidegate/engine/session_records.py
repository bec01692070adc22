"""Which topic filters the session of each client id holds at its broker, so that a later start can mend it.

Knows one small file for each client id, replaced whole, so a crash leaves the old one or the new one.
Does not know brokers: the relay says what the session holds.
"""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

__all__ = ["SessionRecords"]


class SessionRecords:
    """The records in one folder.

    A record is in its file when `record` returns, so that the death of the process cannot lose it; it takes two system
    calls more than nothing, and those only when it changed. One thread then sees to it that a loss of power cannot
    either: that may take a disk long, and nothing waits for it.

    Each client id is recorded by the one process that runs it, so several processes may share the folder.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="session-records")

    def held_filters(self, client_id: str) -> frozenset[str]:
        """Return what was recorded last, empty when nothing was or when the file is damaged."""
        try:
            record = json.loads(self._path(client_id).read_bytes())
        except (OSError, ValueError):
            return frozenset()
        if not isinstance(record, dict) or record.get("client_id") != client_id:
            return frozenset()
        filters = record.get("topic_filters")
        return (
            frozenset(item for item in filters if isinstance(item, str)) if isinstance(filters, list) else frozenset()
        )

    def record(self, client_id: str, topic_filters: tuple[str, ...]) -> None:
        """Write down what the session holds now; of one that holds nothing there is no record.

        Raises `OSError` when it cannot be written; the old record stays then.
        """
        path = self._path(client_id)
        if not topic_filters:
            path.unlink(missing_ok=True)
            return
        if self.held_filters(client_id) == frozenset(topic_filters):
            return
        text = json.dumps({"client_id": client_id, "topic_filters": sorted(topic_filters)})
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123, the mode is set when it is made
            file.write(text)
        temporary.replace(path)
        self._thread.submit(self._secure, path)

    def close(self) -> None:
        """Finish what was asked for, and stop."""
        self._thread.shutdown(wait=True)

    def _path(self, client_id: str) -> Path:
        # A client id may hold any character, `/` included, and be longer than a file name may be.
        return self._directory / f"{hashlib.sha256(client_id.encode()).hexdigest()[:32]}.json"

    def _secure(self, path: Path) -> None:
        """Let the disk keep a record and its name. What fails here is lost only with the power."""
        for place in (path, self._directory):
            with suppress(OSError):
                descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
