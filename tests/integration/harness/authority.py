"""Certificates as files, the way a broker wants them, and as text, the way a secret or config map wants them."""

from dataclasses import dataclass
from pathlib import Path

from tests import certificates
from tests.integration.harness.mosquitto import BrokerTls

__all__ = ["Authority", "Issued"]


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, both PEM."""

    certificate_path: Path
    key_path: Path

    @property
    def certificate_pem(self) -> str:
        """The certificate as text."""
        return self.certificate_path.read_text()

    @property
    def key_pem(self) -> str:
        """The key as text."""
        return self.key_path.read_text()

    def for_broker(self, *, clients: "Authority | None" = None) -> BrokerTls:
        """Return the files for a listener, which asks for client certificates of `clients` where it is given."""
        return BrokerTls(self.certificate_path, self.key_path, clients.certificate_path if clients else None)

    def replace(self, other: "Issued") -> None:
        """Put the certificate and key of `other` in place of these, for a broker to read at its next start."""
        self.certificate_path.write_text(other.certificate_pem)
        self.key_path.write_text(other.key_pem)


class Authority:
    """A certificate authority with its files in `directory`."""

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.authority = certificates.ca(name)
        self.certificate_path = directory / "ca.pem"
        self.certificate_path.write_bytes(self.authority.certificate)

    @property
    def certificate_pem(self) -> str:
        """The authority's own certificate as text."""
        return self.certificate_path.read_text()

    def server(self, *hosts: str) -> Issued:
        """Issue to a server known by `hosts`."""
        return self._write(self.authority.server(*hosts))

    def client(self) -> Issued:
        """Issue to a client."""
        return self._write(self.authority.client())

    def _write(self, issued: certificates.Issued) -> Issued:
        number = len(list(self.directory.iterdir()))
        paths = Issued(self.directory / f"{number}.pem", self.directory / f"{number}.key")
        paths.certificate_path.write_bytes(issued.certificate)
        paths.key_path.write_bytes(issued.key)
        return paths
