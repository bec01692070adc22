"""PEM certificates: read them, and say of each whether it is good at a moment.

Knows X.509 dates and names. Does not know whose certificate it is; callers name the file in what they raise.
"""

from datetime import UTC, datetime

from cryptography import x509

from tidegate.moment import Moment

__all__ = ["CLOCK_LEEWAY_SECONDS", "read_certificates", "validity_problem"]

CLOCK_LEEWAY_SECONDS = 60.0
"""How far this machine's clock may be wrong before a date is held against a certificate."""


def read_certificates(pem: bytes) -> list[x509.Certificate]:
    """Read all certificates in `pem`, in order; text around the blocks is allowed. Raises `ValueError` if there is none."""
    return x509.load_pem_x509_certificates(pem)


def validity_problem(certificate: x509.Certificate, now: Moment) -> str | None:
    """Say in words that `certificate` has expired or is not valid yet, with the date; None when it is good."""
    if now.wall - CLOCK_LEEWAY_SECONDS > certificate.not_valid_after_utc.timestamp():
        return f"expired on {_date(certificate.not_valid_after_utc)}"
    if now.wall + CLOCK_LEEWAY_SECONDS < certificate.not_valid_before_utc.timestamp():
        return f"is not valid before {_date(certificate.not_valid_before_utc)}"
    return None


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
