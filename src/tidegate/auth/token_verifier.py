"""Whether a service account token is good: signature, issuer, audience, time and subject.

Knows what a token may look like and nothing of what it says by itself is trusted: the algorithm comes from here, keys are
only looked up. Does not know clients or brokers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from tidegate.auth.client_token import TOKEN_BYTES_MAX
from tidegate.auth.token_issuer import ALGORITHM, ATTRIBUTES_CLAIM, ISSUER

__all__ = ["LEEWAY_SECONDS", "TokenClaims", "TokenRefused", "expiry", "verified_claims", "verify_token"]

LEEWAY_SECONDS = 30
"""How far the clock of who made a token may differ from ours."""

_SUBJECT = re.compile(r"system:serviceaccount:[a-z0-9][-a-z0-9]{0,62}:[a-z0-9][-.a-z0-9]{0,252}")
# A key that a token brings along proves nothing.
_HEADERS_REFUSED = ("jwk", "jku", "x5u", "x5c", "crit")


class TokenRefused(Exception):
    """A token is not good; the sentence says why and holds nothing of the token."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a good token says: who, until when (seconds since 1970), for whom, and with which attributes for rules."""

    subject: str
    expires_wall: float
    attributes: tuple[tuple[str, str], ...] = ()
    audiences: tuple[str, ...] = ()


def verify_token(
    token: bytes, keys: Mapping[str, EllipticCurvePublicKey], audiences: Sequence[str], now_wall: float
) -> TokenClaims:
    """Judge a token.

    Raises:
        TokenRefused: it is not good for any of `audiences` now.
    """
    claims = verified_claims(token, keys, audiences, ISSUER, now_wall)
    subject = claims["sub"]
    if not isinstance(subject, str) or _SUBJECT.fullmatch(subject) is None:
        raise TokenRefused("a token whose subject is no service account")
    audience = claims["aud"]
    names = audience if isinstance(audience, list) else [audience]
    attributes = _attributes(claims.get(ATTRIBUTES_CLAIM, {}))
    return TokenClaims(subject, expiry(claims), attributes, tuple(each for each in names if isinstance(each, str)))


def _attributes(claim: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(claim, dict) or not all(isinstance(value, str) for value in claim.values()):
        raise TokenRefused("a token whose attributes are no texts by name")
    return tuple(sorted(claim.items()))


def expiry(claims: Mapping[str, object]) -> float:
    """Return until when verified claims hold, in seconds since 1970."""
    end = claims["exp"]
    assert isinstance(end, int | float), "verified claims have an expiry"
    return float(end) + LEEWAY_SECONDS


def verified_claims(
    token: bytes,
    keys: Mapping[str, EllipticCurvePublicKey],
    audiences: Sequence[str],
    issuer: str | None,
    now_wall: float,
) -> Mapping[str, object]:
    """Return what a token says whose signature, audience, times and `issuer` (None: not looked at) are good.

    Raises:
        TokenRefused: it is not good for any of `audiences` now.
    """
    if len(token) > TOKEN_BYTES_MAX:
        raise TokenRefused(f"a token of more than {TOKEN_BYTES_MAX} bytes")
    try:
        text = token.decode("ascii").strip()
        header = jwt.get_unverified_header(text)
        found = [name for name in _HEADERS_REFUSED if name in header]
        if found:
            raise TokenRefused(f"a token with {found[0]} in its header")
        key_id = header.get("kid")
        key = keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise TokenRefused("a token of a key that is not known here")
        # Times are judged below, by the clock that was handed over.
        claims: Mapping[str, object] = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            audience=list(audiences),
            issuer=issuer,
            options={
                "require": ["exp", "nbf", "iat", "aud", "iss", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidAudienceError:
        raise TokenRefused(f"a token for another audience than {', '.join(audiences)}") from None
    except (jwt.PyJWTError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise TokenRefused(f"a token that is not valid ({type(error).__name__})") from None
    times = {}
    for name in ("exp", "nbf", "iat"):
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TokenRefused(f"a token whose {name} is no time")
        times[name] = float(value)
    if times["exp"] + LEEWAY_SECONDS <= now_wall:
        raise TokenRefused("a token that has expired")
    if max(times["nbf"], times["iat"]) - LEEWAY_SECONDS > now_wall:
        raise TokenRefused("a token that is not valid yet")
    return claims
