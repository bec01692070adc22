"""When the certificates that an endpoint shows and trusts come to their end.

Knows certificates and bundles. Does not know whether they can be used (`tls`), or who is warned.
"""

from collections.abc import Iterable
from typing import Literal

from cryptography import x509

from tidegate.auth.certificates import read_certificates
from tidegate.auth.expiry import Expiry
from tidegate.auth.secret_source import SecretSource
from tidegate.auth.x509 import CERTIFICATE_KEY, INTERMEDIATES_KEY
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import EndpointPlan, X509Plan

__all__ = ["certificate_expiries"]


def certificate_expiries(plan: EndpointPlan, source: SecretSource) -> tuple[Expiry, ...]:
    """Return the ends of all certificates that an endpoint with TLS has declared; those that cannot be read have none."""
    if plan.tls is None:
        return ()
    found: list[Expiry] = []
    if isinstance(plan.authentication, X509Plan):
        name = plan.authentication.secret
        try:
            values = source.secret(name)
        except CredentialError:
            values = {}
        for key in CERTIFICATE_KEY, INTERMEDIATES_KEY:
            own = key == CERTIFICATE_KEY
            for position, certificate in enumerate(_read(values.get(key, b""))):
                kind: Literal["certificate", "intermediate"] = "certificate" if own and not position else "intermediate"
                found.append(_expiry(kind, certificate, f"secret {name}, {key}"))
    if plan.tls.ca_config_map is not None:
        found += _authorities(plan.tls.ca_config_map, source)
    return tuple(found)


def _authorities(config_map: str, source: SecretSource) -> list[Expiry]:
    try:
        values = source.config_map(config_map)
    except CredentialError:
        return []
    bundle = [(key, certificate) for key, text in sorted(values.items()) for certificate in _read(text.encode())]
    latest: dict[x509.Name, float] = {}
    for _, certificate in bundle:
        end = certificate.not_valid_after_utc.timestamp()
        latest[certificate.subject] = max(end, latest.get(certificate.subject, end))
    return [
        _expiry(
            "authority",
            certificate,
            f"config map {config_map}, {key}",
            is_followed=certificate.not_valid_after_utc.timestamp() < latest[certificate.subject],
        )
        for key, certificate in bundle
    ]


def _expiry(
    kind: Literal["certificate", "intermediate", "authority"],
    certificate: x509.Certificate,
    place: str,
    *,
    is_followed: bool = False,
) -> Expiry:
    return Expiry(
        kind=kind,
        name=f"{certificate.subject.rfc4514_string()} ({place})",
        begins_wall=certificate.not_valid_before_utc.timestamp(),
        expires_wall=certificate.not_valid_after_utc.timestamp(),
        is_followed=is_followed,
    )


def _read(pem: bytes) -> Iterable[x509.Certificate]:
    try:
        return read_certificates(pem)
    except ValueError:
        return ()
