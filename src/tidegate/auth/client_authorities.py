"""The authorities whose client certificates a listener takes, read from config maps.

Knows that a config map which cannot be read, or holds no certificate, trusts nobody. Does not know TLS or who a client is.
"""

from collections.abc import Iterable

from tidegate.auth.certificates import read_certificates
from tidegate.auth.secret_source import SecretSource
from tidegate.exceptions import CredentialError

__all__ = ["read_client_authorities"]


def read_client_authorities(
    config_maps: Iterable[str], source: SecretSource
) -> tuple[dict[str, str], dict[str, CredentialError]]:
    """Return the certificates as PEM by config map, "" where there are none that can be used, and why that is so."""
    found: dict[str, str] = {}
    problems: dict[str, CredentialError] = {}
    for name in config_maps:
        found[name] = ""
        try:
            pem = "\n".join(source.config_map(name).values())
            read_certificates(pem.encode())
        except CredentialError as error:
            problems[name] = error
        except ValueError:
            hint = "put the certificates of the authorities into it as PEM text"
            problems[name] = CredentialError(f"config map {name}", "it holds no certificate that can be read", hint)
        else:
            found[name] = pem
    return found, problems
