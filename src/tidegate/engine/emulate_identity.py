"""The HTTP side of `tidegate emulate identity`: one port in plaintext, for a machine's endpoints, and one with TLS.

Knows just enough of HTTP to be asked by azure-identity. Does not know what is answered (`identity_stand_in`).
"""

import json
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tidegate.auth.authority import CA_FILE_NAME, Authority
from tidegate.auth.private_files import make_private_folder, write_private
from tidegate.auth.server_tls import server_context
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.engine.identity_stand_in import (
    ARC_PATH,
    EXCHANGE_AUDIENCE,
    SITE_PATH,
    Asked,
    Fault,
    IdentitySettings,
    IdentityStandIn,
)
from tidegate.exceptions import ListenFailed

__all__ = ["EmulatedIdentity", "IdentityPorts"]

BODY_BYTES_MAX = 64 * 1024
REQUEST_SECONDS_MAX = 10.0
CONNECTIONS_MAX = 64

FEDERATED_CLIENT = "aio-dataflow"
FEDERATED_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPorts:
    """Where to listen; a port of 0 lets the system choose."""

    host: str = "127.0.0.1"
    port: int = 0
    tls_port: int = 0


class EmulatedIdentity:
    """The endpoints of one data directory, answered from `__enter__` to `__exit__`. Raises `ListenFailed`."""

    def __init__(self, directory: Path, settings: IdentitySettings, ports: IdentityPorts) -> None:
        now = time.time()
        make_private_folder(directory)
        self._directory = directory
        self._settings = settings
        self._issuer = TokenIssuer.open(directory)
        self._authority = Authority.open(directory, now)
        self._answers = IdentityStandIn(self._issuer, settings, time.time)
        self._machine = _server(ports.host, ports.port, self._answers, "http")
        try:
            self._tenant = _server(ports.host, ports.tls_port, self._answers, "https")
        except ListenFailed:
            self._machine.server_close()
            raise
        certificate = self._authority.server_certificate([ports.host, "localhost"], now)
        context = server_context("the stand-in", certificate.chain_pem, certificate.key_pem, None)
        self._tenant.use_tls(context)
        self._threads: list[threading.Thread] = []

    def set_fault(self, fault: Fault | None) -> None:
        """Let something go wrong from now on, or with None nothing."""
        self._answers.fault = fault

    @property
    def federated_token_file(self) -> Path:
        """Return the file with the service account's token, for workload identity."""
        return self._directory / "federated-token"

    def renew_federated_token(self, life_seconds: float = FEDERATED_SECONDS) -> None:
        """Write the service account's token anew, as the kubelet does."""
        token = self._issuer.issue(EXCHANGE_AUDIENCE, FEDERATED_CLIENT, life_seconds, time.time())
        write_private(self.federated_token_file, token.encode())

    def environments(self) -> dict[str, dict[str, str]]:
        """Return the variables by which azure-identity finds each endpoint, by its name."""
        machine, tenant = self._machine.address, self._tenant.address
        found = {
            "instance metadata": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine},
            "workload identity": {
                "AZURE_AUTHORITY_HOST": tenant,
                "AZURE_FEDERATED_TOKEN_FILE": str(self.federated_token_file),
                "REQUESTS_CA_BUNDLE": str(self._directory / CA_FILE_NAME),
            },
        }
        if self._settings.site_header is not None:
            site = {"IDENTITY_ENDPOINT": machine + SITE_PATH, "IDENTITY_HEADER": self._settings.site_header}
            found["App Service"] = site
        if self._settings.arc_folder is not None:
            found["Arc"] = {"IDENTITY_ENDPOINT": machine + ARC_PATH, "IMDS_ENDPOINT": machine}
        return found

    def __enter__(self) -> "EmulatedIdentity":
        self.renew_federated_token()
        for server in (self._machine, self._tenant):
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="identity", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in (self._machine, self._tenant):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()


class _Server(ThreadingHTTPServer):
    """One port. More than `CONNECTIONS_MAX` connections at once are not answered."""

    daemon_threads = True
    request_queue_size = CONNECTIONS_MAX

    def __init__(self, host: str, port: int, answers: IdentityStandIn, scheme: str) -> None:
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._scheme = scheme
        self._host = "localhost" if scheme == "https" and host == "127.0.0.1" else host
        stand_in = self

        class Handler(_Handler):
            def answer(self, asked: Asked) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
                reply = answers.answer(asked, stand_in.address)
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                return reply.status, body, reply.headers

        super().__init__((host, port), Handler)

    @property
    def address(self) -> str:
        return f"{self._scheme}://{self._host}:{self.server_address[1]}"

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS; the handshake is made in the connection's own thread."""
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: Any, client_address: Any) -> None:  # Any: as socketserver has them
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # Any: as socketserver has them
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # Any: as socketserver has them
        """Say nothing: a client that goes away is no error of ours, and a traceback would show what it sent."""


class _Handler(BaseHTTPRequestHandler):
    """One connection, with one request."""

    timeout = REQUEST_SECONDS_MAX
    server_version, sys_version = "tidegate-stand-in", ""

    def answer(self, asked: Asked) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
        raise NotImplementedError

    def _handle(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        target = urlsplit(self.path)
        asked = Asked(
            self.command,
            target.path,
            dict(parse_qsl(target.query)),
            {name.lower(): value for name, value in self.headers.items()},
            dict(parse_qsl(body.decode("latin-1"))),
        )
        status, said, headers = self.answer(asked)
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Cache-Control", "no-store"), *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = _handle

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing: requests have secrets in them."""


def _server(host: str, port: int, answers: IdentityStandIn, scheme: str) -> _Server:
    try:
        return _Server(host, port, answers, scheme)
    except OSError as error:
        raise ListenFailed(f"{host}:{port}", error.strerror or str(error)) from error
