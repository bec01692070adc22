"""The SSLContext for an endpoint, out of its plan and a source of secrets.

Knows whom to trust and what to show: TLS 1.2 or 1.3, the server's certificate always verified and its name always
matched against the subject alternative names, only the CAs of the config map where one is named. There is no switch
that relaxes any of it. Does not know sockets.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from tidegate.auth.anonymous import Anonymous
from tidegate.auth.base import ClientCertificate, Credential
from tidegate.auth.certificates import read_certificates, validity_problem
from tidegate.auth.digests import digest, digest_of_values
from tidegate.auth.secret_source import SecretSource
from tidegate.auth.x509 import SECRET_KEYS, X509
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import AuthenticationPlan, EndpointPlan, X509Plan
from tidegate.moment import Moment

__all__ = ["credential", "fingerprint", "ssl_context"]

_PEM_BEGIN = "-----BEGIN CERTIFICATE-----"


def ssl_context(plan: EndpointPlan, source: SecretSource, *, now: Moment) -> ssl.SSLContext | None:
    """Build the context to dial `plan` with, None where the endpoint is plaintext.

    Reads files, so call it when a connection is made or something changed, not for each message. Raises
    `CredentialError` for a CA bundle or client certificate that cannot be used at the moment `now`.
    """
    if plan.tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    # A bundle may hold an intermediate CA, or the server's own certificate, without the root above it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if plan.tls.ca_config_map is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        reference = f"config map {plan.tls.ca_config_map}"
        _trust(context, reference, source.config_map(plan.tls.ca_config_map), now)
    certificate = credential(plan.authentication, source).client_certificate(now)
    if certificate is not None:
        _show(context, certificate)
    return context


def credential(plan: AuthenticationPlan, source: SecretSource) -> Credential:
    """Make the credential for the TLS handshake that an authentication plan names; tokens are for MQTT."""
    return X509(plan.secret, source) if isinstance(plan, X509Plan) else Anonymous()


def fingerprint(plan: EndpointPlan, source: SecretSource) -> bytes:
    """Digest everything that `ssl_context` would read for `plan`, so that a change that matters to it is seen.

    Never raises for what is missing or unfit: that is a state too, and the digest differs from that of any other.
    """
    if plan.tls is None:
        return digest([])
    parts: list[bytes] = []
    try:
        if plan.tls.ca_config_map is not None:
            bundle = source.config_map(plan.tls.ca_config_map)
            parts += [b"ca", digest_of_values({key: text.encode() for key, text in bundle.items()})]
        if isinstance(plan.authentication, X509Plan):
            values = source.secret(plan.authentication.secret)
            used = {key: value for key, value in values.items() if key in SECRET_KEYS}
            parts += [b"certificate", digest_of_values(used)]
    except CredentialError as error:
        parts += [b"error", str(error).encode()]
    return digest(parts)


def _trust(context: ssl.SSLContext, reference: str, bundle: Mapping[str, str], now: Moment) -> None:
    """Trust the certificates under any key of `bundle`, and nobody else."""
    certificates: list[Certificate] = []
    for key, text in sorted(bundle.items()):
        if _PEM_BEGIN not in text:
            continue
        try:
            found = read_certificates(text.encode())
        except ValueError:
            raise CredentialError(
                reference, f"{key} has a PEM certificate that cannot be read", "paste the certificate anew, whole lines"
            ) from None
        certificates += found
    if not certificates:
        keys = f"; its keys are {', '.join(sorted(bundle))}" if bundle else "; it has no keys"
        raise CredentialError(
            reference, f"there is no PEM certificate in it{keys}", "put the CA there, under any key, as PEM text"
        )
    # During a change of CA old and new stand side by side, so only a bundle that can verify nothing is refused here.
    problems = [validity_problem(certificate, now) for certificate in certificates]
    if None not in problems:
        subject = certificates[-1].subject.rfc4514_string()
        which = "the CA certificate" if len(certificates) == 1 else "none of the CA certificates is valid;"
        raise CredentialError(
            reference, f"{which} {subject} {problems[-1]}", "add the current CA, or check this machine's clock"
        )
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except ssl.SSLError as error:
        raise CredentialError(reference, f"it cannot be used for TLS: {_reason(error)}", "issue the CA anew") from None


def _show(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Give `context` the client certificate; OpenSSL takes the key from a file only, which exists for that moment."""
    try:
        with TemporaryDirectory(prefix="tidegate-") as directory:  # mode 0700
            chain, key = Path(directory, "chain.pem"), Path(directory, "key.pem")
            for path, pem in (chain, certificate.chain_pem), (key, certificate.key_pem):
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(pem)
            context.load_cert_chain(chain, key, password=_no_password)
    except ssl.SSLError as error:
        raise CredentialError(
            certificate.reference,
            f"it cannot be used for TLS: {_reason(error)}",
            "issue it anew with RSA 2048 or more, or an EC or Ed25519 key, and SHA-256",
        ) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise CredentialError(
            certificate.reference,
            f"no file for it can be made for a moment: {reason}",
            "give the process a temporary directory that it can write to (TMPDIR)",
        ) from None


def _no_password() -> str:
    """Keep OpenSSL from asking for a password at the terminal."""
    return ""


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "unknown error").lower().replace("_", " ")
