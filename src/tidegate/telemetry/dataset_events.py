"""What happens to the data sets of a flow, each event with its log line.

Knows what each event reads like to a person. Does not know where data sets come from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.telemetry.line import Line

__all__ = [
    "DATASET_LINES",
    "ENRICH_FAILED",
    "DatasetEvent",
    "DatasetLoaded",
    "DatasetRefused",
    "DatasetsLost",
    "DatasetsWatched",
]

ENRICH_FAILED = "DataflowTransformEnrichDataFailed"
"""The reason code of facts 8.2 for everything that is wrong with data sets."""


@dataclass(frozen=True, slots=True)
class DatasetLoaded:
    """A data set has other records than before, or has some for the first time."""

    key: str
    records: int


@dataclass(frozen=True, slots=True)
class DatasetRefused:
    """What a key holds is no data set, or there is no such key. `records` are those that go on being used, None for none."""

    key: str
    detail: str
    hint: str
    records: int | None


@dataclass(frozen=True, slots=True)
class DatasetsLost:
    """The store cannot be reached; `next_seconds` is when it is tried again. `has_all` says that old records are used."""

    detail: str
    hint: str | None
    has_all: bool
    next_seconds: float


@dataclass(frozen=True, slots=True)
class DatasetsWatched:
    """All keys were read from the store, and changes are told."""


DatasetEvent = DatasetLoaded | DatasetRefused | DatasetsLost | DatasetsWatched


def _loaded(event: DatasetLoaded) -> Line:
    records = "1 record" if event.records == 1 else f"{event.records} records"
    return Line("info", "=", f"the data set {event.key} has {records}", fields={"dataset": event.key})


def _refused(event: DatasetRefused) -> Line:
    consequence = (
        "the flow waits for it" if event.records is None else f"the {event.records} records before go on being used"
    )
    text = f"the data set {event.key} cannot be used: {event.detail}; {consequence}"
    return Line("warning", "!", text, event.hint, fields={"dataset": event.key})


def _lost(event: DatasetsLost) -> Line:
    consequence = "the records read before go on being used" if event.has_all else "the flow waits for its data sets"
    text = f"the state store with the data sets cannot be reached: {event.detail}; {consequence}"
    return Line("warning", "!", text, event.hint, fields={"next_retry_seconds": round(event.next_seconds, 1)})


def _watched(event: DatasetsWatched) -> Line:
    return Line("info", "=", "watching the data sets at the state store")


# Any: each function takes the one type it stands beside.
DATASET_LINES: dict[type, Callable[[Any], Line]] = {
    DatasetLoaded: _loaded,
    DatasetRefused: _refused,
    DatasetsLost: _lost,
    DatasetsWatched: _watched,
}
"""How each is shown, for `events.line_of`."""
