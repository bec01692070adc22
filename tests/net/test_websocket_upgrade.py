"""Failure mode 34: every answer to the upgrade request other than the right one, with its exact words."""

import asyncio
import re

import pytest
from tests.net.conftest import Run
from tests.net.recorder import Recorder, server
from tests.net.test_dialer import endpoint, failure
from websockets.utils import accept_key

from tidegate.net.dialer import dial
from tidegate.net.websocket_upgrade import PEER_TEXT_CHARACTERS_MAX, UPGRADE_BYTES_MAX, for_people

LOG_HINT = "look at the server's log for its side of it"


def accepting(request: bytes, *, protocol: str | None = "mqtt", key: str | None = None) -> bytes:
    """Make the answer of a server that upgrades."""
    sent_key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
    assert sent_key is not None
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {key or accept_key(sent_key[1].decode())}",
    ]
    if protocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("answer", "detail", "hint"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<html>",
            "the server answered the WebSocket upgrade with HTTP 200 OK",
            "this is an ordinary web page; check the port, and the path /mqtt",
        ),
        (
            b"HTTP/1.1 302 Moved\r\nLocation:  https://login.example/?a=b \r\n\r\n",
            "the server answered the WebSocket upgrade with HTTP 302 Found",
            "redirects are not followed: this one leads to https://login.example/?a=b; put the right host and path in host",
        ),
        (
            b"HTTP/1.1 301 Moved Permanently\r\n\r\n",
            "the server answered the WebSocket upgrade with HTTP 301 Moved Permanently",
            "redirects are not followed: this one leads nowhere; put the right host and path in host",
        ),
        (
            b"HTTP/1.1 401 Unauthorized\r\n\r\n",
            "the server answered the WebSocket upgrade with HTTP 401 Unauthorized",
            "the server or a proxy before it wants a login for the upgrade itself, which Tidegate does not send",
        ),
        (
            b"HTTP/1.1 404 Not Found\r\n\r\n",
            "the server answered the WebSocket upgrade with HTTP 404 Not Found",
            "the server has nothing at /mqtt; the path is part of host, for example HOST:443/mqtt",
        ),
        (
            b"HTTP/1.0 426 Upgrade Required\r\n\r\n",
            "the server answered the WebSocket upgrade with HTTP 426 Upgrade Required",
            "the server wants another version of HTTP or of WebSocket; 13 is spoken here",
        ),
        (
            b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
            "the server answered the WebSocket upgrade with HTTP 503 Service Unavailable",
            "the server, or what stands behind a proxy, is not ready",
        ),
        (b"HTTP/1.1 499 \r\n\r\n", "the server answered the WebSocket upgrade with HTTP 499", LOG_HINT),
        (
            b"\x20\x02\x00\x00",
            "the server does not speak HTTP on this port",
            "use the broker's port for WebSockets, or set protocol: Mqtt",
        ),
        (
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "the server's answer to the WebSocket upgrade is not valid: missing Connection header",
            "check that the port and the path are those of a broker's WebSocket listener",
        ),
        (
            b"HTTP/1.1 abc\r\n\r\n",
            "the server's answer to the WebSocket upgrade is not valid: did not receive a valid HTTP response",
            "check that the port and the path are those of a broker's WebSocket listener",
        ),
        (
            b"HTTP/1.1 101 " + b"x" * UPGRADE_BYTES_MAX,
            "the server's answer to the WebSocket upgrade is not valid: its header is larger than 16384 bytes",
            "check that the port and the path are those of a broker's WebSocket listener",
        ),
        (
            b"",
            "the connection was closed during the WebSocket upgrade",
            "the port may not speak WebSocket; check the port and protocol",
        ),
    ],
    ids=["200", "302", "301", "401", "404", "426", "503", "499", "MQTT", "no header", "no status", "large", "closed"],
)
def test_failure_34_upgrade_refused(run: Run, answer: bytes, detail: str, hint: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if answer:
            await reader.read(-1)
        writer.close()

    async def test() -> None:
        async with server(handle) as port:
            error = await failure(endpoint("localhost", port, transport="websocket"))
            assert str(error) == f"localhost:{port}: {detail}"
            assert (error.step, error.hint) == ("websocket", hint)

    run(test())


def test_failure_34_no_subprotocol(run: Run) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accepting(await reader.readuntil(b"\r\n\r\n"), protocol=None))
        await reader.read(-1)

    async def test() -> None:
        async with server(handle) as port:
            error = await failure(endpoint("localhost", port, transport="websocket"))
            assert str(error) == f"localhost:{port}: the server did not agree to the WebSocket subprotocol mqtt"
            assert error.hint == "check that the path is the one on which the broker speaks MQTT"

    run(test())


@pytest.mark.parametrize("change", [{"protocol": "mqttv3.1"}, {"key": "forged"}])
def test_an_answer_that_is_not_ours_is_not_valid(run: Run, change: dict[str, str]) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accepting(await reader.readuntil(b"\r\n\r\n"), **change))
        await reader.read(-1)

    async def test() -> None:
        async with server(handle) as port:
            error = await failure(endpoint("localhost", port, transport="websocket"))
            assert "the server's answer to the WebSocket upgrade is not valid: " in str(error)

    run(test())


def test_failure_34_silence_runs_out_of_time(run: Run) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async def test() -> None:
        async with server(handle) as port:
            error = await failure(endpoint("localhost", port, transport="websocket"), timeout_seconds=0.1)
            assert error.detail == "no answer within 0.1 s while waiting for the WebSocket upgrade"
            assert error.hint == "the port may not speak WebSocket; check the port and protocol"

    run(test())


def test_an_answer_byte_by_byte_with_the_first_frame_behind_it(run: Run) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = accepting(await reader.readuntil(b"\r\n\r\n")) + b"\x82\x05early"
        for position in range(len(answer)):
            writer.write(answer[position : position + 1])
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read(-1)
        writer.close()

    async def test() -> None:
        async with server(handle) as port:
            stream = await dial(endpoint("localhost", port, transport="websocket"), tls=None, timeout_seconds=10)
            receiver = Recorder()
            stream.start(receiver)
            await receiver.until(lambda: receiver.data == b"early")
            stream.close()
            assert await receiver.closed is None

    run(test())


def test_what_a_server_wrote_is_shown_on_one_line_and_short() -> None:
    assert for_people("a\r\nb\x1b[31m") == "a??b?[31m"
    assert for_people("x" * 1000) == "x" * PEER_TEXT_CHARACTERS_MAX + "…"
