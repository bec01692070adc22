"""`templates/date_functions.py`."""

import pytest
from tests.templates.expressions import check_examples, value

from tidegate.templates.date_functions import DATE_ROWS
from tidegate.templates.template_error import TemplateError


def test_every_example_is_true() -> None:
    check_examples(DATE_ROWS)


@pytest.mark.parametrize(
    "expression",
    [
        "dateTimeAdd('yesterday', 'P1D')",
        "dateTimeAdd('2026-01-01T00:00:00Z', '3 days')",
        "dateTimeAdd('2026-01-01T00:00:00Z', 'P')",
        "dateTimeAdd('9999-12-31T00:00:00Z', 'P1D')",
        "dateTimeAdd('2026-01-01T00:00:00Z', 'P99999Y')",
        "dateTimeFromEpoch(9223372036854775807)",
    ],
)
def test_what_it_does_not_take_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("dateTimeAdd('2024-02-29T12:00:00Z', 'P1Y')", "2025-02-28T12:00:00Z"),
        ("dateTimeAdd('2026-03-31T00:00:00+02:00', '-P1M')", "2026-02-28T22:00:00Z"),
        ("dateTimeAdd('20260101T000000Z', 'P1W', 'd')", "01/08/2026"),
        ("dateTimeAdd('2026-01-01T13:05:09', 'PT1S', 'h-m-s yy fff')", "1-5-10 26 000"),
    ],
)
def test_corners(expression: str, expected: object) -> None:
    assert value(expression) == expected
