"""Tries the credentials of a plan without connecting, for `tidegate validate`.

Knows which endpoints a plan dials. Does not know what makes a credential unusable (`auth.tls`). A finding is a warning:
`run` starts all the same, the flows of such an endpoint wait for a usable secret, and the others run.
"""

from collections.abc import Callable
from itertools import chain

from tidegate.auth.secret_directory import DirectorySource
from tidegate.auth.secret_source import DeclaredSource, OverlaySource
from tidegate.diagnostics import Diagnostic
from tidegate.engine.credentials import SourceCredentials
from tidegate.engine.load import Loaded
from tidegate.engine.token_pool import TokenPool
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment
from tidegate.net.daemon_thread import in_daemon_thread
from tidegate.resources.base import ResourceKey
from tidegate.resources.source_map import path_text
from tidegate.settings import Settings

__all__ = ["check_credentials"]

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
    pool = TokenPool(settings.tokens, cluster=None, clock=clock, run_blocking=in_daemon_thread)
    credentials = SourceCredentials(OverlaySource(declared, mounted), clock, pool)
    sides = chain.from_iterable((flow.source, flow.destination) for flow in loaded.plan.flows)
    findings: list[Diagnostic] = []
    for name, endpoint in sorted({side.endpoint.name: side.endpoint for side in sides}.items()):
        try:
            credentials.ssl_context(endpoint)
        except CredentialError as error:
            key = ResourceKey("DataflowEndpoint", name)
            path = _SECRET_PATH if error.reference.startswith("secret ") else _CONFIG_MAP_PATH
            message = f"{error}; data flows with the endpoint `{name}` will not connect"
            span = loaded.source_map.span(key, path)
            findings.append(
                Diagnostic("warning", "unusable-credential", message, path_text(path), str(key), span, error.hint)
            )
    return findings
