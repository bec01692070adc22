"""TLS towards a server that a file of certificates speaks for.

Knows how such a file is read. Does not know what is asked of the server, or where the file comes from.
"""

import ssl
from pathlib import Path

from tidegate.exceptions import CredentialError

__all__ = ["trusting"]


def trusting(path: Path, hint: str) -> ssl.SSLContext:
    """Return the context of a client that trusts the authorities in a file of PEM certificates, and no other.

    Raises:
        CredentialError: the file cannot be read, or holds no certificate; `hint` says where to get it.
    """
    # Not `create_default_context`: its strictness of Python 3.13 refuses the CAs of many clusters.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:
        is_text = isinstance(error, ssl.SSLError)
        reason = "it holds no certificate" if is_text else (error.strerror or type(error).__name__).lower()
        raise CredentialError(f"CA file {path}", reason, hint) from None
    return context
