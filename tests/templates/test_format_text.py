"""`templates/format_text.py`."""

import pytest

from tidegate.templates.format_text import format_text
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value


@pytest.mark.parametrize(
    ("pattern", "values", "expected"),
    [
        ("{0}{1}{0}", ("a", 1), "a1a"),
        ("{{{0}}}", ("a",), "{a}"),
        ("{0,4}|{0,-4}|", ("a",), "   a|a   |"),
        ("{0:D4} {1:x4} {1:X} {2:F1} {3:N0}", (-7, 255, 1.25, 12345), "-0007 00ff FF 1.2 12,345"),
        ("{0} {1}", (True, None), "True "),
        ("{0}", ([1],), "[1]"),
        ("{0:D3}", ("text",), "text"),
    ],
)
def test_places_are_filled(pattern: str, values: tuple[Value, ...], expected: str) -> None:
    assert format_text(pattern, *values) == expected


@pytest.mark.parametrize(
    ("pattern", "values"),
    [("{1}", ("a",)), ("{", ()), ("}", ()), ("{0:Q}", (1,)), ("{0:D2}", (1.5,)), ("{0}" * 9, ("x" * 200_000,))],
)
def test_what_does_not_fit_is_refused(pattern: str, values: tuple[Value, ...]) -> None:
    with pytest.raises(TemplateError):
        format_text(pattern, *values)
