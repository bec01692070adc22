"""Access tokens as Microsoft Entra has them, made and judged for stand-ins; none of them is worth anything at Azure.

Knows the claims (facts 5.3). Does not know who may have a token or what it allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid4, uuid5

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from tidegate.auth.token_issuer import TokenIssuer
from tidegate.auth.token_verifier import TokenClaims, TokenRefused, expiry, verified_claims

__all__ = ["ISSUER_VERSION", "AccessTokenRequest", "issue_access_token", "object_id", "verify_access_token"]

ISSUER_VERSION = "/v2.0"
"""What ends the name of an issuer, after its address and the tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenRequest:
    """For whom a token is: `client_id` is the identity's; `address` the issuer's, without a slash at its end."""

    address: str
    tenant_id: str
    client_id: str
    audience: str
    life_seconds: float


def object_id(client_id: str) -> str:
    """Return the object id that stands for an identity in its tokens; the same for the same client id."""
    return str(uuid5(NAMESPACE_URL, f"identity:{client_id}"))


def issue_access_token(issuer: TokenIssuer, request: AccessTokenRequest, now_wall: float) -> str:
    """Return a token of an identity; a life below zero gives one that has expired."""
    now = int(now_wall)
    subject = object_id(request.client_id)
    return issuer.sign(
        {
            "iss": f"{request.address}/{request.tenant_id}{ISSUER_VERSION}",
            "aud": request.audience,
            "sub": subject,
            "oid": subject,
            "tid": request.tenant_id,
            "appid": request.client_id,
            "idtyp": "app",
            "iat": now + min(0, int(request.life_seconds)),
            "nbf": now + min(0, int(request.life_seconds)),
            "exp": now + int(request.life_seconds),
            "jti": str(uuid4()),
        }
    )


def verify_access_token(
    token: bytes,
    keys: Mapping[str, EllipticCurvePublicKey],
    audiences: Sequence[str],
    tenant_id: str,
    now_wall: float,
) -> TokenClaims:
    """Judge a token; its subject is the identity's client id.

    Raises:
        TokenRefused: it is not good for any of `audiences` now, or is of another tenant.
    """
    claims = verified_claims(token, keys, audiences, None, now_wall)
    issuer, tenant, client_id = claims["iss"], claims.get("tid"), claims.get("appid")
    if tenant != tenant_id or not isinstance(issuer, str) or not issuer.endswith(f"/{tenant_id}{ISSUER_VERSION}"):
        raise TokenRefused("a token of another tenant")
    if not isinstance(client_id, str) or not client_id:
        raise TokenRefused("a token without an identity")
    return TokenClaims(client_id, expiry(claims))
