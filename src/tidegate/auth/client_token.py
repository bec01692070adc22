"""A token that we present as a client, and what may be read of it without its issuer's key: for whom and how long.

Knows the form of a JWT (RFC 7519). Verifies nothing, which is the broker's business, and never shows a token.
"""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from tidegate.exceptions import CredentialError

__all__ = ["TOKEN_BYTES_MAX", "ClientToken", "check_token", "read_token"]

TOKEN_BYTES_MAX = 16 * 1024
"""A longer token is neither read nor sent nor taken."""

AUDIENCES_SHOWN_MAX = 3
TIME_MAX = 250e9
"""Within the year 9999, the last that a date can show; a later time is none."""

AUDIENCE_CHARACTERS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A token and what it says; times are seconds since 1970, None where it does not say them."""

    data: bytes = field(repr=False)
    audiences: tuple[str, ...]
    subject: str | None
    issued_wall: float | None
    expires_wall: float | None


def read_token(text: bytes, reference: str) -> ClientToken:
    """Read what a token says of itself; white space around it does not count.

    Raises:
        CredentialError: it is empty, too long, or no JWT; `reference` says where it came from.
    """
    data = text.strip()
    if not data:
        raise CredentialError(reference, "it is empty", "let it give a token and nothing else")
    if len(data) > TOKEN_BYTES_MAX:
        raise CredentialError(
            reference, f"it gives more than {TOKEN_BYTES_MAX} bytes", "let it give a token and nothing else"
        )
    claims = _claims(data)
    if claims is None:
        raise CredentialError(reference, "it gives no JWT", "let it give a token and nothing else")
    audience, subject = claims.get("aud"), claims.get("sub")
    audiences = audience if isinstance(audience, list) else [audience]
    return ClientToken(
        data,
        tuple(each for each in audiences if isinstance(each, str)),
        subject if isinstance(subject, str) else None,
        _time(claims.get("iat")) or _time(claims.get("nbf")),
        _time(claims.get("exp")),
    )


def check_token(token: ClientToken, audience: str, now_wall: float, reference: str) -> None:
    """Check that a token may be sent to a broker of `audience` now: to others it would be worth something too.

    Raises:
        CredentialError: it is for somebody else, or has expired.
    """
    if not any(_is_same(each, audience) for each in token.audiences):
        shown = ", ".join(repr(each[:AUDIENCE_CHARACTERS_SHOWN_MAX]) for each in token.audiences[:AUDIENCES_SHOWN_MAX])
        raise CredentialError(
            reference,
            f"its audience is {shown or 'missing'}, and the endpoint's is {audience!r}, so it is not sent",
            "ask for a token of the endpoint's audience, or correct the audience in the endpoint",
        )
    if token.expires_wall is not None and token.expires_wall <= now_wall:
        moment = datetime.fromtimestamp(token.expires_wall, UTC)
        raise CredentialError(
            reference, f"it expired on {moment:%Y-%m-%d %H:%M:%S} UTC", "renew it, or check this machine's clock"
        )


def _is_same(audience: str, wanted: str) -> bool:
    """Compare as Entra does: a slash at the end does not count, and a token for `api://<id>` may say only the id."""
    one, other = audience.rstrip("/"), wanted.rstrip("/")
    return one == other or (other.startswith("api://") and one == other.removeprefix("api://"))


def _claims(data: bytes) -> dict[str, object] | None:
    parts = data.split(b".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.b64decode(parts[1] + b"=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
        claims = msgspec.json.decode(payload)
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _time(value: object) -> float | None:
    return (
        float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < TIME_MAX
        else None
    )
