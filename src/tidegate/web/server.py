"""The console's server: uvicorn on one socket with TLS, and a certificate that may be renewed.

Knows sockets and TLS. Does not know what is answered, or why the server ends.
"""

import os
import socket
from contextlib import AbstractContextManager, nullcontext

import uvicorn
from starlette.types import ASGIApp

from tidegate.auth.server_tls import server_context, use_certificate
from tidegate.exceptions import ListenFailed

__all__ = ["HttpServer"]

CONNECTIONS_MAX = 256
KEEP_ALIVE_SECONDS = 15
HEAD_BYTES_MAX = 64 * 1024
BACKLOG = 64
REFERENCE = "the console's certificate"


class HttpServer:
    """One listener. Raises `CredentialError` for a certificate that cannot be used."""

    def __init__(self, application: ASGIApp, chain_pem: bytes, key_pem: bytes) -> None:
        self._context = server_context(REFERENCE, chain_pem, key_pem, None)
        config = uvicorn.Config(
            application,
            ssl_context_factory=lambda config, default: self._context,
            http="h11",
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            backlog=BACKLOG,
        )
        self._server = _Server(config)

    def renew(self, chain_pem: bytes, key_pem: bytes) -> None:
        """Show another certificate to whoever connects from now on. Raises `CredentialError`."""
        use_certificate(self._context, REFERENCE, chain_pem, key_pem)

    async def run(self, host: str, port: int) -> None:
        """Answer until the process ends.

        Raises:
            ListenFailed: the address cannot be listened on.
        """
        with _listener(host, port) as listener:
            await self._server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, with signals left to whoever runs it."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a generator there
        return nullcontext()


def _listener(host: str, port: int) -> socket.socket:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenFailed(address, error.strerror or str(error)) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        detail = os.strerror(error.errno).lower() if error.errno else str(error)
        raise ListenFailed(address, detail) from error
    return listener
