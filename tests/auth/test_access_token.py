"""Access tokens of the stand-ins."""

from pathlib import Path

import jwt
import pytest
from tests.tokens import WALL, unsigned_token

from tidegate.auth.access_token import AccessTokenRequest, issue_access_token, object_id, verify_access_token
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.auth.token_verifier import LEEWAY_SECONDS, TokenRefused

AUDIENCE, TENANT = "https://grid.example", "tenant-1"
REQUEST = AccessTokenRequest(
    address="https://identity.example", tenant_id=TENANT, client_id="client-1", audience=AUDIENCE, life_seconds=60
)


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    return TokenIssuer.open(tmp_path)


def judge(issuer: TokenIssuer, token: str, *, tenant: str = TENANT, audience: str = AUDIENCE, now: float = WALL) -> str:
    return verify_access_token(token.encode(), issuer.keys(), [audience], tenant, now).subject


def test_a_token_says_whose_it_is_and_for_whom(issuer: TokenIssuer) -> None:
    token = issue_access_token(issuer, REQUEST, WALL)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["tid"], claims["oid"]) == (AUDIENCE, TENANT, object_id("client-1"))
    assert claims["iss"] == "https://identity.example/tenant-1/v2.0"
    assert claims["exp"] - claims["iat"] == 60
    found = verify_access_token(token.encode(), issuer.keys(), [AUDIENCE], TENANT, WALL)
    assert (found.subject, found.expires_wall) == ("client-1", WALL + 60 + LEEWAY_SECONDS)


def test_what_is_not_taken(issuer: TokenIssuer, tmp_path: Path) -> None:
    token = issue_access_token(issuer, REQUEST, WALL)
    with pytest.raises(TokenRefused, match="another tenant"):
        judge(issuer, token, tenant="tenant-2")
    with pytest.raises(TokenRefused, match="another audience"):
        judge(issuer, token, audience="https://other.example")
    with pytest.raises(TokenRefused, match="expired"):
        judge(issuer, token, now=WALL + 60 + LEEWAY_SECONDS)
    with pytest.raises(TokenRefused, match="not known here"):
        judge(TokenIssuer.open(tmp_path / "other"), token)
    with pytest.raises(TokenRefused, match="without an identity"):
        judge(issuer, issue_access_token(issuer, AccessTokenRequest(**{**REQUEST_FIELDS, "client_id": ""}), WALL))
    claims = jwt.decode(token, options={"verify_signature": False})
    for other in ({"tid": "tenant-2"}, {"iss": "https://identity.example/tenant-2/v2.0"}, {"iss": "tenant-1/v1.0"}):
        with pytest.raises(TokenRefused, match="another tenant"):
            judge(issuer, issuer.sign({**claims, **other}))
    with pytest.raises(TokenRefused):
        judge(issuer, unsigned_token(AUDIENCE).decode())
    with pytest.raises(TokenRefused, match="another tenant"):
        judge(issuer, issuer.issue(AUDIENCE, "flow", 60, WALL))


REQUEST_FIELDS = {name: getattr(REQUEST, name) for name in REQUEST.__slots__}
