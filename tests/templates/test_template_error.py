"""`templates/template_error.py`."""

from tidegate.templates.template_error import TemplateError


def test_the_innermost_place_stays() -> None:
    inner = TemplateError("x").at(3, 4)
    assert (inner.at(0, 9).offset, inner.at(0, 9).length) == (3, 4)
