"""Data sets out of the files of a folder, `<key>.jsonl` each, read again whenever one changes.

Knows the names of the files. Does not know what they hold (`datasets`).
"""

import asyncio
from collections.abc import Hashable, Sequence
from pathlib import Path, PurePath
from urllib.parse import quote

from tidegate.engine.credentials import Credentials
from tidegate.engine.datasets import Datasets
from tidegate.engine.watch import POLL_SECONDS, Watch, file_signature
from tidegate.transform.enrich import Snapshots
from tidegate.transform.records import DATASET_BYTES_MAX, RecordsError, parse_records
from tidegate.transform.view import Record

__all__ = ["DatasetFiles", "dataset_file", "read_datasets"]


def dataset_file(folder: PurePath, key: str) -> Path:
    """Return the file of a key; what a name of a file cannot have is written as in addresses (`a/b` as `a%2Fb`)."""
    return Path(folder) / f"{quote(key, safe='')}.jsonl"


def read_datasets(folder: PurePath, keys: Sequence[str]) -> Snapshots:
    """Return the records of keys as they are now. Raises `RecordsError`, which names the file."""
    found: dict[str, Sequence[Record]] = {}
    for key in keys:
        path = dataset_file(folder, key)
        _, data = _look(path, None)
        if not isinstance(data, bytes):
            raise RecordsError(f"{path}: {'there is no such file' if data is None else data.strerror}")
        try:
            found[key] = parse_records(data)
        except RecordsError as error:
            raise RecordsError(f"{path}: {error}") from None
    return found


class DatasetFiles:
    """Reads the data sets of one flow. See `Watch` for `poll_seconds`."""

    def __init__(
        self, folder: PurePath, keys: Sequence[str], datasets: Datasets, *, poll_seconds: float = POLL_SECONDS
    ) -> None:
        self._poll_seconds = poll_seconds
        self._files = {key: dataset_file(folder, key) for key in keys}
        self._datasets = datasets
        self._read: dict[str, Hashable] = {}

    async def run(self) -> None:
        """See `DatasetReader`."""
        seen = await asyncio.to_thread(self._signatures)
        await self._changed()
        await Watch(self._signatures, self._changed, poll_seconds=self._poll_seconds).run(seen)

    def use_credentials(self, credentials: Credentials) -> None:
        """See `DatasetReader`; files need none."""

    def _signatures(self) -> Hashable:
        return file_signature(self._files.values())

    async def _changed(self) -> None:
        for key, path in self._files.items():
            signature, found = await asyncio.to_thread(_look, path, self._read.get(key))
            if signature == self._read.get(key):
                continue
            self._read[key] = signature
            if isinstance(found, OSError):
                hint = f"let the engine read {path}"
                self._datasets.refuse(key, f"{path} cannot be read: {found.strerror}", hint)
            else:
                await self._datasets.take(key, found, f"write its records to {path}")


def _look(path: Path, read: Hashable) -> tuple[Hashable, bytes | OSError | None]:
    """Return a file's signature, and what it holds if that is another than `read`; None where there is no file."""
    signature = file_signature([path])
    if signature == read:
        return signature, None
    try:
        with path.open("rb") as file:
            return signature, file.read(DATASET_BYTES_MAX + 1)
    except FileNotFoundError:
        return signature, None
    except OSError as error:
        return signature, error
