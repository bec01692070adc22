"""Tokens out of the TokenRequest API of the Kubernetes cluster that this process runs in.

Knows the API, and what a pod shows to it. Does not know what a token says beyond who the pod is.
"""

import http.client
import json
import re
import ssl
from collections.abc import Hashable

import msgspec

from tidegate.auth.ca_file import trusting
from tidegate.auth.client_token import read_token
from tidegate.auth.cluster import Cluster
from tidegate.auth.token_file import TokenFile
from tidegate.exceptions import CredentialError

__all__ = ["TokenRequest"]

TOKEN_SECONDS = 3600
REQUEST_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 256 * 1024

_SUBJECT = re.compile(r"system:serviceaccount:([a-z0-9][-a-z0-9]*):([a-z0-9][-.a-z0-9]*)")


class _Status(msgspec.Struct):
    token: str


class _Answer(msgspec.Struct):
    status: _Status


class TokenRequest:
    """Asks the API server of `cluster` for tokens of the pod's own service account for `audience`."""

    is_cheap = False

    def __init__(self, audience: str, cluster: Cluster) -> None:
        self.reference = f"token of Kubernetes for {audience}"
        self._audience = audience
        self._cluster = cluster
        self._own = TokenFile(cluster.folder / "token")

    def fetch(self) -> bytes:
        """Make one request. The pod's own token and the CA are read anew, since the kubelet renews them."""
        own = read_token(self._own.fetch(), self._own.reference)
        account = _SUBJECT.fullmatch(own.subject or "")
        if account is None:
            raise CredentialError(
                self._own.reference, "it is not of a service account", "mount the pod's service account token there"
            )
        namespace, name = account.groups()
        status, body = self._post(
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", own.data.decode("ascii")
        )
        if status not in (200, 201):
            raise self._refused(status, f"{namespace}/{name}")
        try:
            return msgspec.json.decode(body, type=_Answer).status.token.encode()
        except (msgspec.DecodeError, RecursionError):
            raise CredentialError(
                self.reference, "the answer of the API server is no TokenRequest", "check that the host is its address"
            ) from None

    def version(self) -> Hashable:
        """Tell nothing: the API is asked when its token is due."""
        return None

    def _post(self, path: str, own_token: str) -> tuple[int, bytes]:
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [self._audience], "expirationSeconds": TOKEN_SECONDS},
        }
        headers = {"Authorization": f"Bearer {own_token}", "Content-Type": "application/json"}
        context = trusting(self._cluster.folder / "ca.crt", "mount the pod's service account there")
        connection = http.client.HTTPSConnection(
            self._cluster.host, self._cluster.port, timeout=REQUEST_SECONDS_MAX, context=context
        )
        place = f"{self._cluster.host}:{self._cluster.port}"
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES_MAX)
        except ssl.SSLError as error:
            reason = (error.reason or "unknown error").lower().replace("_", " ")
            raise CredentialError(
                self.reference,
                f"no TLS with the API server at {place}: {reason}",
                "check ca.crt of the service account",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
            raise CredentialError(
                self.reference, f"the API server at {place} does not answer: {reason}", "check the cluster's network"
            ) from None
        finally:
            connection.close()

    def _refused(self, status: int, account: str) -> CredentialError:
        hints = {
            401: "the pod's own token is not accepted; check that it is of this cluster",
            403: f"allow the service account {account} the verb `create` on `serviceaccounts/token` for itself, by a Role "
            "and a RoleBinding, or project a token into a file and name it with --token-file",
            404: f"the service account {account} is gone; start the pod with one that exists",
        }
        hint = hints.get(status, "it is asked again; see the API server's log")
        return CredentialError(self.reference, f"the API server answers HTTP {status}", hint)
