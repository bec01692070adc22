"""What the other end of a TLS connection has shown: version, cipher, and its certificates.

Knows the objects of `ssl`. Does not know whether what was shown is any good: the handshake has judged that.
"""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.x509 import Certificate, load_der_x509_certificate

__all__ = ["TlsPeer", "tls_peer"]


@dataclass(frozen=True, slots=True)
class TlsPeer:
    """`certificates` begins with the server's own; those that verified it follow, as far as this Python tells."""

    version: str
    cipher: str
    certificates: tuple[Certificate, ...]


def tls_peer(connection: ssl.SSLObject) -> TlsPeer:
    """Return what the server of an open connection has shown."""
    cipher = connection.cipher()
    own = connection.getpeercert(binary_form=True)
    chain = list(_verified(connection)) or ([own] if own is not None else [])
    return TlsPeer(
        version=connection.version() or "TLS",
        cipher=cipher[0] if cipher is not None else "",
        certificates=tuple(map(load_der_x509_certificate, chain)),
    )


def _verified(connection: ssl.SSLObject) -> Iterable[bytes]:
    """Yield the chain in DER: a method of SSLObject since Python 3.13, and before of the object that it wraps."""
    public: Any = getattr(connection, "get_verified_chain", None)  # Any: not in the types of older versions
    if public is not None:
        yield from public()
        return
    inner: Any = getattr(connection, "_sslobj", None)  # Any: it has no types
    if hasattr(inner, "get_verified_chain"):
        yield from (ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in inner.get_verified_chain() or ())
