"""The authentication method `X509Certificate`: a TLS client certificate out of a secret.

Knows the keys of the secret (facts 5.2) and everything that can be wrong with them. Does not know TLS.
"""

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate

from tidegate.auth.base import ClientCertificate
from tidegate.auth.certificates import read_certificates, validity_problem
from tidegate.auth.secret_source import SecretSource
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment

__all__ = ["CERTIFICATE_KEY", "INTERMEDIATES_KEY", "SECRET_KEYS", "X509"]

CERTIFICATE_KEY = "client_cert.pem"
PRIVATE_KEY_KEY = "client_key.pem"
INTERMEDIATES_KEY = "client_intermediate_certs.pem"

SECRET_KEYS = frozenset({CERTIFICATE_KEY, PRIVATE_KEY_KEY, INTERMEDIATES_KEY})
"""All that is read of the secret."""


class X509:
    """The client certificate in the secret `secret` of `source`, read anew each time it is asked for."""

    def __init__(self, secret: str, source: SecretSource) -> None:
        self._secret = secret
        self._source = source

    def client_certificate(self, now: Moment) -> ClientCertificate:
        """Read and check certificate, key and intermediates. Raises `CredentialError` for what is missing or unfit."""
        secret = _Secret(f"secret {self._secret}", self._source.secret(self._secret))
        certificate_pem = secret.required(CERTIFICATE_KEY)
        key_pem = secret.required(PRIVATE_KEY_KEY)
        intermediates_pem = secret.optional(INTERMEDIATES_KEY)
        chain = secret.certificates(CERTIFICATE_KEY, certificate_pem, now)
        if intermediates_pem is not None:
            secret.certificates(INTERMEDIATES_KEY, intermediates_pem, now)
        public_key = secret.private_key(PRIVATE_KEY_KEY, key_pem).public_key()
        if _public_bytes(public_key) != _public_bytes(chain[0].public_key()):
            raise CredentialError(
                secret.reference,
                f"{PRIVATE_KEY_KEY} does not belong to {CERTIFICATE_KEY}",
                "replace both together; they are read again when the secret changes",
            )
        return ClientCertificate(secret.reference, b"\n".join([certificate_pem, intermediates_pem or b""]), key_pem)


class _Secret:
    """The values of one secret, and its name for what is said about them."""

    def __init__(self, reference: str, values: Mapping[str, bytes]) -> None:
        self.reference = reference
        self._values = values

    def optional(self, key: str) -> bytes | None:
        value = self._values.get(key)
        return value if value is not None and value.strip() else None

    def required(self, key: str) -> bytes:
        value = self.optional(key)
        if value is not None:
            return value
        if key in self._values:
            raise CredentialError(self.reference, f"{key} is empty", "put the PEM text there")
        present = ", ".join(sorted(self._values)) or "no keys"
        raise CredentialError(
            self.reference, f"{key} is missing; the secret has {present}", f"add the key {key} with the PEM text"
        )

    def certificates(self, key: str, pem: bytes, now: Moment) -> list[Certificate]:
        try:
            certificates = read_certificates(pem)
        except ValueError:
            raise CredentialError(self.reference, f"{key} is not a PEM certificate", _not_pem_hint(pem)) from None
        for certificate in certificates:
            problem = validity_problem(certificate, now)
            if problem is not None:
                raise CredentialError(self.reference, f"{key} {problem}", "renew it, or check this machine's clock")
        return certificates

    def private_key(self, key: str, pem: bytes) -> PrivateKeyTypes:
        try:
            return load_pem_private_key(pem, password=None)
        except TypeError:
            raise CredentialError(
                self.reference,
                f"{key} is encrypted, and a password cannot be given",
                f"store it without encryption: openssl pkey -in {key} -out {key}.plain",
            ) from None
        except UnsupportedAlgorithm:
            raise CredentialError(
                self.reference, f"{key} is of a kind that is not supported", "use an RSA, EC or Ed25519 key"
            ) from None
        except ValueError:
            raise CredentialError(self.reference, f"{key} is not a PEM private key", _not_pem_hint(pem)) from None


def _not_pem_hint(value: bytes) -> str:
    """Tell the usual mistakes apart: base64 once too often (facts 5.2, last row), and DER."""
    try:
        decoded = base64.b64decode(value, validate=False)
    except binascii.Error:
        decoded = b""
    if decoded.lstrip().startswith(b"-----BEGIN"):
        return "the value is base64 of PEM text: it was encoded once too often"
    if value.startswith(b"\x30"):
        return "the value looks like DER; convert it to PEM with openssl"
    return "PEM text begins with -----BEGIN"


def _public_bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
