"""Endpoints that authenticate with a token: for whom it has to be, and what makes no sense (facts 1.4.2, 5.1 and 5.3).

Knows audiences, scopes and their defaults. Does not know tokens or where they come from.
"""

import ipaddress

from tidegate.resources.finding_list import FindingList
from tidegate.resources.resolved_flow import ResolvedEndpoint
from tidegate.resources.source_map import FieldPath

__all__ = [
    "DEFAULT_SCOPE",
    "EVENT_GRID_AUDIENCE",
    "IDENTITY_METHODS",
    "check_token_settings",
    "system_audience",
    "user_scope",
]

EVENT_GRID_AUDIENCE = "https://eventgrid.azure.net"
DEFAULT_SCOPE = "/.default"
"""What ends the scope of a token that an application asks for itself."""

IDENTITY_METHODS = frozenset({"SystemAssignedManagedIdentity", "UserAssignedManagedIdentity"})

_SETTINGS: FieldPath = ("spec", "mqttSettings")
_AUTHENTICATION: FieldPath = (*_SETTINGS, "authentication")


def system_audience(endpoint: ResolvedEndpoint) -> str:
    """Return the audience of a system-assigned identity's token: as declared, else one that fits the host."""
    settings = endpoint.settings.authentication.system_assigned_managed_identity_settings
    if settings is not None and settings.audience is not None:
        return settings.audience
    return EVENT_GRID_AUDIENCE if endpoint.is_event_grid else f"https://{endpoint.host}"


def user_scope(endpoint: ResolvedEndpoint) -> str:
    """Return the scope of a user-assigned identity's token, with `/.default` at its end."""
    settings = endpoint.settings.authentication.user_assigned_managed_identity_settings
    scope = settings.scope if settings is not None else None
    if scope is None:
        return EVENT_GRID_AUDIENCE + DEFAULT_SCOPE
    return scope if scope.endswith(DEFAULT_SCOPE) else scope.rstrip("/") + DEFAULT_SCOPE


def check_token_settings(endpoint: ResolvedEndpoint, findings: FindingList) -> None:
    """Check what an endpoint says about its token."""
    method = endpoint.settings.authentication.method
    if method == "ServiceAccountToken":
        _check_service_account(endpoint, findings)
    elif method in IDENTITY_METHODS:
        _check_identity(endpoint, findings)


def _check_service_account(endpoint: ResolvedEndpoint, findings: FindingList) -> None:
    key = endpoint.resource.key
    settings = endpoint.settings.authentication.service_account_token_settings
    if endpoint.is_local:
        return
    if settings is None or "audience" not in settings.model_fields_set:
        message = (
            f"the method ServiceAccountToken needs an audience for `{endpoint.host}`, which is not the local broker"
        )
        hint = "add `serviceAccountTokenSettings` with the `audience` that the broker asks for"
        findings.add("error", "audience", message, key, (*_AUTHENTICATION, "method"), hint)
    if endpoint.settings.tls.mode == "Disabled" and not _is_loopback(endpoint.host):
        message = f"the token is sent to `{endpoint.host}` in plaintext: tls.mode is Disabled"
        hint = "set `mode: Enabled`; whoever reads the token can use it until it expires"
        findings.add("warning", "plaintext-token", message, key, (*_SETTINGS, "tls", "mode"), hint)


def _check_identity(endpoint: ResolvedEndpoint, findings: FindingList) -> None:
    key, authentication = endpoint.resource.key, endpoint.settings.authentication
    method = authentication.method
    if endpoint.settings.tls.mode == "Disabled":
        message = f"the method {method} needs TLS, and tls.mode is Disabled"
        hint = "set `mode: Enabled`, or use another method"
        findings.add("error", "tls-needed", message, key, (*_SETTINGS, "tls", "mode"), hint)
    system = authentication.system_assigned_managed_identity_settings
    if system is not None and system.audience is not None:
        if system.audience.endswith(DEFAULT_SCOPE):
            message = f"audience is `{system.audience}`, which is a scope"
            path = (*_AUTHENTICATION, "systemAssignedManagedIdentitySettings", "audience")
            findings.add(
                "error", "audience", message, key, path, f"write `{system.audience.removesuffix(DEFAULT_SCOPE)}`"
            )
    elif method == "SystemAssignedManagedIdentity" and not endpoint.is_event_grid:
        message = (
            f"no audience is given, and `{endpoint.host}` is not Event Grid; `{system_audience(endpoint)}` is used"
        )
        hint = "set `audience` in `systemAssignedManagedIdentitySettings` to the one that the broker asks for"
        findings.add("warning", "audience", message, key, (*_AUTHENTICATION, "method"), hint)
    user = authentication.user_assigned_managed_identity_settings
    block: FieldPath = (*_AUTHENTICATION, "userAssignedManagedIdentitySettings")
    if user is not None and user.scope is None and not endpoint.is_event_grid:
        message = f"no scope is given, and `{endpoint.host}` is not Event Grid; `{user_scope(endpoint)}` is used"
        hint = "set `scope` to the one that the broker asks for"
        findings.add("warning", "scope", message, key, block, hint, "name")
    elif user is not None and user.scope is not None and not user.scope.endswith(DEFAULT_SCOPE):
        message = f"scope is `{user.scope}`, and an identity asks for `{user_scope(endpoint)}`, which is used"
        findings.add("warning", "scope", message, key, (*block, "scope"), f"write `{user_scope(endpoint)}`")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
