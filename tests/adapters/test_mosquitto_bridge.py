"""Names that resources may have; what bridges become is in tests/cases/mosquitto."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.mosquitto_bridge import Names

ALLOWED = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")


@given(st.lists(st.text(max_size=90), max_size=6))
def test_every_name_is_allowed_and_given_once(wanted: list[str]) -> None:
    names = Names()
    given_names = [names.unique("DataflowEndpoint", f"{each}-qos-0") for each in wanted]
    given_names += [names.unique("DataflowEndpoint", each) for each in wanted]
    assert len(set(given_names)) == len(given_names)
    assert all(ALLOWED.fullmatch(each) and 3 <= len(each) <= 63 for each in given_names)


def test_the_name_of_the_local_endpoint_is_taken() -> None:
    names = Names()
    assert names.unique("DataflowEndpoint", "Default") == "default-2"
    assert names.unique("Dataflow", "default") == "default"
