"""A stream inside a WebSocket, towards a real server of the `websockets` library and towards bytes written by hand."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.certificates import ca
from tests.net.conftest import Run
from tests.net.recorder import Recorder, server, turns
from tests.net.test_dialer import endpoint
from tests.net.test_websocket_upgrade import accepting
from tests.net.tls_contexts import client_context, server_context
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tidegate.exceptions import ConnectFailed
from tidegate.net import websocket
from tidegate.net.dialer import dial
from tidegate.net.stream import Stream, memory_pair

AUTHORITY = ca()
SERVER = AUTHORITY.server("localhost")
LOG_HINT = "look at the server's log for its side of it"


@asynccontextmanager
async def connected(
    handler: Callable[[ServerConnection], Awaitable[None]], *, secure: bool = False, path: str = "/mqtt"
) -> AsyncIterator[tuple[Stream, Recorder, str]]:
    """A started stream to a real server, its receiver, and the peer's name."""
    tls = server_context(SERVER) if secure else None
    async with serve(
        handler, "127.0.0.1", 0, ssl=tls, subprotocols=[Subprotocol("mqtt")], max_size=None, compression="deflate"
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        plan = endpoint("localhost", port, secure=secure, transport="websocket", path=path)
        stream = await dial(plan, tls=client_context(AUTHORITY) if secure else None, timeout_seconds=10)
        receiver = Recorder()
        stream.start(receiver)
        yield stream, receiver, f"localhost:{port}"
        stream.abort()
        await receiver.closed


async def echo(peer: ServerConnection) -> None:
    async for message in peer:
        await peer.send(message)


@pytest.mark.parametrize("secure", [False, True], ids=["ws", "wss"])
def test_bytes_travel_both_ways(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connected(echo, secure=secure) as (stream, receiver, peer):
            assert stream.peer == peer
            data = bytes(range(256)) * 4096
            stream.write(data[:1])
            stream.write(data[1:])
            await receiver.until(lambda: len(receiver.data) == len(data))
            assert receiver.data == data

    run(test())


def test_the_request_says_what_the_endpoint_says(run: Run) -> None:
    async def report(peer: ServerConnection) -> None:
        assert peer.request is not None
        headers = peer.request.headers
        await peer.send("|".join([peer.request.path, headers["Host"], headers["Sec-WebSocket-Protocol"]]).encode())
        await peer.wait_closed()

    async def test() -> None:
        async with connected(report, path="/a b/ü?x=1\r\nY: z") as (_, receiver, peer):
            await receiver.until(lambda: bool(receiver.reads))
            assert receiver.data.decode() == f"/a%20b/%C3%BC?x=1%0D%0AY:%20z|{peer}|mqtt"

    run(test())


def test_each_write_is_one_binary_frame(run: Run) -> None:
    messages: list[str | bytes] = []

    async def gather(peer: ServerConnection) -> None:
        messages.append(await peer.recv())
        messages.append(await peer.recv())
        await peer.wait_closed()

    async def test() -> None:
        async with connected(gather) as (stream, receiver, _):
            stream.write(b"one")
            stream.write(b"two")
            stream.close()
            assert await receiver.closed is None
            assert messages == [b"one", b"two"]

    run(test())


def test_fragments_are_passed_on(run: Run) -> None:
    async def fragments(peer: ServerConnection) -> None:
        await peer.send([b"a", b"bc", b"", b"d"])
        await peer.wait_closed()

    async def test() -> None:
        async with connected(fragments) as (_, receiver, _):
            await receiver.until(lambda: receiver.data == b"abcd")

    run(test())


def test_a_ping_is_answered_and_not_passed_on(run: Run) -> None:
    async def ping(peer: ServerConnection) -> None:
        await (await peer.ping(b"are you there"))
        await peer.send(b"answered")
        await peer.wait_closed()

    async def test() -> None:
        async with connected(ping) as (_, receiver, _):
            await receiver.until(lambda: receiver.data == b"answered")

    run(test())


def test_mqtt_6_0_0_1_a_text_frame_closes_the_connection(run: Run) -> None:
    closed: list[tuple[int, str]] = []

    async def text(peer: ServerConnection) -> None:
        await peer.send(b"before")
        await peer.send("text")
        try:
            await peer.send(b"after")
            await peer.recv()
        except ConnectionClosed as error:
            assert error.rcvd is not None
            closed.append((error.rcvd.code, error.rcvd.reason))

    async def test() -> None:
        async with connected(text) as (_, receiver, peer):
            error = await receiver.closed
            assert isinstance(error, ConnectFailed)
            assert str(error) == f"{peer}: the server sent a text frame; MQTT travels in binary frames [MQTT-6.0.0-1]"
            assert (error.step, error.hint) == ("websocket", LOG_HINT)
            assert receiver.data == b"before"
            assert closed == [(1003, "MQTT travels in binary frames")]

    run(test())


@pytest.mark.parametrize(
    ("code", "reason", "detail"),
    [
        (1000, "", None),
        (1001, "restarting", None),
        (1008, "", "the server closed the WebSocket with code 1008"),
        (1013, "try\nlater", "the server closed the WebSocket with code 1013: try?later"),
    ],
)
def test_the_servers_close(run: Run, code: int, reason: str, detail: str | None) -> None:
    async def close(peer: ServerConnection) -> None:
        await peer.send(b"last")
        await peer.close(code, reason)

    async def test() -> None:
        async with connected(close) as (stream, receiver, peer):
            error = await receiver.closed
            assert receiver.data == b"last"
            assert (None if error is None else str(error)) == (None if detail is None else f"{peer}: {detail}")
            stream.write(b"ignored")
            stream.close()

    run(test())


def test_close_sends_what_was_written_before_it(run: Run) -> None:
    received: list[str | bytes] = []
    codes: list[int | None] = []

    async def slow(peer: ServerConnection) -> None:
        await peer.send(b"never delivered")
        received.append(await peer.recv())
        await peer.wait_closed()
        codes.append(peer.close_code)

    async def test() -> None:
        async with connected(slow) as (stream, receiver, _):
            data = bytes(1_000_000)
            stream.write(data)
            stream.close()
            stream.close()
            stream.write(b"ignored")
            assert await receiver.closed is None
            await turns()
            assert received == [data]
            assert codes == [1000]

    run(test())


def test_abort_ends_at_once(run: Run) -> None:
    async def test() -> None:
        async with connected(echo) as (stream, receiver, _):
            stream.abort()
            assert receiver.calls == []
            assert await receiver.closed is None

    run(test())


def test_an_end_before_start_is_told_at_start(run: Run) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accepting(await reader.readuntil(b"\r\n\r\n")) + b"\x82\x03bye\x88\x02\x03\xf0")
        await reader.read(-1)
        writer.close()

    async def test() -> None:
        async with server(handle) as port:
            stream = await dial(endpoint("localhost", port, transport="websocket"), tls=None, timeout_seconds=10)
            await turns(50)
            receiver = Recorder()
            stream.start(receiver)
            error = await receiver.closed
            assert receiver.data == b"bye"
            assert str(error) == f"localhost:{port}: the server closed the WebSocket with code 1008"

    run(test())


@pytest.mark.parametrize(
    ("frames", "detail"),
    [
        (b"\x82\x81\x00\x00\x00\x00a", "the server broke the WebSocket protocol: incorrect masking"),
        (b"\xf2\x01a", "the server broke the WebSocket protocol: reserved bits must be 0"),
        (b"\x80\x01a", "the server broke the WebSocket protocol: unexpected continuation frame"),
    ],
)
def test_a_broken_frame_ends_the_stream(run: Run, frames: bytes, detail: str) -> None:
    async def test() -> None:
        stream, peer, receiver = await over_memory()
        peer.stream.write(frames)
        assert str(await receiver.closed) == f"broker.example:80: {detail}"
        assert peer.data.startswith(b"\x88")
        stream.write(b"ignored")

    run(test())


def test_a_frame_is_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "FRAME_BYTES_MAX", 100)

    async def test() -> None:
        _, peer, receiver = await over_memory()
        peer.stream.write(b"\x82\x64" + bytes(100))
        await receiver.until(lambda: len(receiver.data) == 100)
        peer.stream.write(b"\x82\x65")
        assert "the server broke the WebSocket protocol: frame with 101 bytes exceeds limit of 100 bytes" in str(
            await receiver.closed
        )

    run(test())


def test_frames_of_one_read_are_delivered_as_one(run: Run) -> None:
    async def test() -> None:
        _, peer, receiver = await over_memory()
        peer.stream.write(b"\x82\x01a\x82\x01b\x89\x00\x82\x01c")
        await receiver.until(lambda: bool(receiver.reads))
        assert receiver.reads == [b"abc"]

    run(test())


def test_writing_when_the_close_came_in_the_same_read_is_ignored(run: Run) -> None:
    class Answering(Recorder):
        stream: Stream

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.stream.write(b"too late")
            self.stream.close()

    async def test() -> None:
        receiver = Answering()
        receiver.stream, peer, _ = await over_memory(receiver)
        peer.stream.write(b"\x82\x01a\x88\x02\x03\xe8")
        assert await receiver.closed is None
        assert receiver.data == b"a"

    run(test())


def test_a_server_that_pings_and_does_not_read_gets_only_the_last_pong(run: Run) -> None:
    async def test() -> None:
        stream, peer, receiver = await over_memory()
        peer.stream.pause_reading()
        stream.write(bytes(300_000))
        assert receiver.calls == ["paused"]
        for number in range(100):
            peer.stream.write(b"\x89\x01" + bytes([number]))
            await turns(2)
        peer.reads.clear()
        peer.stream.resume_reading()
        await receiver.until(lambda: receiver.calls == ["paused", "resumed"])
        await turns()
        pongs = peer.data[-7:]
        assert pongs[:2] == b"\x8a\x81"
        assert pongs[6] ^ pongs[2] == 99
        assert len(peer.data) < 300_000 + 100

    run(test())


def test_paused_reading_holds_frames(run: Run) -> None:
    async def test() -> None:
        stream, peer, receiver = await over_memory()
        stream.pause_reading()
        peer.stream.write(b"\x82\x01a")
        await turns()
        assert receiver.reads == []
        stream.resume_reading()
        await turns()
        assert receiver.reads == [b"a"]

    run(test())


def test_what_travels_is_not_logged(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        stream, peer, receiver = await over_memory()
        stream.write(b"the password")
        peer.stream.write(b"\x82\x01a")
        await receiver.until(lambda: bool(receiver.reads))

    with caplog.at_level(logging.DEBUG):
        run(test())
    assert "password" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("websockets")]


class MemoryPeer(Recorder):
    """The server's end of a stream in memory."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self.stream = stream
        stream.start(self)


async def over_memory(receiver: Recorder | None = None) -> tuple[Stream, MemoryPeer, Recorder]:
    """An upgraded and started stream in memory, so that the test decides what comes in which read."""
    inner, other = memory_pair(asyncio.get_running_loop())
    peer = MemoryPeer(other)
    upgrading = asyncio.get_running_loop().create_task(
        websocket.upgrade(inner, host="broker.example", port=80, path="/mqtt", secure=False)
    )
    await peer.until(lambda: peer.data.endswith(b"\r\n\r\n"))
    other.write(accepting(peer.data))
    peer.reads.clear()
    stream = await upgrading
    receiver = receiver or Recorder()
    stream.start(receiver)
    await turns()
    return stream, peer, receiver
