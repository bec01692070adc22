"""References to schemas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.resources.schema_reference import SchemaReference, parse_reference


def test_a_reference_is_written_as_it_was_read() -> None:
    found = parse_reference("aio-sr://plant.a/oven_7-b:12")
    assert found == SchemaReference("plant.a", "oven_7-b", 12)
    assert str(found) == "aio-sr://plant.a/oven_7-b:12"


def test_the_version_may_be_left_out_where_that_is_said() -> None:
    assert parse_reference("aio-sr://plant/oven") is None
    found = parse_reference("aio-sr://plant/oven", needs_version=False)
    assert found is not None
    assert (found.version, str(found)) == (None, "aio-sr://plant/oven")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plant/oven:1",
        "https://plant/oven:1",
        "aio-sr://plant/oven:0",
        "aio-sr://plant/oven:01",
        "aio-sr://plant/oven:1.0",
        "aio-sr://plant/oven:",
        "aio-sr://plant/oven:٣",
        "aio-sr://plant/öfen:1",
        "aio-sr://../oven:1",
        "aio-sr://plant/a/b:1",
        "aio-sr://plant/oven:1\n",
        f"aio-sr://plant/{'x' * 129}:1",
    ],
)
def test_what_is_none(text: str) -> None:
    assert parse_reference(text) is None


@given(st.text(alphabet="aio-sr:/.\\%7\0 \n", max_size=40))
def test_promise_14_no_reference_to_a_schema_leads_out_of_a_folder(rest: str) -> None:
    found = parse_reference(f"aio-sr://{rest}", needs_version=False)
    if found is not None:
        assert not {"/", "\\", "\0"} & set(found.namespace + found.name)
        assert not found.namespace.startswith(".") and not found.name.startswith(".")
