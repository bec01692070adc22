"""What a credential shows of itself."""

from tidegate.auth.base import ClientCertificate


def test_promise_06_nothing_of_the_key_is_shown() -> None:
    certificate = ClientCertificate("secret broker", b"CHAIN", b"CANARY")
    assert repr(certificate) == "ClientCertificate(reference='secret broker')"
