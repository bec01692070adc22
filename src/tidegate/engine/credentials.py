"""The credentials of endpoints, as the runner wants them: a context to dial with, and a digest that shows a change.

Knows that both come from one source of secrets, which a reload replaces. Does not know where the secrets lie.
"""

import ssl
from collections.abc import Callable, Mapping
from typing import Protocol

from tidegate.auth.secret_source import SecretSource
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import EndpointPlan, TokenPlan
from tidegate.moment import Moment

__all__ = ["Credentials", "SourceCredentials"]


class Credentials(Protocol):
    """What a side needs to know before it dials."""

    def ssl_context(self, endpoint: EndpointPlan) -> ssl.SSLContext | None:
        """Return what to dial with, None for an endpoint without TLS. Raises `CredentialError`."""
        ...

    def token(self, endpoint: EndpointPlan) -> bytes | None:
        """Return the service account token to present, None where none is used. Raises `CredentialError`."""
        ...

    def fingerprint(self, endpoint: EndpointPlan) -> bytes:
        """Return a digest of every secret and certificate that `ssl_context` would use. Never raises."""
        ...


class SourceCredentials:
    """Credentials out of a source of secrets, read anew at each call. `tokens` are by audience."""

    def __init__(
        self, source: SecretSource, clock: Callable[[], Moment], tokens: Mapping[str, bytes] | None = None
    ) -> None:
        self._source = source
        self._clock = clock
        self._tokens = tokens or {}

    # `auth.tls` is imported when an endpoint has TLS: its cryptography takes memory and start-up time.

    def ssl_context(self, endpoint: EndpointPlan) -> ssl.SSLContext | None:
        """See `Credentials`."""
        if endpoint.tls is None:
            return None
        from tidegate.auth.tls import ssl_context

        return ssl_context(endpoint, self._source, now=self._clock())

    def token(self, endpoint: EndpointPlan) -> bytes | None:
        """See `Credentials`."""
        if not isinstance(endpoint.authentication, TokenPlan):
            return None
        audience = endpoint.authentication.audience
        token = self._tokens.get(audience)
        if token is None:
            raise CredentialError(
                f"token for {audience}",
                "the embedded broker issues none for this audience",
                "see the broker's own errors",
            )
        return token

    def fingerprint(self, endpoint: EndpointPlan) -> bytes:
        """See `Credentials`."""
        if endpoint.tls is None:
            return b""
        from tidegate.auth.tls import fingerprint

        return fingerprint(endpoint, self._source)
