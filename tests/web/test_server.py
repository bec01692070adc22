"""`web/server.py`: HTTPS with a certificate that is renewed, and an address that may be taken."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.integration.harness.ports import free_port

from tidegate.auth.authority import Authority
from tidegate.exceptions import CredentialError, ListenFailed
from tidegate.net.tasks import Tasks
from tidegate.web.server import HttpServer


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


def serving(tmp_path: Path, test: Callable[[HttpServer, Authority, int], Awaitable[None]]) -> None:
    authority = Authority.open(tmp_path, time.time())
    made = authority.server_certificate((), time.time())

    async def main() -> None:
        server, port = HttpServer(hello, made.chain_pem, made.key_pem), free_port()
        tasks = Tasks(lambda name, error: None)
        tasks.start(server.run("127.0.0.1", port), "server")
        try:
            await asyncio.wait_for(test(server, authority, port), 30)
        finally:
            await tasks.close()

    asyncio.run(main())


async def asked(tmp_path: Path, port: int) -> tuple[bytes, bytes]:
    """Ask until the server answers; return its answer and its certificate."""
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
            continue
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        answer = await reader.read()
        writer.close()
        return answer, certificate


def test_a_renewed_certificate_is_shown_to_whoever_connects_then(tmp_path: Path) -> None:
    async def test(server: HttpServer, authority: Authority, port: int) -> None:
        answer, first = await asked(tmp_path, port)
        assert answer.endswith(b"hello")
        assert b"server:" not in answer.lower()
        renewed = authority.server_certificate((), time.time())
        server.renew(renewed.chain_pem, renewed.key_pem)
        _, second = await asked(tmp_path, port)
        assert first != second

    serving(tmp_path, test)


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    async def test(server: HttpServer, authority: Authority, port: int) -> None:
        await asked(tmp_path, port)
        with pytest.raises(ListenFailed, match="in use"):
            await server.run("127.0.0.1", port)
        with pytest.raises(ListenFailed):
            await server.run("nowhere.invalid", port)

    serving(tmp_path, test)


def test_a_certificate_that_is_none() -> None:
    with pytest.raises(CredentialError):
        HttpServer(hello, b"x", b"y")
