"""Access tokens of managed identities through the library `azure-identity`, which is optional (facts 5.3).

Knows which of the library's credentials is meant, and what its failures mean to a person. Nothing of the library's own
texts is shown, for they may quote what a server said. Does not know connections.
"""

import logging
import re
from collections.abc import Callable, Hashable, Mapping
from importlib.util import find_spec
from typing import Any

from tidegate.exceptions import CredentialError
from tidegate.flow.plan import SystemIdentityPlan, UserIdentityPlan

__all__ = ["ManagedIdentity", "check_library"]

RETRIES_MAX = 2
CONNECT_SECONDS_MAX = 2
READ_SECONDS_MAX = 10
"""For each request; the asking is tried again in any case (`engine.token_renewal`)."""

INSTALL = "install it beside Tidegate: pip install 'tidegate[azure]'; or give a token of your own: --token-command"

_LOGGERS = ("azure", "msal", "msal_extensions", "urllib3")
"""Of the library and below it; they quote what servers say."""

_ENTRA_ERROR = re.compile(r"AADSTS(\d{3,8})")
_ENDPOINT_ERROR = re.compile(r"Token request error: \(([\w.-]{1,60})\)")

_WRONG_TENANT = "correct tenantId in the endpoint: it is the tenant of the identity"
_WRONG_IDENTITY = "correct clientId and tenantId in the endpoint; both stand on the identity's page"
_NO_FEDERATION = (
    "add a federated credential to the identity: its issuer is the cluster's, its subject "
    "system:serviceaccount:<namespace>:<service account>, its audience api://AzureADTokenExchange"
)
_WRONG_AUDIENCE = "correct the audience or scope in the endpoint; Event Grid has https://eventgrid.azure.net"

# Codes of Microsoft Entra's token endpoint.
_ENTRA_REASONS: dict[int, tuple[str, str]] = {
    90002: ("there is no such tenant", _WRONG_TENANT),
    900021: ("there is no such tenant", _WRONG_TENANT),
    900023: ("the tenant id is neither an id nor a domain", _WRONG_TENANT),
    90013: ("the request is not valid", _WRONG_TENANT),
    700016: ("the identity is not in the tenant", _WRONG_IDENTITY),
    7000112: ("the identity is disabled", "enable it, or use another one"),
    7000229: ("the identity is not in the tenant", _WRONG_IDENTITY),
    70021: ("no federated credential matches this service account", _NO_FEDERATION),
    700211: ("no federated credential has the cluster's issuer", _NO_FEDERATION),
    700212: ("no federated credential has the token's audience", _NO_FEDERATION),
    700213: ("no federated credential has this service account as its subject", _NO_FEDERATION),
    700024: ("the service account's token has expired", "check that the kubelet renews it, and this machine's clock"),
    50013: ("the service account's token is not accepted", _NO_FEDERATION),
    500011: ("there is no application with the endpoint's audience in the tenant", _WRONG_AUDIENCE),
    1002012: ("the scope is not valid", _WRONG_AUDIENCE),
    70011: ("the scope is not valid", _WRONG_AUDIENCE),
}


def check_library(reference: str) -> None:
    """Check that the library is installed, without importing it. Raises `CredentialError` about `reference`."""
    try:
        found = find_spec("azure.identity")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise CredentialError(reference, "the library azure-identity is not installed", INSTALL)


class ManagedIdentity:
    """Tokens of the identity that `plan` names.

    A user-assigned identity with a federated token at hand (`AZURE_FEDERATED_TOKEN_FILE`) is a workload identity;
    otherwise the machine is asked: instance metadata, Arc, App Service and what else the library finds.
    """

    is_cheap = False

    def __init__(self, plan: SystemIdentityPlan | UserIdentityPlan, environment: Mapping[str, str]) -> None:
        self.reference = f"managed identity for {plan.audience}"
        self._plan = plan
        self._environment = environment
        self._get_token: Callable[[str], bytes] | None = None

    def fetch(self) -> bytes:
        """Ask the library, which has a cache of its own."""
        check_library(self.reference)
        plan = self._plan
        scope = plan.scope if isinstance(plan, UserIdentityPlan) else f"{plan.audience}/.default"
        try:
            if self._get_token is None:
                self._get_token = self._new_credential()
            return self._get_token(scope)
        except Exception as error:  # whatever the library raises; its texts are not for showing
            raise self._explained(error) from None

    def version(self) -> Hashable:
        """Tell nothing: the library is asked when its token is due."""
        return None

    def _new_credential(self) -> Callable[[str], bytes]:
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        # Imported here: it takes half a second, and most engines have no managed identity.
        from azure.identity import ManagedIdentityCredential, WorkloadIdentityCredential

        plan, environment = self._plan, self._environment
        options: dict[str, Any] = {  # Any: the library's own keywords
            "retry_total": RETRIES_MAX,
            "connection_timeout": CONNECT_SECONDS_MAX,
            "read_timeout": READ_SECONDS_MAX,
        }
        credential: ManagedIdentityCredential | WorkloadIdentityCredential
        token_file = environment.get("AZURE_FEDERATED_TOKEN_FILE")
        if isinstance(plan, SystemIdentityPlan):
            credential = ManagedIdentityCredential(**options)
        elif token_file:
            credential = WorkloadIdentityCredential(
                tenant_id=plan.tenant_id,
                client_id=plan.client_id,
                token_file_path=token_file,
                # An authority of one's own is not known to Microsoft's, which would be asked about it.
                disable_instance_discovery="AZURE_AUTHORITY_HOST" in environment,
                **options,
            )
        else:
            credential = ManagedIdentityCredential(client_id=plan.client_id, **options)

        def get_token(scope: str) -> bytes:
            return credential.get_token(scope).token.encode()

        return get_token

    def _explained(self, error: Exception) -> CredentialError:
        text = str(error)
        kind = type(error).__name__
        entra = _ENTRA_ERROR.search(text)
        if entra is not None:
            number = int(entra[1])
            detail, hint = _ENTRA_REASONS.get(
                number, ("Microsoft Entra refuses", "look the code up in Entra's error codes")
            )
            return CredentialError(self.reference, f"{detail} (AADSTS{number}{self._who()})", hint)
        endpoint = _ENDPOINT_ERROR.search(text)
        if endpoint is not None or "No identity has been assigned" in text:
            code = f" ({endpoint[1]}{self._who()})" if endpoint is not None else ""
            return CredentialError(
                self.reference,
                f"the machine's identity endpoint gives no token{code}",
                "assign the identity to this machine, and check the audience in the endpoint",
            )
        if isinstance(error, FileNotFoundError):
            return CredentialError(
                self.reference,
                "the file in AZURE_FEDERATED_TOKEN_FILE is not there",
                "project the service account's token into it",
            )
        if kind == "CredentialUnavailableError":
            return CredentialError(
                self.reference,
                "this machine has no identity endpoint that answers",
                "run on a machine of Azure or Arc, set up workload identity, or give a token of your own: --token-command",
            )
        if kind in ("ServiceRequestError", "ServiceResponseError", "ClientAuthenticationError", "HttpResponseError"):
            return CredentialError(
                self.reference,
                f"the identity service gives no token ({kind})",
                "check the network and the authority host",
            )
        return CredentialError(
            self.reference, f"the library azure-identity failed ({kind})", "check the AZURE_ variables"
        )

    def _who(self) -> str:
        plan = self._plan
        return f", client id {plan.client_id}, tenant {plan.tenant_id}" if isinstance(plan, UserIdentityPlan) else ""
