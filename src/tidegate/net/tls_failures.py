"""What went wrong in TLS, in words for the person who can mend it.

Knows the error codes and alerts of OpenSSL (RFC 8446, section 6.2). Does not know sockets or endpoints.
"""

import ssl
from typing import NamedTuple

__all__ = ["TlsFailure", "tls_failure"]


class TlsFailure(NamedTuple):
    """A sentence about what happened, and one about how to mend it."""

    detail: str
    hint: str


def tls_failure(error: Exception, host: str) -> TlsFailure:
    """Put the error of a TLS handshake with `host`, or of the first read after it, into words.

    In TLS 1.3 the client is done before the server has looked at its certificate, so a refusal comes with that read.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_failure(error, host)
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, ssl.SSLError):
        return TlsFailure(
            "the connection was closed during the TLS handshake",
            "the port may not speak TLS, or the server refuses this client; check the port and tls.mode",
        )
    reason = getattr(error, "reason", None) or ""
    known = _ALERTS.get(
        reason.removeprefix("SSLV3_").removeprefix("TLSV1_").removeprefix("TLSV13_").removeprefix("SSLV13_")
    )
    if known is not None:
        return known
    if reason in _NOT_TLS:
        return TlsFailure("the server does not speak TLS on this port", "check the port, or set tls.mode: Disabled")
    if reason in _NO_COMMON_VERSION:
        return TlsFailure(
            "the server and this client share no version of TLS; 1.2 and 1.3 are allowed", "upgrade the server's TLS"
        )
    words = reason.lower().replace("_", " ") or "unknown error"
    return TlsFailure(f"TLS failed: {words}", "look at the server's log for its side of it")


def _certificate_failure(error: ssl.SSLCertVerificationError, host: str) -> TlsFailure:
    """Say why the server's certificate is not trusted; the codes are X509_V_ERR_* of OpenSSL's x509_vfy.h."""
    match error.verify_code:
        case 18 | 19 | 20 | 21 | 2:
            return TlsFailure(
                "the server's certificate is signed by an unknown CA",
                "name the config map that holds its CA in tls.trustedCaCertificateConfigMapRef, "
                "and let the server send its intermediate certificates",
            )
        case 62 | 64:
            return TlsFailure(
                f"the server's certificate is not for {host}",
                "use a host that its subject alternative names list, or issue it for this one",
            )
        case 10:
            return TlsFailure(
                "the server's certificate, or a CA above it, has expired", "renew it, or check this machine's clock"
            )
        case 9:
            return TlsFailure(
                "the server's certificate, or a CA above it, is not valid yet",
                "check this machine's clock and the server's",
            )
        case 66 | 67 | 68:
            return TlsFailure(
                "the server's certificate, or a CA above it, has a key or signature too weak to trust",
                "issue it anew with RSA 2048 or more, or an EC key, and SHA-256",
            )
        case 23:
            return TlsFailure("the server's certificate was revoked", "issue a new one")
        case _:
            return TlsFailure(
                f"the server's certificate is not trusted: {error.verify_message}",
                "issue it anew, for use by a TLS server",
            )


_CLIENT_CERTIFICATE_HINT = "check authentication.x509CertificateSettings.secretRef, and that the server trusts its CA"

_ALERTS = {
    "ALERT_UNKNOWN_CA": TlsFailure(
        "the server does not trust the CA of the client certificate", _CLIENT_CERTIFICATE_HINT
    ),
    "ALERT_CERTIFICATE_REQUIRED": TlsFailure(
        "the server requires a client certificate", "use authentication.method: X509Certificate"
    ),
    "ALERT_BAD_CERTIFICATE": TlsFailure("the server refused the client certificate", _CLIENT_CERTIFICATE_HINT),
    "ALERT_CERTIFICATE_UNKNOWN": TlsFailure("the server refused the client certificate", _CLIENT_CERTIFICATE_HINT),
    "ALERT_UNSUPPORTED_CERTIFICATE": TlsFailure(
        "the server refused the kind or usage of the client certificate", "issue it for use by a TLS client"
    ),
    "ALERT_CERTIFICATE_EXPIRED": TlsFailure("the server says that the client certificate has expired", "renew it"),
    "ALERT_CERTIFICATE_REVOKED": TlsFailure(
        "the server says that the client certificate was revoked", "issue a new one"
    ),
    "ALERT_ACCESS_DENIED": TlsFailure("the server denied access to this client", _CLIENT_CERTIFICATE_HINT),
    "ALERT_DECRYPT_ERROR": TlsFailure("the server could not verify this client's signature", _CLIENT_CERTIFICATE_HINT),
    "ALERT_HANDSHAKE_FAILURE": TlsFailure(
        "the server refused the handshake: no common cipher, or it requires a client certificate",
        "check the server's ciphers, and authentication.method",
    ),
    "ALERT_PROTOCOL_VERSION": TlsFailure(
        "the server and this client share no version of TLS; 1.2 and 1.3 are allowed", "upgrade the server's TLS"
    ),
    "UNRECOGNIZED_NAME": TlsFailure("the server does not serve this host name", "check host"),
    "ALERT_INTERNAL_ERROR": TlsFailure("the server failed in the TLS handshake", "look at the server's log"),
}

_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
}

_NO_COMMON_VERSION = {"UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "NO_PROTOCOLS_AVAILABLE"}
