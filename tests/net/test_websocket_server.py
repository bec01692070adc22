"""Promise 12: MQTT over WebSocket, the server's side."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from tests.net.test_listener import Echo, run

from tidegate.net.listener import Listener, ListenerSettings
from tidegate.net.websocket_server import ORIGIN_CHARACTERS_MAX, REQUEST_BYTES_MAX

SETTINGS = ListenerSettings(addresses=("127.0.0.1",), port=0, protocol="WebSockets", ready_seconds_max=5.0)
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def request(path: str = "/mqtt", **headers: str | None) -> bytes:
    fields: dict[str, str | None] = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "mqtt",
    }
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    masked = bytes(byte ^ b"\x01\x02\x03\x04"[index % 4] for index, byte in enumerate(payload))
    return bytes((opcode | (0x80 if final else 0), 0x80 | len(payload))) + b"\x01\x02\x03\x04" + masked


Talk = Callable[[Echo, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(with_it: Talk, settings: ListenerSettings = SETTINGS) -> None:
    async def scenario() -> None:
        echo = Echo()
        listener = Listener(settings, echo.take)
        await listener.listen(None)
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await with_it(echo, reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        listener.close()

    run(scenario)


async def answer(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


@pytest.mark.parametrize("subprotocol", ["mqtt", "mqttv3.1", "other, mqtt"])
def test_promise_12_binary_frames_come_and_go(subprotocol: str) -> None:
    async def with_it(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(Sec_WebSocket_Protocol=subprotocol) + frame(2, b"early"))
        said = await answer(reader)
        assert said.startswith("HTTP/1.1 101")
        assert f"Sec-WebSocket-Protocol: {subprotocol.split(', ')[-1]}" in said
        assert await reader.readexactly(7) == b"\x82\x05early"
        writer.write(frame(2, b"ab", final=False) + frame(0, b"c"))
        assert (await reader.readexactly(5))[:1] == b"\x82"
        writer.write(frame(9, b"p"))
        assert await reader.readexactly(3) == b"\x8a\x01p"
        writer.write(frame(8, b"\x03\xe8"))
        await echo.ended.wait()

    talk(with_it)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request(Sec_WebSocket_Protocol=None), 400),
        (request(Sec_WebSocket_Protocol="chat"), 400),
        (request("/"), 404),
        (request("/mqtt/../x"), 404),
        (request("//["), 404),
        (request("http://[::1"), 404),
        (request("//mqtt"), 404),
        (request(Origin="https://evil.example"), 403),
        (request(Origin="null"), 403),
        (request(Origin="http://127.0.0.1.evil.example"), 403),
        (request(Origin="http://" + "a" * ORIGIN_CHARACTERS_MAX), 403),
        (request(Origin="http://evil.example", Host="evil.example"), 403),
        (request(Upgrade=None), 426),
        (request(Sec_WebSocket_Key=None), 400),
        (b"GET /mqtt HTTP/1.1\r\nHost: x\r\nX: " + b"a" * REQUEST_BYTES_MAX, 400),
        (b"\x10\x0f\x00\x04MQTT\r\n\r\n", 400),
    ],
)
def test_promise_12_what_is_refused(asked: bytes, status: int) -> None:
    async def with_it(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(asked)
        said = await reader.readline()
        assert said.startswith(f"HTTP/1.1 {status} ".encode()), said
        assert echo.accepted.empty()

    talk(with_it)


@pytest.mark.parametrize("path", ["/mqtt", "/mqtt?", "/mqtt?client=one#[", "http://127.0.0.1/mqtt"])
def test_what_does_not_matter_in_a_request(path: str) -> None:
    async def with_it(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(path))
        assert (await answer(reader)).startswith("HTTP/1.1 101")

    talk(with_it)


@pytest.mark.parametrize("origin", ["http://localhost:8080", "http://127.0.0.1", "https://[::1]"])
def test_promise_12_pages_of_this_machine_may(origin: str) -> None:
    async def with_it(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(Origin=origin))
        assert (await answer(reader)).startswith("HTTP/1.1 101")

    talk(with_it)


def test_promise_12_a_text_frame_ends_it() -> None:
    async def with_it(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request())
        await answer(reader)
        writer.write(frame(1, b"text"))
        assert (await reader.readexactly(4))[2:] == b"\x03\xeb"
        await echo.ended.wait()

    talk(with_it)


def test_failure_10_a_slow_request_is_ended() -> None:
    async def with_it(echo: Echo, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request()[:30])
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        assert echo.accepted.empty()

    quick = ListenerSettings(addresses=("127.0.0.1",), port=0, protocol="WebSockets", ready_seconds_max=0.1)
    talk(with_it, quick)
