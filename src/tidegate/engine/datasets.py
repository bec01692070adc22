"""The data sets of one running flow: which have been loaded, and what is wrong with the others.

Knows that the last good records of a key are used until there are others. Does not know where data comes from
(`dataset_store`, `dataset_files`) or what records are for.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tidegate.engine.credentials import Credentials
from tidegate.telemetry.dataset_events import DatasetEvent, DatasetLoaded, DatasetRefused, DatasetsLost, DatasetsWatched
from tidegate.telemetry.status import DatasetStatus
from tidegate.transform.records import RecordsError, parse_records
from tidegate.transform.view import Record

__all__ = ["DatasetReader", "Datasets"]

PARSED_AT_ONCE_BYTES_MAX = 65_536
"""What is larger is parsed in a thread, so that messages do not wait for it."""


class DatasetReader(Protocol):
    """Keeps the data sets of one flow as their source has them."""

    async def run(self) -> None:
        """Read until cancelled."""
        ...

    def use_credentials(self, credentials: Credentials) -> None:
        """Take credentials that may have changed."""
        ...


@dataclass(slots=True)
class _Dataset:
    records: int | None = None
    digest: bytes = b""
    problem: str | None = None


class Datasets:
    """`use` hands the records of a key to the relay; `report` is told once of each thing that changes."""

    def __init__(
        self,
        keys: Sequence[str],
        *,
        use: Callable[[str, Sequence[Record]], None],
        report: Callable[[DatasetEvent], None],
    ) -> None:
        self._datasets = {key: _Dataset() for key in keys}
        self._use = use
        self._report = report
        self.loaded = asyncio.Event()
        """Set once every data set has records; at once where there is none."""
        if not keys:
            self.loaded.set()

    async def take(self, key: str, data: bytes | None, hint: str) -> None:
        """Take what a key holds, None for nothing; `hint` says how to give it records."""
        dataset = self._datasets[key]
        if data is None:
            self.refuse(key, "there is no such key" if dataset.records is None else "the key is there no more", hint)
            return
        digest = hashlib.blake2b(data).digest()
        if digest == dataset.digest and dataset.problem is None:
            return
        try:
            if len(data) <= PARSED_AT_ONCE_BYTES_MAX:
                records = parse_records(data)
            else:
                records = await asyncio.to_thread(parse_records, data)
        except RecordsError as error:
            self.refuse(key, str(error), "write one object of JSON a line")
            return
        self._use(key, records)
        dataset.records, dataset.digest, dataset.problem = len(records), digest, None
        self._report(DatasetLoaded(key, len(records)))
        if all(each.records is not None for each in self._datasets.values()):
            self.loaded.set()

    def refuse(self, key: str, detail: str, hint: str) -> None:
        """Take note that a key has no records that can be used now."""
        dataset = self._datasets[key]
        if dataset.problem != detail:
            dataset.problem = detail
            self._report(DatasetRefused(key, detail, hint, dataset.records))

    def lose(self, detail: str, hint: str | None, next_seconds: float) -> None:
        """Take note that the store cannot be reached until it is tried again."""
        self._report(DatasetsLost(detail, hint, self.loaded.is_set(), next_seconds))

    def watch(self) -> None:
        """Take note that all keys were read, and changes will be."""
        self._report(DatasetsWatched())

    def status(self) -> list[DatasetStatus]:
        """Return what each shows of itself."""
        return [
            DatasetStatus(key=key, records=each.records, problem=each.problem) for key, each in self._datasets.items()
        ]
