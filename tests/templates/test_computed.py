"""`templates/computed.py`."""

import pytest

from tidegate.templates.computed import Computed
from tidegate.templates.template_error import TemplateError, TemplateFailed


def test_each_is_computed_once() -> None:
    asked: list[str] = []

    def compute(key: str) -> str:
        asked.append(key)
        return key.upper()

    values = Computed(compute, "variable")
    assert [values.get("a"), values.get("a")] == ["A", "A"]
    assert asked == ["a"]


def test_a_circle_is_told_with_its_members() -> None:
    others = {"a": "b", "b": "c", "c": "b"}
    values: Computed[str, str] = Computed(lambda key: values.get(others[key]), "variable")
    with pytest.raises(TemplateError, match="`b` → `c` → `b`"):
        values.get("a")


def test_what_failed_fails_again() -> None:
    asked: list[str] = []

    def compute(key: str) -> str:
        asked.append(key)
        raise TemplateFailed

    values = Computed(compute, "variable")
    for _ in range(2):
        with pytest.raises(TemplateFailed):
            values.get("a")
    assert asked == ["a"]
