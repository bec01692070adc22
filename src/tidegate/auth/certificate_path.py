"""Whether a client's certificate leads to an authority, by the certificates that the client sent along.

Knows paths and what an issuer must be (RFC 5280, section 6). Does not know TLS, which has verified the client against the
authorities of all methods of a listener together; here it is decided whose authorities they were.
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tidegate.auth.certificates import validity_problem
from tidegate.moment import Moment

__all__ = ["PATH_CERTIFICATES_MAX", "leads_to"]

PATH_CERTIFICATES_MAX = 10
"""How many certificates that a client sends are looked at; more have no part in any path."""

_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    }
)


def leads_to(
    chain: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], now_wall: float, *, is_only_choice: bool
) -> bool:
    """Tell whether the first certificate of `chain` leads through the others to one of `trusted`, or is one itself.

    `is_only_choice` says that TLS trusted nobody else, so that it has verified this very path, constraints on names and other
    critical extensions included. Without it a path through certificates that have such is none: they are not judged here.
    """
    leaf, *others = chain[:PATH_CERTIFICATES_MAX]
    if leaf in trusted:
        return True
    now = Moment(0.0, now_wall)
    issuers = [(each, True) for each in trusted] + [(each, False) for each in others if each not in trusted]
    usable = [(each, is_anchor) for each, is_anchor in issuers if _is_usable(each, now, is_only_choice)]
    reached = [leaf]
    # Level by level, each certificate once: the fewer authorities are below it, the more it may do.
    for below in range(len(usable) + 1):
        found = [
            (issuer, is_anchor)
            for issuer, is_anchor in usable
            if _may_issue(issuer, is_anchor, below) and any(_issued(each, issuer) for each in reached)
        ]
        if any(is_anchor for _, is_anchor in found):
            return True
        reached = [issuer for issuer, _ in found]
        usable = [each for each in usable if each not in found]
    return False


def _is_usable(certificate: x509.Certificate, now: Moment, is_only_choice: bool) -> bool:
    if validity_problem(certificate, now) is not None:
        return False
    try:
        extensions = list(certificate.extensions)
    except ValueError:
        return False
    if is_only_choice:
        return True
    has_name_constraints = any(each.oid == ExtensionOID.NAME_CONSTRAINTS for each in extensions)
    return not has_name_constraints and all(not each.critical or each.oid in _UNDERSTOOD for each in extensions)


def _may_issue(certificate: x509.Certificate, is_anchor: bool, below: int) -> bool:
    extensions = {each.oid: each.value for each in certificate.extensions}
    basic = extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
    if isinstance(basic, x509.BasicConstraints):
        if not basic.ca or (basic.path_length is not None and basic.path_length < below):
            return False
    elif not is_anchor:
        # An old root has none, and is trusted because somebody says so.
        return False
    usage = extensions.get(ExtensionOID.KEY_USAGE)
    if isinstance(usage, x509.KeyUsage) and not usage.key_cert_sign:
        return False
    purposes = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if isinstance(purposes, x509.ExtendedKeyUsage):
        return ExtendedKeyUsageOID.CLIENT_AUTH in purposes or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes
    return True


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, x509.InvalidVersion, InvalidSignature):
        return False
    return True
