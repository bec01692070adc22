"""Tokens of our own."""

from pathlib import Path

import jwt
import msgspec
import pytest

from tidegate.auth.token_issuer import ALGORITHM, TokenIssuer
from tidegate.exceptions import CredentialError

NOW = 1_800_000_000.0


def test_what_stands_in_a_token(tmp_path: Path) -> None:
    issuer = TokenIssuer.open(tmp_path)
    token = issuer.issue("aio-internal", "press-1", 60.0, NOW)
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    keys = issuer.keys()
    assert header["alg"] == ALGORITHM and header["kid"] in keys
    assert claims["sub"] == "system:serviceaccount:azure-iot-operations:press-1"
    assert (claims["aud"], claims["nbf"], claims["exp"]) == (["aio-internal"], NOW, NOW + 60)


def test_the_key_is_kept_and_private(tmp_path: Path) -> None:
    keys = TokenIssuer.open(tmp_path).keys()
    assert TokenIssuer.open(tmp_path).keys().keys() == keys.keys()
    path = tmp_path / "tokens" / "issuer.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"nonsense")
    with pytest.raises(CredentialError):
        TokenIssuer.open(tmp_path)


def test_the_key_set_verifies_what_is_signed(tmp_path: Path) -> None:
    issuer = TokenIssuer.open(tmp_path)
    keys = jwt.PyJWKSet.from_dict(dict(issuer.key_set()))
    token = issuer.sign({"sub": "somebody"})
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["ES256"]) == {"sub": "somebody"}
    (said,) = msgspec.convert(issuer.key_set()["keys"], list[dict[str, str]])
    assert set(said) == {"kty", "crv", "x", "y", "kid", "use", "alg"}, "a private key has d"
