"""The local certificate authority: made at the first start, renewed before it ends, the source of server certificates.

Knows keys, certificates and the files they lie in. Does not know TLS or listeners.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tidegate.auth.certificates import read_certificates
from tidegate.auth.private_files import make_private_folder, read_private, write_private
from tidegate.exceptions import CredentialError

__all__ = ["BROKER_NAMES", "CA_FILE_NAME", "Authority", "ServerCertificate"]

CA_FILE_NAME = "ca.crt"
CA_DAYS = 3650
CA_RENEW_DAYS = 365
"""The authority is renewed when it has less than this left; until the old one ends both are trusted."""

SERVER_DAYS = 90
SERVER_RENEW_PART = 2 / 3

BROKER_NAMES = (
    "aio-broker",
    "aio-broker.azure-iot-operations",
    "aio-broker.azure-iot-operations.svc",
    "aio-broker.azure-iot-operations.svc.cluster.local",
    "localhost",
    "127.0.0.1",
    "::1",
)
"""What the server certificate names in any case."""

FILE_BYTES_MAX = 256 * 1024
BACKDATE = timedelta(minutes=5)
"""Certificates begin a little before they are made, for clocks that are a little behind."""


@dataclass(frozen=True, slots=True, repr=False)
class ServerCertificate:
    """A certificate with its key, as PEM, and when it is to be made anew, in seconds since 1970."""

    chain_pem: bytes
    key_pem: bytes
    renew_at_wall: float


class Authority:
    """The authority of one data directory. `folder` holds its keys, `ca_file` is for clients to trust."""

    def __init__(
        self, folder: Path, ca_file: Path, key: ec.EllipticCurvePrivateKey, chain: list[x509.Certificate]
    ) -> None:
        self._folder = folder
        self.ca_file = ca_file
        self._key = key
        self._certificates = chain

    @classmethod
    def open(cls, directory: Path, now_wall: float) -> "Authority":
        """Read the authority of a data directory, or make it; renew it when its end is near.

        Raises:
            CredentialError: a file of it cannot be used; nothing is removed or written over then.
        """
        folder = directory / "authority"
        make_private_folder(folder)
        now = datetime.fromtimestamp(now_wall, UTC)
        key_pem = read_private(folder / "ca.key", FILE_BYTES_MAX)
        chain_pem = read_private(folder / "ca.pem", FILE_BYTES_MAX)
        if key_pem is None and chain_pem is None:
            authority = cls(folder, directory / CA_FILE_NAME, *_new_authority(now))
            authority._write()
            return authority
        authority = cls(folder, directory / CA_FILE_NAME, *_read(folder, key_pem, chain_pem))
        if authority.is_ending(now_wall):
            key, renewed = _new_authority(now)
            certificates = renewed + [each for each in authority._certificates if each.not_valid_after_utc > now]
            authority = cls(folder, directory / CA_FILE_NAME, key, certificates)
        authority._write()
        return authority

    def is_ending(self, now_wall: float) -> bool:
        """Tell whether it is time to renew it, which `open` does."""
        left = self._certificates[0].not_valid_after_utc - datetime.fromtimestamp(now_wall, UTC)
        return left < timedelta(days=CA_RENEW_DAYS)

    def bundle_pem(self) -> str:
        """Return the certificates to trust, the newest first."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self._certificates).decode("ascii")

    def server_certificate(self, names: Iterable[str], now_wall: float) -> ServerCertificate:
        """Make a certificate for the broker's names and addresses, and for those given."""
        now = datetime.fromtimestamp(now_wall, UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificates[0]
        end = min(now + timedelta(days=SERVER_DAYS), issuer.not_valid_after_utc)
        alternative = [_general_name(name) for name in dict.fromkeys((*BROKER_NAMES, *names))]
        certificate = (
            _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "aio-broker")]), issuer.subject, key, now, end)
            .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_key_usage(is_authority=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        renew_at = now + (end - now) * SERVER_RENEW_PART
        return ServerCertificate(certificate.public_bytes(Encoding.PEM), _key_pem(key), renew_at.timestamp())

    def _write(self) -> None:
        write_private(self._folder / "ca.key", _key_pem(self._key))
        write_private(self._folder / "ca.pem", self.bundle_pem().encode())
        write_private(self.ca_file, self.bundle_pem().encode(), mode=0o644)


def _read(
    folder: Path, key_pem: bytes | None, chain_pem: bytes | None
) -> tuple[ec.EllipticCurvePrivateKey, list[x509.Certificate]]:
    hint = "put back the files from a backup, or move the folder away: then a new authority is made, which clients must trust"
    if key_pem is None or chain_pem is None:
        missing = "ca.key" if key_pem is None else "ca.pem"
        raise CredentialError(str(folder), f"{missing} is missing beside the other file of the authority", hint)
    try:
        key = load_pem_private_key(key_pem, password=None)
        certificates = read_certificates(chain_pem)
    except (ValueError, TypeError):
        raise CredentialError(str(folder), "its files cannot be read as a key and certificates", hint) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificates[0].public_key():
        raise CredentialError(str(folder), "ca.key does not belong to ca.pem", hint)
    return key, certificates


def _new_authority(now: datetime) -> tuple[ec.EllipticCurvePrivateKey, list[x509.Certificate]]:
    key = ec.generate_private_key(ec.SECP256R1())
    # Each authority has a name of its own, so that during a renewal a chain finds the right one.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tidegate"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Tidegate local CA {now:%Y-%m-%d %H:%M:%S}"),
        ]
    )
    certificate = (
        _builder(name, name, key, now, now + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, [certificate]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(end)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
