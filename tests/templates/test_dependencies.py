"""`templates/dependencies.py`."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.templates.dependencies import in_order


def test_each_comes_after_what_it_needs_and_else_as_written() -> None:
    circles: list[list[str]] = []
    assert in_order(["a", "b", "c", "d"], {"a": ["c"], "c": ["d"]}, circles.append) == ["d", "c", "a", "b"]
    assert circles == []


def test_a_circle_is_told() -> None:
    circles: list[list[str]] = []
    made = in_order(["a", "b"], {"a": ["b"], "b": ["a"]}, circles.append)
    assert circles == [["a", "b", "a"]]
    assert sorted(made) == ["a", "b"]


@given(st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4), max_size=9))
def test_all_are_there_once_and_in_order(needs: dict[int, list[int]]) -> None:
    circles: list[list[int]] = []
    made = in_order(range(9), needs, circles.append)
    assert sorted(made) == list(range(9))
    if not circles:
        assert all(made.index(other) < made.index(item) for item, others in needs.items() for other in others)
