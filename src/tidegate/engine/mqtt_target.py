"""Which broker `tidegate pub`, `sub` and `simulate` talk to: the embedded one, an address, or a declared endpoint.

Knows how a command comes to an address, a TLS context and a credential. Does not know options, or MQTT.
"""

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tidegate.engine.reachable import Reachable, read_reachable
from tidegate.exceptions import ConnectFailed, CredentialError, DeclarationError
from tidegate.flow.mapping import authentication_method
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, TlsPlan, TokenPlan
from tidegate.moment import Moment
from tidegate.settings import Settings

if TYPE_CHECKING:  # `pub -h` has no use for the resource models
    from tidegate.resources.resolved_flow import ResolvedEndpoint
    from tidegate.resources.resource_set import ResourceSet

__all__ = [
    "START_HINT",
    "Target",
    "address_target",
    "embedded_target",
    "endpoint_target",
    "resolved_target",
    "tls_context",
]

TOKEN_SECONDS = 3600.0
CLIENT_NAME = "tidegate-cli"
START_HINT = "start it with `tidegate run`, or name its data directory with --data-dir"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A broker and what to present there; `tls` is None exactly where the endpoint has none.

    `method` is MQTT's name of the authentication that `token` is for. `is_address` says that options named the broker, not a
    declared endpoint.
    """

    endpoint: EndpointPlan
    tls: ssl.SSLContext | None = None
    method: str | None = None
    token: bytes | None = field(default=None, repr=False)
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    is_address: bool = False


def address_target(host: str, port: int, tls: ssl.SSLContext | None) -> Target:
    """Return the broker at an address."""
    endpoint = EndpointPlan(
        name=host,
        host=host,
        port=port,
        transport="tcp",
        path="",
        tls=TlsPlan() if tls is not None else None,
        authentication=AnonymousPlan(),
        service_type="",
    )
    return Target(endpoint=endpoint, tls=tls, is_address=True)


def embedded_target(directory: Path) -> Target:
    """Return the embedded broker of the engine that runs on a data directory: a port without authentication, else one
    that takes tokens.

    Raises:
        ConnectFailed: no broker runs there.
        CredentialError: the key for tokens cannot be used.
    """
    ports = [
        port
        for port in _running(directory)
        if port.protocol == "Mqtt" and (port.audience is not None or not port.authentication)
    ]
    if not ports:
        detail = "the broker has no port for MQTT over TCP that takes anybody, or tokens"
        hint = "name a port with -p, and a user name or certificate, or an endpoint with --endpoint"
        raise _no_broker(detail, hint)
    chosen = min(ports, key=lambda port: (port.authentication, port.tls))
    endpoint = EndpointPlan(
        name="default",
        host="aio-broker" if chosen.tls else "127.0.0.1",
        port=chosen.port,
        transport="tcp",
        path="",
        tls=TlsPlan() if chosen.tls else None,
        authentication=AnonymousPlan(),
        service_type="",
        is_embedded=True,
    )
    tls = tls_context(str(_ca_file(directory))) if chosen.tls else None
    if chosen.audience is None:
        return Target(endpoint=endpoint, tls=tls)
    method = authentication_method(TokenPlan(audience=chosen.audience))
    return Target(endpoint=endpoint, tls=tls, method=method, token=_tokens(directory, chosen.audience)[chosen.audience])


def endpoint_target(name: str, paths: Sequence[str], settings: Settings) -> Target:
    """Return the broker of an endpoint that `paths` declare, or of `default`, with its TLS and its credential.

    Raises:
        DeclarationError: the files cannot be read, or the endpoint is not there or has an error.
        ConnectFailed: the endpoint means the embedded broker, and none runs.
        CredentialError: a secret, certificate or token of the endpoint cannot be used.
    """
    # Imported here: `pub -h` has no use for the resource models.
    from tidegate.diagnostics import Diagnostic
    from tidegate.engine.load import load
    from tidegate.resources.base import ResourceKey
    from tidegate.resources.resolved_flow import resolve_endpoint

    loaded = load(paths, settings)
    resources = loaded.resources
    key = str(ResourceKey("DataflowEndpoint", name))
    # A data flow with an error is no reason to keep its endpoint from being looked at.
    errors = [each for each in loaded.diagnostics if each.level == "error" and each.resource in ("", key)]
    if errors:
        raise DeclarationError(tuple(errors))
    endpoint = resolve_endpoint(name, resources)
    if endpoint is None:
        problem = f"there is no MQTT endpoint `{name}`"
        hint = f"there are {', '.join(sorted(resources.endpoints))}; name the files that declare it as PATH"
        raise DeclarationError((Diagnostic("error", "endpoint", problem, resource=key, hint=hint),))
    return resolved_target(endpoint, resources, settings)


def resolved_target(endpoint: "ResolvedEndpoint", resources: "ResourceSet", settings: Settings) -> Target:
    """Return the broker of an endpoint that validates, from outside a loop. Raises `ConnectFailed`, `CredentialError`."""
    from tidegate.auth.authority import CA_FILE_NAME
    from tidegate.auth.cluster import find_cluster
    from tidegate.auth.secret_directory import DirectorySource
    from tidegate.auth.secret_source import DeclaredSource, OverlaySource
    from tidegate.engine.credentials import SourceCredentials
    from tidegate.engine.plan import endpoint_plan
    from tidegate.engine.token_pool import TokenPool
    from tidegate.net.daemon_thread import in_daemon_thread
    from tidegate.resources.defaults import BUILT_IN_CA_CONFIG_MAP

    plan = endpoint_plan(endpoint, settings)
    config_maps = {each: found.content for each, found in resources.config_maps.items()}
    tokens: dict[str, bytes] = {}
    if plan.is_embedded:
        directory = Path(settings.data_dir)
        _running(directory)
        config_maps = {BUILT_IN_CA_CONFIG_MAP: {CA_FILE_NAME: _read_text(_ca_file(directory))}, **config_maps}
        if isinstance(plan.authentication, TokenPlan):
            tokens = _tokens(directory, plan.authentication.audience)
    declared = DeclaredSource({each: found.content for each, found in resources.secrets.items()}, config_maps)
    source = OverlaySource(declared, DirectorySource(settings.secrets_dir, settings.configmaps_dir))
    pool = TokenPool(
        settings.tokens,
        cluster=find_cluster(os.environ),
        environment=os.environ,
        clock=_now,
        run_blocking=in_daemon_thread,
    )
    pool.use_own_tokens(tokens)
    tls = SourceCredentials(source, _now, pool).ssl_context(plan)
    provider = pool.provider(plan)
    token = None if provider is None else asyncio.run(provider.for_connection()).data
    return Target(endpoint=plan, tls=tls, method=authentication_method(plan.authentication), token=token)


def tls_context(ca_file: str | None, certificate: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """Return the context of a client that trusts the authorities of a file (None: the system's) and shows a certificate.

    Raises `CredentialError` for a file that cannot be used.
    """
    what, path = "CA file", ca_file
    try:
        context = ssl.create_default_context(cafile=ca_file)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if certificate is not None:
            what, path = "client certificate", certificate
            context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        reason = (error.reason or "no PEM in it") if isinstance(error, ssl.SSLError) else (error.strerror or str(error))
        detail = f"it cannot be used: {reason.lower().replace('_', ' ')}"
        hint = "give a file of PEM certificates" + (" and with --key its unencrypted key" if what != "CA file" else "")
        raise CredentialError(f"{what} {path}", detail, hint) from None
    return context


def _now() -> Moment:
    return Moment(time.monotonic(), time.time())


def _no_password() -> str:
    """Keep OpenSSL from asking for a password at the terminal."""
    return ""


def _running(directory: Path) -> list[Reachable]:
    """Return the ports of the broker that runs on a data directory. Raises `ConnectFailed`."""
    try:
        return read_reachable(directory)
    except PermissionError:
        detail = f"the data directory {directory} is another user's"
        hint = "run this as the user of the engine, or use -h, with a token or a user name of your own"
        raise _no_broker(detail, hint) from None
    except (OSError, msgspec.DecodeError):
        detail = f"no broker runs on {directory}"
        raise _no_broker(detail, f"{START_HINT}; or name a broker with -h") from None


def _no_broker(detail: str, hint: str) -> ConnectFailed:
    from tidegate.engine.broker_plan import EMBEDDED_PORT

    return ConnectFailed("aio-broker", EMBEDDED_PORT, "connect", detail, hint)


def _ca_file(directory: Path) -> Path:
    from tidegate.auth.authority import CA_FILE_NAME

    return directory / CA_FILE_NAME


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise CredentialError(str(path), f"it cannot be read: {os.strerror(error.errno or 0)}", START_HINT) from None


def _tokens(directory: Path, audience: str) -> dict[str, bytes]:
    from tidegate.auth.token_issuer import TokenIssuer

    token = TokenIssuer.open(directory).issue(audience, CLIENT_NAME, TOKEN_SECONDS, time.time())
    return {audience: token.encode()}
