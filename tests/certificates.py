"""Certificates for tests, made on the spot: `ca()` makes an authority, which issues to servers, clients and other authorities.

All values are PEM bytes. Keys are EC keys on P-256, since those are made in no time; a client may bring another one.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["EXPIRED", "NOT_YET_VALID", "VALID", "Authority", "Issued", "Period", "ca", "encrypted_key", "new_key"]


@dataclass(frozen=True)
class Period:
    """When a certificate is valid."""

    start: datetime
    end: datetime


_NOW = datetime.now(UTC).replace(microsecond=0)

VALID = Period(_NOW - timedelta(days=1), _NOW + timedelta(days=30))
EXPIRED = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC))
NOT_YET_VALID = Period(datetime(2120, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2121, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True)
class Authority:
    """A certificate authority: `certificate` is what to trust, `key` its own key."""

    certificate: bytes
    key: bytes

    def server(self, *names: str, period: Period = VALID) -> Issued:
        """Issue to a server known by `names`, DNS names or IP addresses; none gives a certificate without names."""
        alternatives = [_general_name(name) for name in names]
        usage: list[x509.ExtensionType] = [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])]
        if alternatives:
            usage.append(x509.SubjectAlternativeName(alternatives))
        return self._issue(names[0] if names else "no name", period, usage)

    def client(self, name: str = "client", period: Period = VALID, key: bytes | None = None) -> Issued:
        """Issue to a client, which may bring its private key."""
        return self._issue(name, period, [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])], key)

    def intermediate(self, name: str = "Test Intermediate CA", period: Period = VALID) -> "Authority":
        """Issue to another authority, which may issue certificates itself."""
        issued = self._issue(name, period, [x509.BasicConstraints(ca=True, path_length=None)])
        return Authority(issued.certificate, issued.key)

    def _issue(
        self, name: str, period: Period, extensions: list[x509.ExtensionType], key: bytes | None = None
    ) -> Issued:
        issuer = x509.load_pem_x509_certificate(self.certificate)
        key = key or new_key()
        return Issued(_certificate(name, issuer.subject, key, self.key, period, extensions), key)


def ca(name: str = "Test CA", period: Period = VALID) -> Authority:
    """Make an authority with a certificate of its own signing."""
    key = new_key()
    constraint = x509.BasicConstraints(ca=True, path_length=None)
    return Authority(_certificate(name, _subject(name), key, key, period, [constraint]), key)


def new_key() -> bytes:
    """Make an unencrypted private key."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def encrypted_key(key: bytes, password: bytes = b"secret") -> bytes:
    """Encrypt a private key."""
    return _private_key(key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))


def _certificate(
    name: str,
    issuer: x509.Name,
    key: bytes,
    issuer_key: bytes,
    period: Period,
    extensions: list[x509.ExtensionType],
) -> bytes:
    public_key, signing_key = _issuable_key(key).public_key(), _private_key(issuer_key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(period.start)
        .not_valid_after(period.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signing_key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _issuable_key(pem: bytes) -> CertificateIssuerPrivateKeyTypes:
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey)
    return key


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
