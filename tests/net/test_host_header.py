"""`net/host_header.py`: a web page's owner may point a name of his at any address (DNS rebinding)."""

import pytest

from tidegate.net.host_header import is_own_host


@pytest.mark.parametrize(
    ("header", "is_own"),
    [
        ("localhost", True),
        ("LOCALHOST:9600", True),
        ("127.0.0.1:9600", True),
        ("[::1]:9600", True),
        ("[::1]", True),
        ("192.0.2.7", True),
        ("plant.example", True),
        ("Plant.Example:80", True),
        ("other.example", False),
        ("localhost.other.example:80", False),
        ("127.0.0.1.other.example", False),
        ("", False),
        (":80", False),
    ],
)
def test_names_and_addresses(header: str, is_own: bool) -> None:
    assert is_own_host(header, {"plant.example"}) is is_own
