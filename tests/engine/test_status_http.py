import asyncio
import socket
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest
from tests.engine.skipping_loop import run as run_skipping

from tidegate.engine import status_http
from tidegate.engine.status_http import Answer, StatusHttp, parse_http_address
from tidegate.exceptions import ListenFailed
from tidegate.net.tasks import Tasks


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def serve(test: Callable[[int], Coroutine[Any, Any, None]], host: str = "127.0.0.1") -> None:
    """Serve one route and run the test with the port."""

    async def main() -> None:
        async def hello(query: Mapping[str, str]) -> Answer:
            return Answer(f"hello {query.get('name', 'you')}".encode())

        failures: list[Exception] = []
        tasks = Tasks(lambda name, error: failures.append(error))
        port = free_port()
        listener = StatusHttp(host, port, {"/hello": hello}, tasks)
        await listener.listen()
        assert listener.is_listening
        try:
            await test(port)
        finally:
            listener.close()
            await tasks.close()
        assert failures == []

    asyncio.run(main())


async def ask(port: int, request: bytes) -> bytes:
    """Send bytes and return all that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await reader.read()
    finally:
        writer.close()


def get(target: str, host: str = "127.0.0.1", method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def test_a_route_answers_with_its_query() -> None:
    async def test(port: int) -> None:
        answer = await ask(port, get("/hello?name=a%20b"))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nhello a b")
        assert b"Content-Length: 9\r\n" in answer
        assert (await ask(port, get("/hello", method="HEAD"))).endswith(b"\r\n\r\n")

    serve(test)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/nothing"), 404),
        (get("/hello", method="POST"), 405),
        (b"nonsense\r\n\r\n", 400),
        (get("http://elsewhere/hello"), 400),
        (get("//[/hello"), 404),
        (b"GET /hello HTTP/1.1\r\n\r\n", 421),
        (b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\n\r\n", 421),
        (get("/hello", host="rebound.example:9600"), 421),
        (b"GET /hello HTTP/1.1\r\nX: " + b"x" * 10_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_not_understood_or_not_allowed(request_bytes: bytes, status: int) -> None:
    async def test(port: int) -> None:
        answer = await ask(port, request_bytes)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())

    serve(test)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9600", "127.0.0.1:1", "[::1]:9600", "[::1]", "203.0.113.9"])
def test_names_that_cannot_be_rebound_are_allowed(host: str) -> None:
    async def test(port: int) -> None:
        assert (await ask(port, get("/hello", host=host))).startswith(b"HTTP/1.1 200 ")

    serve(test)


def test_the_name_that_is_listened_on_is_allowed() -> None:
    async def test(port: int) -> None:
        assert (await ask(port, get("/hello", host="localhost"))).startswith(b"HTTP/1.1 200 ")

    serve(test, host="localhost")


def test_who_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_http, "REQUEST_SECONDS_MAX", 0.05)

    async def test(port: int) -> None:
        assert await ask(port, b"GET /hello") == b""

    serve(test)


def test_too_many_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_http, "CONNECTIONS_MAX", 0)

    async def test(port: int) -> None:
        assert await ask(port, b"") == b""

    serve(test)


def test_an_address_in_use_is_said() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(ListenFailed, match=f"cannot listen on 127.0.0.1:{port}: "):
                await StatusHttp("127.0.0.1", port, {}, Tasks(lambda name, error: None)).listen()

    run_skipping(main())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9600", ("127.0.0.1", 9600)),
        ("[::1]:80", ("::1", 80)),
        ("host:1", ("host", 1)),
        ("off", ("127.0.0.1", 0)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert parse_http_address(text) == expected


@pytest.mark.parametrize("text", ["", "9600", ":9600", "host:", "host:0", "host:70000", "host:x"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        parse_http_address(text)
