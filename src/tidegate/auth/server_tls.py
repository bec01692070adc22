"""The SSLContext of a listener.

Knows versions, ciphers, the server's certificate and which client certificates are asked for. Does not know sockets or who
a client is (`authenticator`).
"""

import os
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from tidegate.auth.secret_source import SecretSource
from tidegate.exceptions import CredentialError

__all__ = ["manual_certificate", "server_context", "use_certificate"]

CERTIFICATE_KEY = "tls.crt"
PRIVATE_KEY_KEY = "tls.key"

# TLS 1.3 has good ones only; of TLS 1.2 those with forward secrecy and authenticated encryption are left.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_context(reference: str, chain_pem: bytes, key_pem: bytes, client_ca_pem: str | None) -> ssl.SSLContext:
    """Make the context of a listener; `client_ca_pem` are the authorities of client certificates, None asks for none.

    A client may come without a certificate even then: other methods may let it in. One that it shows is verified.

    Raises:
        CredentialError: certificate, key or authorities cannot be used; `reference` names where they are from.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    use_certificate(context, reference, chain_pem, key_pem)
    if client_ca_pem is not None:
        try:
            context.load_verify_locations(cadata=client_ca_pem)
        except ssl.SSLError as error:
            raise _unusable(reference, error) from None
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_mode = ssl.CERT_OPTIONAL
        # In a session that is resumed by a ticket the client shows no intermediates, and is verified no more.
        context.options |= ssl.OP_NO_TICKET
    return context


def use_certificate(context: ssl.SSLContext, reference: str, chain_pem: bytes, key_pem: bytes) -> None:
    """Have a context show a certificate at every handshake from now on. Raises `CredentialError`, as `server_context`."""
    try:
        with TemporaryDirectory(prefix="tidegate-") as directory:  # mode 0700
            chain, key = Path(directory, "chain.pem"), Path(directory, "key.pem")
            for path, pem in (chain, chain_pem), (key, key_pem):
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(pem)
            context.load_cert_chain(chain, key, password=lambda: "")
    except ssl.SSLError as error:
        raise _unusable(reference, error) from None
    except OSError as error:
        raise CredentialError(reference, f"no file for it can be made for a moment: {error.strerror}") from None


def _unusable(reference: str, error: ssl.SSLError) -> CredentialError:
    reason = (error.reason or "unknown error").lower().replace("_", " ")
    return CredentialError(
        reference, f"it cannot be used for TLS: {reason}", "certificate and key belong together, both as PEM text"
    )


def manual_certificate(secret: str, source: SecretSource) -> tuple[bytes, bytes]:
    """Return certificate chain and key of a declared secret (`tls.crt`, `tls.key`). Raises `CredentialError`."""
    values = source.secret(secret)
    for key in (CERTIFICATE_KEY, PRIVATE_KEY_KEY):
        if not values.get(key, b"").strip():
            present = ", ".join(sorted(values)) or "no keys"
            raise CredentialError(
                f"secret {secret}", f"{key} is missing; the secret has {present}", f"add the key {key}"
            )
    return values[CERTIFICATE_KEY], values[PRIVATE_KEY_KEY]
