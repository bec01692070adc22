"""Tries the credentials of a plan without connecting, for `tidegate validate`.

Knows which endpoints a plan dials. Does not know what makes a credential unusable (`auth`). A finding is a warning:
`run` starts all the same, the flows of such an endpoint wait for a usable secret, and the others run.

TLS, tokens and asyncio are imported where there is a credential to try: they take a fifth of the command's time.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from tidegate.auth.secret_directory import DirectorySource
from tidegate.auth.secret_source import DeclaredSource, OverlaySource, SecretSource
from tidegate.diagnostics import Diagnostic
from tidegate.engine.load import Loaded
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import (
    EndpointPlan,
    SystemIdentityPlan,
    TlsPlan,
    TokenAuthentication,
    UserIdentityPlan,
    X509Plan,
)
from tidegate.moment import Moment
from tidegate.resources.base import ResourceKey
from tidegate.resources.defaults import BUILT_IN_CA_CONFIG_MAP
from tidegate.resources.source_map import FieldPath, path_text
from tidegate.settings import Settings

if TYPE_CHECKING:
    from tidegate.engine.token_pool import TokenPool

__all__ = ["check_credentials"]

_AUTHENTICATION_PATH = ("spec", "mqttSettings", "authentication", "method")
_CONFIG_MAP_PATH = ("spec", "mqttSettings", "tls", "trustedCaCertificateConfigMapRef")
_SECRET_PATH = ("spec", "mqttSettings", "authentication", "x509CertificateSettings", "secretRef")


def check_credentials(loaded: Loaded, settings: Settings, clock: Callable[[], Moment]) -> list[Diagnostic]:
    """Return a warning for each endpoint whose credential cannot be used now."""
    if loaded.plan is None:
        return []
    resources = loaded.resources
    declared = DeclaredSource(
        {name: secret.content for name, secret in resources.secrets.items()},
        {name: config_map.content for name, config_map in resources.config_maps.items()},
    )
    mounted = DirectorySource(settings.secrets_dir, settings.configmaps_dir)
    secrets = OverlaySource(declared, mounted)
    sides = chain.from_iterable((flow.source, flow.destination) for flow in loaded.plan.flows)
    dialled = {side.endpoint.name: _with_what_is_there(side.endpoint, secrets) for side in sides}
    tried = [(name, endpoint) for name, endpoint in sorted(dialled.items()) if _has_credential(endpoint)]
    if not tried:
        return []

    from tidegate.auth.cluster import find_cluster
    from tidegate.engine.credentials import SourceCredentials
    from tidegate.engine.token_pool import TokenPool
    from tidegate.net.daemon_thread import in_daemon_thread

    pool = TokenPool(
        settings.tokens,
        cluster=find_cluster(os.environ),
        environment=os.environ,
        clock=clock,
        run_blocking=in_daemon_thread,
    )
    credentials = SourceCredentials(secrets, clock, pool)
    findings: list[Diagnostic] = []
    for name, endpoint in tried:
        try:
            credentials.ssl_context(endpoint)
            _check_token(endpoint, pool, clock().wall)
        except CredentialError as error:
            findings.append(_finding(error, name, loaded))
    return findings


def _finding(error: CredentialError, name: str, loaded: Loaded) -> Diagnostic:
    key = ResourceKey("DataflowEndpoint", name)
    path = _path(error)
    message = f"{error}; data flows with the endpoint `{name}` will not connect"
    span = loaded.source_map.span(key, path)
    return Diagnostic("warning", "unusable-credential", message, path_text(path), str(key), span, error.hint)


def _with_what_is_there(endpoint: EndpointPlan, secrets: SecretSource) -> EndpointPlan:
    """Leave out the authority of the embedded broker, which is published once it runs, where nobody has declared another."""
    ours = endpoint.tls is not None and endpoint.tls.ca_config_map == BUILT_IN_CA_CONFIG_MAP
    if endpoint.is_embedded and ours and secrets.find_config_map(BUILT_IN_CA_CONFIG_MAP) is None:
        return replace(endpoint, tls=TlsPlan())
    return endpoint


def _has_credential(endpoint: EndpointPlan) -> bool:
    """Say whether there is anything that could be unusable."""
    authentication = endpoint.authentication
    has_certificates = endpoint.tls is not None and (
        endpoint.tls.ca_config_map is not None or isinstance(authentication, X509Plan)
    )
    # The tokens for the embedded broker are made once it runs.
    has_token = isinstance(authentication, TokenAuthentication)
    return has_certificates or (has_token and not endpoint.is_embedded)


def _check_token(endpoint: EndpointPlan, pool: "TokenPool", now_wall: float) -> None:
    """Try what costs nothing to try: no command is run and no service asked. Raises `CredentialError`."""
    from tidegate.auth.client_token import check_token, read_token
    from tidegate.auth.token_file import TokenFile
    from tidegate.auth.token_source import MissingSource
    from tidegate.engine.token_pool import token_authentication

    authentication = token_authentication(endpoint)
    if authentication is None or endpoint.is_embedded:
        return
    source = pool.source(authentication, is_embedded=False)
    if isinstance(source, TokenFile | MissingSource):
        token = read_token(source.fetch(), source.reference)
        check_token(token, authentication.audience, now_wall, source.reference)
    elif isinstance(authentication, SystemIdentityPlan | UserIdentityPlan):
        from tidegate.auth.managed_identity import ManagedIdentity, check_library

        if isinstance(source, ManagedIdentity):
            check_library(source.reference)


def _path(error: CredentialError) -> FieldPath:
    kind = error.reference.split(" ", 1)[0]
    return {"secret": _SECRET_PATH, "config": _CONFIG_MAP_PATH}.get(kind, _AUTHENTICATION_PATH)
