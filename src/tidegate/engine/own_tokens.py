"""Tokens of our own issuer for our own data flows, one for each audience.

Knows when the next one is due. Does not know who presents them, or how a broker judges them.
"""

from collections.abc import Callable

from tidegate.auth.token_issuer import TokenIssuer
from tidegate.moment import Moment

__all__ = ["OwnTokens"]

FLOW_CLIENT = "aio-dataflow"
"""The service account of our own data flows (facts 5.3)."""

RENEWED_AFTER = 2 / 3
"""The part of its life after which a token is followed by the next."""


class OwnTokens:
    """Issues tokens that live `token_seconds`, and keeps each until the next is due."""

    def __init__(self, issuer: TokenIssuer, token_seconds: float, clock: Callable[[], Moment]) -> None:
        self._issuer = issuer
        self._token_seconds = token_seconds
        self._clock = clock
        self._tokens: dict[str, tuple[bytes, float]] = {}

    def token(self, audience: str) -> bytes:
        """Return the token of an audience, issued anew when two thirds of its life are over."""
        now = self._clock().wall
        token, issued = self._tokens.get(audience, (b"", 0.0))
        if not token or now - issued >= self._token_seconds * RENEWED_AFTER:
            token = self._issuer.issue(audience, FLOW_CLIENT, self._token_seconds, now).encode()
            self._tokens[audience] = (token, now)
        return token

    def seconds_until_new(self) -> float | None:
        """Return how long until one of them is followed by another, None while there are none."""
        now = self._clock().wall
        ends = [issued + self._token_seconds * RENEWED_AFTER for _, issued in self._tokens.values()]
        return max(0.0, min(ends) - now) if ends else None
