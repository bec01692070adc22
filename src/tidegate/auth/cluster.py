"""The Kubernetes cluster that this process runs in, if it runs in one.

Knows what Kubernetes tells a pod. Asks nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SERVICE_ACCOUNT_FOLDER", "Cluster", "find_cluster"]

SERVICE_ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod's own token and the cluster's CA are mounted."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the API server is, and the folder with `token` and `ca.crt`."""

    host: str
    port: int
    folder: Path


def find_cluster(environment: Mapping[str, str], folder: Path = SERVICE_ACCOUNT_FOLDER) -> Cluster | None:
    """Return the cluster that this process runs in, None when it runs in none or has no service account."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST", ""), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not port.isdecimal() or not (folder / "token").exists():
        return None
    return Cluster(host, int(port), folder)
