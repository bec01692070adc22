"""The records of a data set (facts 3.11)."""

import pytest

from tidegate.transform import records
from tidegate.transform.records import RecordsError, parse_records


def test_an_object_a_line_in_their_order() -> None:
    data = b'{"id": "x1", "max": 240}\n{"id": "x2"}'
    assert parse_records(data) == ({"id": "x1", "max": 240}, {"id": "x2"})
    assert parse_records(b"") == ()


def test_empty_lines_other_ends_of_lines_and_a_byte_order_mark_count_for_nothing() -> None:
    assert parse_records(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}\r\n') == ({"a": 1}, {"a": 2})


def test_numbers_are_those_of_payloads() -> None:
    assert parse_records(b'{"n": 123456789012345678901234567890}') == ({"n": 123456789012345678901234567890},)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1}\n{"a": }', "line 2 is no JSON"),
        (b'{"a": 1}\n\n[1]', "line 3 is no object of JSON"),
        (b'[{"a": 1}, {"a": 2}]', "line 1 is no object"),
        (b'{"a": NaN}', "line 1 is no JSON"),
        (b'{"a": "\xff"}', "line 1 is no UTF-8"),
        (b'{"a":' * 100_000, "line 1 nests too deeply"),
        (b'{\n  "a": 1\n}', "line 1 is no JSON"),
    ],
)
def test_what_is_no_data_set(data: bytes, said: str) -> None:
    with pytest.raises(RecordsError, match=said):
        parse_records(data)


def test_there_may_not_be_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "DATASET_RECORDS_MAX", 2)
    monkeypatch.setattr(records, "DATASET_BYTES_MAX", 9)
    assert len(parse_records(b"{}\n{}\n\n")) == 2
    with pytest.raises(RecordsError, match="more than 2 records"):
        parse_records(b"{}\n{}\n{}")
    with pytest.raises(RecordsError, match="it has 10 bytes; allowed are 9"):
        parse_records(b"{}\n{}\n    ")
