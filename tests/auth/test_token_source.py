import pytest

from tidegate.auth.token_source import MissingSource, OwnTokenSource
from tidegate.exceptions import CredentialError


def test_our_own_tokens_are_those_of_now() -> None:
    tokens = {"aio-internal": b"1"}
    source = OwnTokenSource("aio-internal", tokens.get)
    before = source.version()
    assert source.fetch() == b"1"
    tokens["aio-internal"] = b"2"
    assert source.version() != before
    assert source.fetch() == b"2"
    tokens.clear()
    with pytest.raises(CredentialError, match="issues none for this audience"):
        source.fetch()


def test_no_source_says_how_to_give_one() -> None:
    source = MissingSource("my-broker", "give one")
    with pytest.raises(CredentialError, match="token for my-broker: there is no source") as caught:
        source.fetch()
    assert caught.value.hint == "give one"
    assert source.version() == source.version()
