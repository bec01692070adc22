"""Promise 1 and the certificates of a listener."""

import socket
import ssl
import threading

import pytest
from tests.certificates import ca

from tidegate.auth.secret_source import DeclaredSource
from tidegate.auth.server_tls import manual_certificate, server_context
from tidegate.exceptions import CredentialError

CA = ca()
SERVER = CA.server("localhost", "127.0.0.1")


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str | None, bytes | None]:
    """Return the version that both agreed on, and the client's certificate as the server has it."""
    left, right = socket.socketpair()
    seen: list[bytes | None] = []

    def serve() -> None:
        try:
            with server.wrap_socket(left, server_side=True) as wrapped:
                seen.append(wrapped.getpeercert(binary_form=True))
                wrapped.sendall(b"x")
        except (ssl.SSLError, OSError):
            left.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(right, server_hostname="localhost") as wrapped:
            assert wrapped.recv(1) == b"x"
            return wrapped.version(), seen[0]
    finally:
        right.close()
        thread.join()


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=CA.certificate.decode())
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def listening(client_ca: str | None = None) -> ssl.SSLContext:
    return server_context("test", SERVER.certificate, SERVER.key, client_ca)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_promise_01_versions_that_are_spoken(version: ssl.TLSVersion) -> None:
    context = client_context()
    context.minimum_version = context.maximum_version = version
    assert handshake(listening(), context)[0] == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_promise_01_older_versions_are_refused(version: ssl.TLSVersion) -> None:
    context = client_context()
    context.minimum_version = context.maximum_version = version
    with pytest.raises((ssl.SSLError, OSError)):
        handshake(listening(), context)


@pytest.mark.parametrize(
    "cipher", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "AECDH-AES128-SHA"]
)
def test_promise_01_weak_ciphers_are_refused(cipher: str) -> None:
    context = client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, OSError)):
        handshake(listening(), context)


def test_promise_03_a_clients_certificate_is_verified_when_it_shows_one() -> None:
    issued = CA.client("press-1")
    trusting = listening(CA.certificate.decode())
    assert handshake(trusting, client_context())[1] is None
    context = client_context()
    show(context, issued.certificate, issued.key)
    assert handshake(trusting, context)[1] == ssl.PEM_cert_to_DER_cert(issued.certificate.decode())
    stranger = ca("Another CA").client("press-1")
    context = client_context()
    show(context, stranger.certificate, stranger.key)
    with pytest.raises((ssl.SSLError, OSError)):
        handshake(trusting, context)


def show(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "pair.pem")
        path.write_bytes(certificate + key)
        context.load_cert_chain(path)


def test_what_cannot_be_used_is_said() -> None:
    with pytest.raises(CredentialError, match="secret site"):
        server_context("secret site", SERVER.certificate, CA.key, None)
    with pytest.raises(CredentialError, match=r"tls\.key is missing"):
        manual_certificate("site", DeclaredSource({"site": {"tls.crt": b"x"}}, {}))
    pair = {"tls.crt": SERVER.certificate, "tls.key": SERVER.key}
    assert manual_certificate("site", DeclaredSource({"site": pair}, {})) == (SERVER.certificate, SERVER.key)
