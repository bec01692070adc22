"""The token sources of one process: which one an endpoint's tokens come from, one provider for all that share it.

Knows the order of sources (docs/design.md, section 4). Does not know what a source does.
"""

import shlex
from collections.abc import Callable, Mapping

from tidegate.auth.cluster import Cluster
from tidegate.auth.token_command import TokenCommand
from tidegate.auth.token_file import TokenFile
from tidegate.auth.token_source import MissingSource, OwnTokenSource, TokenSource
from tidegate.engine.token_provider import RunBlocking, TokenProvider
from tidegate.flow.plan import (
    EndpointPlan,
    SystemIdentityPlan,
    TokenAuthentication,
    TokenPlan,
    UserIdentityPlan,
)
from tidegate.moment import Moment
from tidegate.settings import TokenSettings

__all__ = ["TokenPool", "token_authentication"]


class TokenPool:
    """Gives endpoints their providers. `use_own_tokens` replaces the tokens of our own issuer.

    `cluster` is the one that this process runs in, None for none; `environment` tells about its identities.
    """

    def __init__(
        self,
        settings: TokenSettings,
        *,
        cluster: Cluster | None,
        environment: Mapping[str, str],
        clock: Callable[[], Moment],
        run_blocking: RunBlocking,
    ) -> None:
        self._files = dict(settings.files)
        self._commands = dict(settings.commands)
        self._service_account_file = settings.service_account_file
        self._cluster = cluster
        self._environment = environment
        self._clock = clock
        self._run_blocking = run_blocking
        self._own_tokens: Mapping[str, bytes] = {}
        self._providers: dict[tuple[TokenAuthentication, bool], TokenProvider] = {}

    def use_own_tokens(self, tokens: Mapping[str, bytes]) -> None:
        """Take the tokens of our own issuer for the embedded broker, by audience."""
        self._own_tokens = tokens

    def provider(self, endpoint: EndpointPlan) -> TokenProvider | None:
        """Return what gives an endpoint its tokens, None where it presents none."""
        authentication = token_authentication(endpoint)
        if authentication is None:
            return None
        key = (authentication, endpoint.is_embedded)
        provider = self._providers.get(key)
        if provider is None:
            source = self.source(authentication, is_embedded=endpoint.is_embedded)
            provider = self._providers[key] = TokenProvider(
                source, authentication.audience, clock=self._clock, run_blocking=self._run_blocking
            )
        return provider

    def source(self, authentication: TokenAuthentication, *, is_embedded: bool) -> TokenSource:
        """Return where tokens come from: what was given for the audience goes before everything else."""
        audience = authentication.audience
        if audience in self._files:
            return TokenFile(self._files[audience])
        if audience in self._commands:
            return TokenCommand(audience, self._commands[audience])
        if not isinstance(authentication, TokenPlan):
            return self._identity(authentication)
        if is_embedded:
            # It takes tokens of its own issuer only, so no other source is worth asking.
            return OwnTokenSource(audience, lambda wanted: self._own_tokens.get(wanted))
        if self._service_account_file is not None:
            return TokenFile(self._service_account_file)
        if self._cluster is not None:
            # Imported here: a client of HTTP that only a pod needs.
            from tidegate.auth.token_request import TokenRequest

            return TokenRequest(audience, self._cluster)
        return MissingSource(audience, _hint(audience))

    def _identity(self, authentication: SystemIdentityPlan | UserIdentityPlan) -> TokenSource:
        # Imported here: few engines have a managed identity.
        from tidegate.auth.managed_identity import ManagedIdentity

        return ManagedIdentity(authentication, self._environment)


def token_authentication(endpoint: EndpointPlan) -> TokenAuthentication | None:
    """Return how an endpoint authenticates with a token, None where it does not."""
    authentication = endpoint.authentication
    if isinstance(authentication, TokenPlan | SystemIdentityPlan | UserIdentityPlan):
        return authentication
    return None


def _hint(audience: str) -> str:
    return f"name a file that holds one: --token-file {shlex.quote(audience)}=PATH"
