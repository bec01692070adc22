"""Service account tokens of our own: signed with a key of the data directory, checked by whoever has its public half.

Knows what stands in a token (facts 5.1). Does not know who may have one.
"""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tidegate.auth.private_files import make_private_folder, read_private, write_private
from tidegate.exceptions import CredentialError

__all__ = ["ALGORITHM", "ATTRIBUTES_CLAIM", "ISSUER", "SUBJECT_PREFIX", "TokenIssuer"]

ALGORITHM = "ES256"
ISSUER = "tidegate"
SUBJECT_PREFIX = "system:serviceaccount:"
ATTRIBUTES_CLAIM = "aio-broker-auth"
"""What the annotations `aio-broker-auth/NAME` of a service account say in a cluster (facts 1.9) is in the token here."""

NAMESPACE = "azure-iot-operations"

FILE_BYTES_MAX = 16 * 1024


class TokenIssuer:
    """Issues tokens of one data directory."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._key_id = _key_id(key.public_key())

    @classmethod
    def open(cls, directory: Path) -> "TokenIssuer":
        """Read the key of a data directory, or make one. Raises `CredentialError` for a file that cannot be used."""
        folder = directory / "tokens"
        make_private_folder(folder)
        path = folder / "issuer.key"
        pem = read_private(path, FILE_BYTES_MAX)
        if pem is None:
            key = ec.generate_private_key(ec.SECP256R1())
            write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            return cls(key)
        try:
            found = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            found = None
        if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
            raise CredentialError(
                str(path), "it is no key for tokens", "move it away: a new one is made, and older tokens end with it"
            )
        return cls(found)

    def keys(self) -> Mapping[str, ec.EllipticCurvePublicKey]:
        """Return the public keys by their id, for a verifier."""
        return {self._key_id: self._key.public_key()}

    def issue(
        self,
        audience: str,
        client: str,
        ttl_seconds: float,
        now_wall: float,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """Return a token for the service account `client` that ends after `ttl_seconds`.

        `attributes` are what authorization rules may name.
        """
        now = int(now_wall)
        claims: dict[str, object] = {
            "iss": ISSUER,
            "sub": f"{SUBJECT_PREFIX}{NAMESPACE}:{client}",
            "aud": [audience],
            "iat": now,
            "nbf": now,
            "exp": now + int(ttl_seconds),
            "jti": str(uuid4()),
            "kubernetes.io": {"namespace": NAMESPACE, "serviceaccount": {"name": client}},
        }
        if attributes:
            claims[ATTRIBUTES_CLAIM] = dict(attributes)
        return self.sign(claims)

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token that says `claims`."""
        return jwt.encode(dict(claims), self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})

    def key_set(self) -> Mapping[str, object]:
        """Return the public key as a JSON Web Key Set (RFC 7517)."""
        key = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}]}


def _key_id(key: ec.EllipticCurvePublicKey) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()[:32]
