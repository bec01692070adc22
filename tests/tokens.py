"""Tokens that say something and are signed by nobody."""

import base64
import json

from tidegate.auth.client_token import ClientToken, read_token

__all__ = ["client_token", "unsigned_token"]

WALL = 1_800_000_000.0


def unsigned_token(
    audience: object = "my-broker", issued: float | None = WALL, expires: float | None = WALL + 3600, **claims: object
) -> bytes:
    """Return a JWT whose signature is nonsense; a claim of None is left out."""
    said = {"aud": audience, "iat": issued, "exp": expires, "sub": "system:serviceaccount:here:flow", **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    parts = [json.dumps(each).encode() for each in ({"alg": "none"}, kept)]
    return b".".join([*(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts), b"c2lnbmF0dXJl"])


def client_token(issued: float | None = WALL, expires: float | None = WALL + 3600, **claims: object) -> ClientToken:
    """Return such a token as it is read."""
    return read_token(unsigned_token(issued=issued, expires=expires, **claims), "token of a test")
