import pytest
from tests.tokens import WALL, client_token, unsigned_token

from tidegate.auth.client_token import TOKEN_BYTES_MAX, check_token, read_token
from tidegate.exceptions import CredentialError


def test_what_a_token_says_is_read_and_never_shown() -> None:
    data = unsigned_token(["a", "b", 7], jti="canary")
    token = read_token(b" \n" + data + b"\n", "token file x")
    assert (token.data, token.audiences) == (data, ("a", "b"))
    assert (token.subject, token.issued_wall, token.expires_wall) == (
        "system:serviceaccount:here:flow",
        WALL,
        WALL + 3600,
    )
    assert data.decode() not in repr(token)


def test_what_it_does_not_say_is_none() -> None:
    token = client_token(issued=None, expires=None, sub=None)
    assert (token.subject, token.issued_wall, token.expires_wall) == (None, None, None)
    assert client_token(issued=None, nbf=WALL - 1).issued_wall == WALL - 1
    assert read_token(unsigned_token(exp=True), "x").expires_wall is None
    assert read_token(unsigned_token(exp=1e300), "x").expires_wall is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"canary-secret", "no JWT"),
        (b"canary.canary.canary", "no JWT"),
        (b"a.W10.c", "no JWT"),
        (b"a." + b"W10" * 10 + b".c", "no JWT"),
        (b"canary" * TOKEN_BYTES_MAX, "more than 16384 bytes"),
    ],
)
def test_what_is_no_token_is_said_without_it(text: bytes, says: str) -> None:
    with pytest.raises(CredentialError) as caught:
        read_token(text, "token file x")
    assert str(caught.value).startswith("token file x: ")
    assert says in str(caught.value)
    assert "canary" not in f"{caught.value!r} {caught.value.hint}"


def test_a_deeply_nested_token_is_no_token() -> None:
    depth = 3_000
    text = unsigned_token(x=0).split(b".")[0] + b"." + b"W1tb" * depth + b"." + b"x"
    with pytest.raises(CredentialError, match="no JWT"):
        read_token(text, "x")


@pytest.mark.parametrize(
    ("says", "wanted"),
    [
        ("https://eventgrid.azure.net", "https://eventgrid.azure.net"),
        ("https://eventgrid.azure.net/", "https://eventgrid.azure.net"),
        (["other", "aio-internal"], "aio-internal"),
        ("12-34", "api://12-34"),
    ],
)
def test_a_token_of_the_endpoints_audience_may_be_sent(says: object, wanted: str) -> None:
    check_token(read_token(unsigned_token(says), "x"), wanted, WALL, "x")


@pytest.mark.parametrize("says", [None, "aio-internal2", ["a", "b"], "", "https://graph.example"])
def test_a_token_of_another_audience_is_not_sent(says: object) -> None:
    with pytest.raises(CredentialError, match="so it is not sent"):
        check_token(read_token(unsigned_token(says), "x"), "aio-internal", WALL, "x")


def test_an_expired_token_is_not_sent() -> None:
    check_token(client_token(), "my-broker", WALL + 3599, "x")
    with pytest.raises(CredentialError, match="it expired on 2027-01-15 09:00:00 UTC"):
        check_token(client_token(), "my-broker", WALL + 3600, "x")
