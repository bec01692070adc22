"""The credentials of endpoints, as the runner wants them: a context to dial with, a digest that shows a change, tokens.

Knows that secrets come from one source, which a reload replaces, and tokens from a pool that stays. Does not know where the
secrets lie.
"""

import ssl
from collections.abc import Callable
from typing import Protocol

from tidegate.auth.expiry import Expiry
from tidegate.auth.secret_source import SecretSource
from tidegate.engine.token_pool import TokenPool
from tidegate.engine.token_provider import TokenProvider
from tidegate.flow.plan import EndpointPlan
from tidegate.moment import Moment

__all__ = ["CREDENTIAL_REFUSALS", "Credentials", "SourceCredentials"]

CREDENTIAL_REFUSALS = frozenset({0x86, 0x87, 0x8C})
"""Reason codes that may be due to the credential (section 3.2.2.2)."""


class Credentials(Protocol):
    """What a side needs to know before it dials."""

    def ssl_context(self, endpoint: EndpointPlan) -> ssl.SSLContext | None:
        """Return what to dial with, None for an endpoint without TLS. Raises `CredentialError`."""
        ...

    def tokens(self, endpoint: EndpointPlan) -> TokenProvider | None:
        """Return what gives the tokens to present, the same one each time; None where none is used."""
        ...

    def expiries(self, endpoint: EndpointPlan) -> tuple[Expiry, ...]:
        """Return the ends of the certificates that `ssl_context` would use. Never raises."""
        ...

    def fingerprint(self, endpoint: EndpointPlan) -> bytes:
        """Return a digest of every secret and certificate that `ssl_context` would use. Never raises."""
        ...


class SourceCredentials:
    """Credentials out of a source of secrets, read anew at each call, and a pool of token sources."""

    def __init__(self, source: SecretSource, clock: Callable[[], Moment], pool: TokenPool) -> None:
        self._source = source
        self._clock = clock
        self._pool = pool

    # `auth.tls` is imported when an endpoint has TLS: its cryptography takes memory and start-up time.

    def ssl_context(self, endpoint: EndpointPlan) -> ssl.SSLContext | None:
        """See `Credentials`."""
        if endpoint.tls is None:
            return None
        from tidegate.auth.tls import ssl_context

        return ssl_context(endpoint, self._source, now=self._clock())

    def tokens(self, endpoint: EndpointPlan) -> TokenProvider | None:
        """See `Credentials`."""
        return self._pool.provider(endpoint)

    def expiries(self, endpoint: EndpointPlan) -> tuple[Expiry, ...]:
        """See `Credentials`."""
        if endpoint.tls is None:
            return ()
        from tidegate.auth.certificate_expiries import certificate_expiries

        return certificate_expiries(endpoint, self._source)

    def fingerprint(self, endpoint: EndpointPlan) -> bytes:
        """See `Credentials`."""
        if endpoint.tls is None:
            return b""
        from tidegate.auth.tls import fingerprint

        return fingerprint(endpoint, self._source)
