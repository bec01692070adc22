"""What a credential is: the ways in which a client can say who it is.

Knows the forms that the edges need. Does not know where a credential comes from or how it is checked.
"""

from dataclasses import dataclass, field
from typing import Protocol

from tidegate.moment import Moment

__all__ = ["ClientCertificate", "Credential"]


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A TLS client certificate that was found fit for use.

    `reference` names where it came from, `chain_pem` is the certificate and then its intermediates, `key_pem` the
    unencrypted private key, which no `repr` shows.
    """

    reference: str
    chain_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)


class Credential(Protocol):
    """One authentication method of an endpoint, ready to be asked at each connection anew, so that rotation is seen."""

    def client_certificate(self, now: Moment) -> ClientCertificate | None:
        """Give the certificate for the TLS handshake, None when the method has none. Raises `CredentialError`."""
        ...
