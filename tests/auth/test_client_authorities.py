"""Authorities of client certificates, good and bad."""

from tests.certificates import ca

from tidegate.auth.client_authorities import read_client_authorities
from tidegate.auth.secret_source import DeclaredSource

PEM = ca().certificate.decode()
BROKEN = PEM.replace("MII", "///", 1)


def test_what_cannot_be_used_trusts_nobody_and_says_why() -> None:
    source = DeclaredSource(
        {},
        {
            "good": {"one": PEM, "two": ca().certificate.decode()},
            "text": {"ca.crt": "none"},
            "broken": {"ca.crt": BROKEN},
        },
    )
    found, problems = read_client_authorities(["good", "text", "broken", "missing"], source)
    assert found["good"].count("BEGIN CERTIFICATE") == 2
    assert (found["text"], found["broken"], found["missing"]) == ("", "", "")
    assert sorted(problems) == ["broken", "missing", "text"]
    assert "not found" in str(problems["missing"]) and "no certificate" in str(problems["broken"])
