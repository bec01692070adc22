"""Which data sets of a flow are loaded, and what is wrong with the others."""

import asyncio
from collections.abc import Sequence

import pytest

from tidegate.engine import datasets as datasets_module
from tidegate.engine.datasets import Datasets
from tidegate.telemetry.dataset_events import DatasetEvent, DatasetLoaded, DatasetRefused, DatasetsLost, DatasetsWatched
from tidegate.telemetry.status import DatasetStatus
from tidegate.transform.view import Record


class Seen:
    """Data sets, what they handed on, and what they reported."""

    def __init__(self, *keys: str) -> None:
        self.used: list[tuple[str, Sequence[Record]]] = []
        self.reported: list[DatasetEvent] = []
        self.datasets = Datasets(keys, use=lambda *used: self.used.append(used), report=self.reported.append)

    def take(self, key: str, data: bytes | None) -> None:
        asyncio.run(self.datasets.take(key, data, "write it"))


def test_loaded_is_when_every_one_has_records() -> None:
    assert Seen().datasets.loaded.is_set()
    seen = Seen("a", "b")
    seen.take("a", b'{"x": 1}\n')
    assert not seen.datasets.loaded.is_set()
    seen.take("b", b"")
    assert seen.datasets.loaded.is_set()
    assert seen.used == [("a", ({"x": 1},)), ("b", ())]
    assert seen.reported == [DatasetLoaded("a", 1), DatasetLoaded("b", 0)]


def test_the_last_good_records_stay_when_what_comes_is_bad_or_the_key_goes() -> None:
    seen = Seen("a")
    seen.take("a", None)
    seen.take("a", b"[]")
    seen.take("a", b'{"x": 1}\n')
    seen.take("a", b"[]")
    seen.take("a", None)
    refused = [event for event in seen.reported if isinstance(event, DatasetRefused)]
    assert [(event.detail, event.hint, event.records) for event in refused] == [
        ("there is no such key", "write it", None),
        ("line 1 is no object of JSON, and rules read fields", "write one object of JSON a line", None),
        ("line 1 is no object of JSON, and rules read fields", "write one object of JSON a line", 1),
        ("the key is there no more", "write it", 1),
    ]
    assert len(seen.used) == 1
    assert seen.datasets.status() == [DatasetStatus(key="a", records=1, problem="the key is there no more")]
    seen.take("a", b'{"x": 1}\n')
    assert seen.reported[-1] == DatasetLoaded("a", 1)
    assert seen.datasets.status() == [DatasetStatus(key="a", records=1, problem=None)]


def test_what_has_not_changed_is_neither_parsed_nor_said_again() -> None:
    seen = Seen("a")
    for _ in range(2):
        seen.take("a", b'{"x": 1}\n')
    for _ in range(2):
        seen.take("a", None)
    assert len(seen.used) == 1 and len(seen.reported) == 2


def test_much_is_parsed_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets_module, "PARSED_AT_ONCE_BYTES_MAX", 3)
    seen = Seen("a", "b")
    seen.take("a", b'{"x": 1}\n')
    seen.take("b", b'{"x": }\n')
    assert [type(event) for event in seen.reported] == [DatasetLoaded, DatasetRefused]


def test_a_store_that_is_lost_and_found() -> None:
    seen = Seen("a")
    seen.datasets.lose("h:1: refused", None, 0.5)
    seen.take("a", b"")
    seen.datasets.watch()
    seen.datasets.lose("h:1: refused", "start it", 0.5)
    assert seen.reported == [
        DatasetsLost("h:1: refused", None, False, 0.5),
        DatasetLoaded("a", 0),
        DatasetsWatched(),
        DatasetsLost("h:1: refused", "start it", True, 0.5),
    ]
