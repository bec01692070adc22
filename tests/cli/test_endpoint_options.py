"""`cli/endpoint_options.py`; every spelling of a flag is in the golden cases."""

from tidegate.adapters.endpoint_flags import EndpointFlags
from tidegate.cli.endpoint_options import endpoint_flags

CREATE = ["dataflow", "endpoint", "create"]


def test_flags_are_taken_out_of_what_was_given() -> None:
    given = {"hostname": "h", "qos": None, "no_auth": True, "data_dir": "d"}
    assert endpoint_flags(given) == EndpointFlags(hostname="h", no_auth=True)
    assert given == {"qos": None, "data_dir": "d"}
