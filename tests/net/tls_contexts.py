"""SSLContexts for both ends of a test, and a server that refuses clients with an alert."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.certificates import Authority, Issued

__all__ = ["client_context", "refusing_server", "server_context"]


def client_context(*trusted: Authority, shown: Issued | None = None) -> ssl.SSLContext:
    """Trust `trusted` alone, and show `shown` if given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for authority in trusted:
        context.load_verify_locations(cadata=authority.certificate.decode())
    if shown is not None:
        _load(context, shown)
    return context


def server_context(
    issued: Issued, *, clients_of: Authority | None = None, version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    """Show `issued`; require client certificates of `clients_of`; speak only `version`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, issued)
    if clients_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients_of.certificate.decode())
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def _load(context: ssl.SSLContext, issued: Issued) -> None:
    with TemporaryDirectory() as directory:
        chain, key = Path(directory, "chain.pem"), Path(directory, "key.pem")
        chain.write_bytes(issued.certificate)
        key.write_bytes(issued.key)
        context.load_cert_chain(chain, key)


@contextmanager
def refusing_server(context: ssl.SSLContext) -> Iterator[int]:
    """Shake hands with one client, which is to fail, on a free port of loopback, which is given.

    Blocking, since the servers of asyncio and uvloop close without sending the alert that the test is about.
    """

    def serve(listener: socket.socket) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:  # nobody came before the test ended
            return
        with sock, context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False) as secured:
            try:
                secured.do_handshake()
            except ssl.SSLError:
                # Take what the client sent meanwhile, for closing before would reset the connection.
                raw = socket.socket(fileno=secured.detach())
                with raw:
                    raw.shutdown(socket.SHUT_WR)
                    while raw.recv(4096):
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
