"""The records of a data set, out of what its key holds: JSON lines (facts 3.11).

Knows their form and how much there may be. Does not know where they come from, or which of them applies (`enrich`).
"""

from tidegate.transform.values import EvaluationError
from tidegate.transform.view import Record, payload_of

__all__ = ["DATASET_BYTES_MAX", "DATASET_RECORDS_MAX", "RecordsError", "parse_records"]

DATASET_BYTES_MAX = 16 * 1024 * 1024
"""The most that one data set may hold."""

DATASET_RECORDS_MAX = 100_000

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RecordsError(Exception):
    """What a key holds is no data set."""


def parse_records(data: bytes) -> tuple[Record, ...]:
    """Return the records in their order, an object of JSON a line. Empty lines count for nothing.

    Raises:
        RecordsError: a line is something else, or there is too much.
    """
    if len(data) > DATASET_BYTES_MAX:
        raise RecordsError(f"it has {len(data)} bytes; allowed are {DATASET_BYTES_MAX}")
    records: list[Record] = []
    for number, line in enumerate(data.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), 1):
        if not line or line.isspace():
            continue
        if len(records) == DATASET_RECORDS_MAX:
            raise RecordsError(f"it has more than {DATASET_RECORDS_MAX} records")
        try:
            records.append(payload_of(line, f"line {number}"))
        except EvaluationError as error:
            raise RecordsError(error.detail) from None
    return tuple(records)
