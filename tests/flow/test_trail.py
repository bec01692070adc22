"""Where a message has been, in user properties."""

import pytest

from tidegate.flow.trail import HOPS, PUBLISHED_BY, counted, echoed, hop_count, marked


@pytest.mark.parametrize(
    ("properties", "count"),
    [
        ((), 0),
        ((("other", "7"),), 0),
        (((HOPS, "3"),), 3),
        (((HOPS, "3"), ("other", "x"), (HOPS, "5"), (HOPS, "4")), 5),
        (((HOPS, "-1"),), 0),
        (((HOPS, "many"),), 0),
        (((HOPS, "٣"),), 0),
        (((HOPS, "1" * 5000),), 0),
    ],
)
def test_the_largest_number_counts(properties: tuple[tuple[str, str], ...], count: int) -> None:
    assert hop_count(properties) == count


def test_the_number_replaces_all_that_were_there_and_nothing_else() -> None:
    properties = ((HOPS, "3"), ("a", "1"), (HOPS, "x"), ("a", "2"))
    assert counted(properties, 4) == (("a", "1"), ("a", "2"), (HOPS, "4"))


def test_a_message_is_known_by_who_published_it() -> None:
    properties = ((PUBLISHED_BY, "a"), ("b", "b"), (PUBLISHED_BY, "c"))
    assert echoed(properties, {"c", "d"}) == "c"
    assert echoed(properties, {"b"}) is None
    assert echoed((), {"b"}) is None


def test_each_publisher_leaves_one_mark() -> None:
    properties = ((PUBLISHED_BY, "a"), ("b", "b"))
    assert marked(properties, "c") == (*properties, (PUBLISHED_BY, "c"))
    assert marked(properties, "a") == (("b", "b"), (PUBLISHED_BY, "a"))
