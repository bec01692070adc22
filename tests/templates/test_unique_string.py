"""`templates/unique_string.py`, against values that were published of the real functions."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.templates.unique_string import name_based_uuid, unique_string

NAME_SPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["tyeth"], "zcztcwvu6iyg6"),
        (["test"], "rbgf3xv4ufgzg"),
        (["abc"], "cgtzqvhu4i23s"),
        (["hello", "world"], "a7wkljktk6wne"),
        (["foo", "bar", "baz"], "xzi4ioaxtmth4"),
        (["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg"], "bmg7c6xu4tw46"),
        (
            ["/subscriptions/3c7f956b-55ee-4686-9d30-da1eb631dc59/resourceGroups/rg-devopsshieldek010dev"],
            "fd63l2gacbtca",
        ),
    ],
)
def test_published_values(texts: list[str], expected: str) -> None:
    assert unique_string(texts) == expected


@given(st.lists(st.text(), min_size=1))
def test_the_uuid_is_that_of_version_5(texts: list[str]) -> None:
    assert name_based_uuid(texts) == str(uuid.uuid5(NAME_SPACE, "-".join(texts)))


@given(st.lists(st.text(), min_size=1))
def test_13_characters(texts: list[str]) -> None:
    assert len(unique_string(texts)) == 13
