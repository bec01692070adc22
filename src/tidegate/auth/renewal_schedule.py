"""When a token is to be asked for anew.

Knows times. Does not know clocks, sources or connections.
"""

from tidegate.auth.client_token import ClientToken

__all__ = ["next_look"]

EARLY = 2 / 3
"""The part of a token's life after which the next one is asked for."""

JITTER = 0.1
"""The greatest part by which that is earlier, so that many connections do not ask at once."""

LATE_SECONDS = 295.0
"""Before the expiry: a source that has a cache (azure-identity) gives a new token in the last five minutes, no earlier."""


def next_look(token: ClientToken, *, got_wall: float, asked_wall: float, jitter: float) -> float | None:
    """Return when the source is to be asked next: two thirds through, in the last five minutes, at the expiry.

    Args:
        got_wall: when the token was first seen, for one that does not say when it was issued.
        asked_wall: when the source was asked last; what lies before is over.
        jitter: from 0 to below 1.

    Returns:
        Seconds since 1970, None when all of it is over or the token never expires.
    """
    expires = token.expires_wall
    if expires is None:
        return None
    issued = token.issued_wall if token.issued_wall is not None else got_wall
    early = issued + max(0.0, expires - issued) * EARLY * (1 - JITTER * jitter)
    return next((at for at in sorted((early, max(early, expires - LATE_SECONDS), expires)) if at > asked_wall), None)
