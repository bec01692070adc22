"""Each error of OpenSSL has words of its own. The handshakes themselves are in `test_dialer`."""

import ssl

import pytest

from tidegate.net.tls_failures import tls_failure


def _error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] text")
    error.reason = reason
    return error


def _untrusted(code: int, message: str = "text") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "text")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (_untrusted(18), "the server's certificate is signed by an unknown CA"),
        (_untrusted(19), "the server's certificate is signed by an unknown CA"),
        (_untrusted(20), "the server's certificate is signed by an unknown CA"),
        (_untrusted(62), "the server's certificate is not for broker.example"),
        (_untrusted(64), "the server's certificate is not for broker.example"),
        (_untrusted(10), "the server's certificate, or a CA above it, has expired"),
        (_untrusted(9), "the server's certificate, or a CA above it, is not valid yet"),
        (_untrusted(66), "the server's certificate, or a CA above it, has a key or signature too weak to trust"),
        (_untrusted(23), "the server's certificate was revoked"),
        (_untrusted(26, "unsupported purpose"), "the server's certificate is not trusted: unsupported purpose"),
        (_error("TLSV1_ALERT_UNKNOWN_CA"), "the server does not trust the CA of the client certificate"),
        (_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "the server requires a client certificate"),
        (_error("SSLV3_ALERT_BAD_CERTIFICATE"), "the server refused the client certificate"),
        (_error("SSLV3_ALERT_CERTIFICATE_EXPIRED"), "the server says that the client certificate has expired"),
        (_error("SSLV3_ALERT_CERTIFICATE_REVOKED"), "the server says that the client certificate was revoked"),
        (
            _error("TLSV1_ALERT_PROTOCOL_VERSION"),
            "the server and this client share no version of TLS; 1.2 and 1.3 are allowed",
        ),
        (_error("UNSUPPORTED_PROTOCOL"), "the server and this client share no version of TLS; 1.2 and 1.3 are allowed"),
        (_error("WRONG_VERSION_NUMBER"), "the server does not speak TLS on this port"),
        (_error("TLSV1_UNRECOGNIZED_NAME"), "the server does not serve this host name"),
        (_error("BAD_RECORD_MAC"), "TLS failed: bad record mac"),
        (ssl.SSLEOFError(8, "text"), "the connection was closed during the TLS handshake"),
        (ConnectionResetError(), "the connection was closed during the TLS handshake"),
    ],
)
def test_words(error: Exception, detail: str) -> None:
    failure = tls_failure(error, "broker.example")
    assert failure.detail == detail
    assert failure.hint


def test_an_error_without_a_reason_has_words_too() -> None:
    assert tls_failure(ssl.SSLError(1, "text"), "h").detail == "TLS failed: unknown error"
