"""Promise 4: what makes a token good, and what does not."""

import base64
import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tidegate.auth.client_token import TOKEN_BYTES_MAX
from tidegate.auth.token_issuer import ALGORITHM, ISSUER, TokenIssuer
from tidegate.auth.token_verifier import LEEWAY_SECONDS, TokenRefused, verify_token

NOW = 1_800_000_000.0
SUBJECT = "system:serviceaccount:azure-iot-operations:one"
AUDIENCES = ("other", "aio-internal")


@pytest.fixture(name="issuer")
def an_issuer(tmp_path: Path) -> TokenIssuer:
    return TokenIssuer.open(tmp_path)


def claims(**changes: object) -> dict[str, object]:
    given: dict[str, object] = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": ["aio-internal"],
        "iat": int(NOW),
        "nbf": int(NOW),
        "exp": int(NOW) + 60,
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def signed(issuer: TokenIssuer, given: dict[str, object], **headers: object) -> bytes:
    key_id = next(iter(issuer.keys()))
    return jwt.encode(given, issuer._key, algorithm=ALGORITHM, headers={"kid": key_id, **headers}).encode()


def refused(issuer: TokenIssuer, token: bytes) -> str:
    with pytest.raises(TokenRefused) as raised:
        verify_token(token, issuer.keys(), AUDIENCES, NOW)
    assert token[:20].decode("latin-1") not in str(raised.value)
    return str(raised.value)


def test_a_good_token(issuer: TokenIssuer) -> None:
    found = verify_token(issuer.issue("aio-internal", "one", 60.0, NOW).encode(), issuer.keys(), AUDIENCES, NOW)
    assert (found.subject, found.expires_wall) == (SUBJECT, NOW + 60 + LEEWAY_SECONDS)


def test_attributes_come_in_one_order(issuer: TokenIssuer) -> None:
    token = issuer.issue("aio-internal", "one", 60.0, NOW, {"site": "north", "line": "one"})
    found = verify_token(token.encode(), issuer.keys(), AUDIENCES, NOW)
    assert found.attributes == (("line", "one"), ("site", "north"))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"aio-broker-auth": ["line"]}, "attributes"),
        ({"aio-broker-auth": {"line": 1}}, "attributes"),
        ({"aud": ["wrong"]}, "audience"),
        ({"iss": "somebody"}, "not valid"),
        ({"exp": int(NOW) - LEEWAY_SECONDS}, "expired"),
        ({"nbf": int(NOW) + LEEWAY_SECONDS + 1}, "not valid yet"),
        ({"iat": int(NOW) + LEEWAY_SECONDS + 1}, "not valid yet"),
        ({"exp": None}, "not valid"),
        ({"nbf": None}, "not valid"),
        ({"iat": None}, "not valid"),
        ({"sub": "somebody"}, "no service account"),
        ({"sub": "system:serviceaccount:a:b/../c"}, "no service account"),
        ({"exp": True}, "no time"),
        ({"exp": [1]}, ""),
    ],
)
def test_promise_04_claims(issuer: TokenIssuer, changes: dict[str, object], word: str) -> None:
    assert word in refused(issuer, signed(issuer, claims(**changes)))


def test_promise_04_leeway(issuer: TokenIssuer) -> None:
    token = signed(issuer, claims(exp=int(NOW) - LEEWAY_SECONDS + 1, nbf=int(NOW) + LEEWAY_SECONDS))
    assert verify_token(token, issuer.keys(), AUDIENCES, NOW).subject == SUBJECT
    assert LEEWAY_SECONDS <= 60


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_promise_04_the_algorithm_is_never_the_tokens_choice(issuer: TokenIssuer) -> None:
    key_id, key = next(iter(issuer.keys().items()))
    none = f"{part({'alg': 'none', 'kid': key_id})}.{part(claims())}.".encode()
    refused(issuer, none)
    # The public key as the secret of an HMAC (CVE-2022-29217): made by hand, since the library will not.
    import hashlib
    import hmac

    secret = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = f"{part({'alg': 'HS256', 'kid': key_id})}.{part(claims())}"
    signature = base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), hashlib.sha256)).rstrip(b"=").decode()
    refused(issuer, f"{body}.{signature}".encode())


def test_promise_04_keys_are_only_looked_up(issuer: TokenIssuer, tmp_path: Path) -> None:
    stranger = TokenIssuer(ec.generate_private_key(ec.SECP256R1()))
    assert "not known" in refused(issuer, stranger.issue("aio-internal", "one", 60.0, NOW).encode())
    key_id = next(iter(issuer.keys()))
    forged = jwt.encode(claims(), stranger._key, algorithm=ALGORITHM, headers={"kid": key_id}).encode()
    refused(issuer, forged)
    for name in ("jwk", "jku", "x5u", "x5c"):
        assert name in refused(issuer, signed(issuer, claims(), **{name: "https://example.com"}))


@pytest.mark.parametrize(
    "token", [b"", b"a", b"a.b", b"a.b.c", b"\xff\xfe.a.b", b"." * 10, b"x" * (TOKEN_BYTES_MAX + 1)]
)
def test_promise_04_nonsense(issuer: TokenIssuer, token: bytes) -> None:
    with pytest.raises(TokenRefused):
        verify_token(token, issuer.keys(), AUDIENCES, NOW)
