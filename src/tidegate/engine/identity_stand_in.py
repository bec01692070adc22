"""What the emulated identity endpoints answer: instance metadata, Arc, App Service, workload identity, OpenID.

Knows the requests that azure-identity makes, and what goes wrong on demand. Does not know sockets. It is a stand-in for
tests, not Azure: it shows how clients behave, and proves nothing about Azure.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from tidegate.auth.access_token import ISSUER_VERSION, AccessTokenRequest, issue_access_token
from tidegate.auth.private_files import write_private
from tidegate.auth.token_issuer import ALGORITHM, TokenIssuer
from tidegate.auth.token_verifier import TokenRefused, verify_token

__all__ = [
    "ARC_PATH",
    "DEFAULT_TENANT",
    "EXCHANGE_AUDIENCE",
    "FAULTS",
    "SITE_PATH",
    "Asked",
    "Fault",
    "IdentitySettings",
    "IdentityStandIn",
    "Reply",
]

METADATA_PATH = "/metadata/identity/oauth2/token"
ARC_PATH = "/arc/metadata/identity/oauth2/token"
SITE_PATH = "/msi/token"

DEFAULT_TENANT = "00000000-0000-4000-8000-000000000001"
SYSTEM_CLIENT = "00000000-0000-4000-8000-000000000002"
"""The client id of the emulated machine's own identity."""

EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
DEFAULT_SCOPE = "/.default"
CACHE_SECONDS = 300.0
"""The fault `same-token`: a token is given again until so long before its expiry, as by Azure's own caches."""

TOKENS_KEPT_MAX = 1_000

Fault = Literal[
    "no-identity",
    "wrong-tenant",
    "no-federation",
    "unknown-audience",
    "other-audience",
    "expired",
    "same-token",
    "unavailable",
    "throttled",
    "nonsense",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; the names of headers are in lower case, `form` is that of a POST."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; a body of bytes is sent as it is, any other as JSON."""

    body: Mapping[str, object] | bytes = field(repr=False)
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """What is emulated.

    `client_ids`: the user-assigned identities that exist, empty for any. `arc_folder`: where the keys are written that an
    Arc client has to read, None for no Arc. `site_header`: what App Service's clients have to say.
    """

    tenant_id: str = DEFAULT_TENANT
    client_ids: tuple[str, ...] = ()
    life_seconds: float = 3600.0
    arc_folder: Path | None = None
    site_header: str | None = field(default=None, repr=False)


class IdentityStandIn:
    """Answers requests. `fault` is what goes wrong at present; `wall` gives the time, in seconds since 1970."""

    def __init__(self, issuer: TokenIssuer, settings: IdentitySettings, wall: Callable[[], float]) -> None:
        self.fault: Fault | None = None
        self._issuer = issuer
        self._settings = settings
        self._wall = wall
        self._kept: dict[tuple[str, str], tuple[str, int]] = {}

    def answer(self, asked: Asked, address: str) -> Reply:
        """Answer a request that came to `address`, as in `https://localhost:8443`."""
        tenant, _, rest = asked.path.removeprefix("/").partition("/")
        route: Callable[[Asked, str], Reply] | None = {
            ("GET", METADATA_PATH): self._metadata,
            ("GET", ARC_PATH): self._arc,
            ("GET", SITE_PATH): self._site,
        }.get((asked.method, asked.path))
        if route is None and (asked.method, rest) == ("POST", "oauth2/v2.0/token"):
            return self._exchange(asked, tenant, address)
        if route is not None:
            return route(asked, address)
        if asked.method == "GET" and tenant == self._settings.tenant_id:
            if rest == "discovery/v2.0/keys":
                return Reply(self._issuer.key_set())
            if rest == "v2.0/.well-known/openid-configuration":
                return Reply(self._configuration(address))
        if asked.method == "GET" and rest == "v2.0/.well-known/openid-configuration":
            return _entra(90002, "invalid_tenant", 400)
        return Reply({"error": "not_found"}, 404)

    def _configuration(self, address: str) -> Mapping[str, object]:
        base = f"{address}/{self._settings.tenant_id}"
        return {
            "issuer": base + ISSUER_VERSION,
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }

    def _metadata(self, asked: Asked, address: str) -> Reply:
        if asked.headers.get("metadata") != "true":
            return _invalid("Required metadata header not specified")
        return self._managed(asked, address)

    def _arc(self, asked: Asked, address: str) -> Reply:
        folder = self._settings.arc_folder
        if folder is None:
            return Reply({"error": "not_found"}, 404)
        if asked.headers.get("metadata") != "true":
            return _invalid("Required metadata header not specified")
        path = folder / "tidegate-stand-in.key"
        scheme, _, proof = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or not _is_in(path, proof):
            write_private(path, secrets.token_hex(32).encode())
            return Reply({"error": "unauthorized"}, 401, (("WWW-Authenticate", f"Basic realm={path}"),))
        path.unlink(missing_ok=True)
        return self._managed(asked, address)

    def _site(self, asked: Asked, address: str) -> Reply:
        wanted, said = self._settings.site_header, asked.headers.get("x-identity-header", "")
        if wanted is None or not secrets.compare_digest(said.encode(), wanted.encode()):
            return Reply({"error": "unauthorized"}, 401)
        return self._managed(asked, address)

    def _managed(self, asked: Asked, address: str) -> Reply:
        """Give a token to whoever is on the machine."""
        audience = asked.query.get("resource", "")
        client_id = asked.query.get("client_id") or SYSTEM_CLIENT
        if not audience:
            return _invalid("resource is missing")
        is_known = client_id == SYSTEM_CLIENT or not self._settings.client_ids or client_id in self._settings.client_ids
        if self.fault == "no-identity" or not is_known:
            return _invalid("Identity not found")
        if self.fault == "unknown-audience":
            return Reply({"error": "invalid_resource", "error_description": "AADSTS500011: not found"}, 400)
        return self._trouble() or self._token(client_id, audience, address)

    def _exchange(self, asked: Asked, tenant: str, address: str) -> Reply:
        """Give a token for the token of a service account (RFC 7523)."""
        settings, form = self._settings, asked.form
        client_id, scope = form.get("client_id", ""), form.get("scope", "")
        wanted = next((each for each in scope.split() if each.endswith(DEFAULT_SCOPE)), "")
        if tenant != settings.tenant_id or self.fault == "wrong-tenant":
            return _entra(90002, "invalid_request", 400)
        if form.get("grant_type") != "client_credentials":
            return _entra(70003, "unsupported_grant_type", 400)
        if self.fault == "no-identity" or (settings.client_ids and client_id not in settings.client_ids):
            return _entra(700016, "unauthorized_client", 400)
        if not wanted:
            return _entra(1002012, "invalid_scope", 400)
        if self.fault == "unknown-audience":
            return _entra(500011, "invalid_resource", 400)
        refused = self._refused_assertion(form.get("client_assertion", ""))
        if refused is not None:
            return _entra(refused, "invalid_client", 401)
        return self._trouble() or self._token(client_id, wanted.removesuffix(DEFAULT_SCOPE), address)

    def _refused_assertion(self, assertion: str) -> int | None:
        """Return Entra's code for a service account's token that is not good, None for a good one."""
        if self.fault == "no-federation":
            return 700213
        try:
            verify_token(assertion.encode(), self._issuer.keys(), [EXCHANGE_AUDIENCE], self._wall())
        except TokenRefused as error:
            text = str(error)
            return 700024 if "expired" in text else 700212 if "audience" in text else 50013
        return None

    def _trouble(self) -> Reply | None:
        if self.fault == "unavailable":
            return Reply({"error": "temporarily_unavailable"}, 503)
        if self.fault == "throttled":
            return Reply({"error": "too_many_requests"}, 429, (("Retry-After", "1"),))
        if self.fault == "nonsense":
            return Reply(b"<html>this is no answer of an identity endpoint</html>")
        return None

    def _token(self, client_id: str, audience: str, address: str) -> Reply:
        settings, now = self._settings, self._wall()
        life = -settings.life_seconds if self.fault == "expired" else settings.life_seconds
        said = "https://somebody-else.example" if self.fault == "other-audience" else audience
        token, expires = self._kept.get((client_id, said), ("", 0))
        if self.fault != "same-token" or expires - CACHE_SECONDS <= now:
            request = AccessTokenRequest(
                address=address,
                tenant_id=settings.tenant_id,
                client_id=client_id,
                audience=said,
                life_seconds=life,
            )
            token, expires = issue_access_token(self._issuer, request, now), int(now + life)
            if len(self._kept) >= TOKENS_KEPT_MAX:
                self._kept.clear()
            self._kept[client_id, said] = (token, expires)
        # The library does not take a token that ends at once, whatever is in it.
        left = max(1, int(expires - now))
        return Reply(
            {
                "access_token": token,
                "client_id": client_id,
                "expires_in": left,
                "expires_on": str(int(now) + left),
                "resource": audience,
                "token_type": "Bearer",
            }
        )


def _is_in(path: Path, proof: str) -> bool:
    try:
        return secrets.compare_digest(path.read_bytes(), proof.encode())
    except OSError:
        return False


def _invalid(text: str) -> Reply:
    return Reply({"error": "invalid_request", "error_description": text}, 400)


def _entra(code: int, error: str, status: int) -> Reply:
    return Reply(
        {
            "error": error,
            "error_description": f"AADSTS{code}: said by a stand-in, not by Azure.",
            "error_codes": [code],
        },
        status,
    )
