"""A stream over a real socket, on both event loops, with and without TLS."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.certificates import ca
from tests.net.conftest import Run
from tests.net.recorder import Recorder, server, turns
from tests.net.tls_contexts import client_context, server_context

from tidegate.net import tcp
from tidegate.net.stream import WRITE_HIGH_BYTES
from tidegate.net.tcp import TcpStream

AUTHORITY = ca()
SERVER = AUTHORITY.server("localhost")


class Peer:
    """The other end of one connection, for the test to play."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.ended = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.connected.set()
        await self.ended.wait()


@asynccontextmanager
async def connection(secure: bool = False) -> AsyncIterator[tuple[TcpStream, Peer]]:
    """A stream and the peer at its other end."""
    loop = asyncio.get_running_loop()
    peer = Peer()
    async with server(peer.handle, server_context(SERVER) if secure else None) as port:
        _, stream = await loop.create_connection(
            lambda: TcpStream(loop),
            "127.0.0.1",
            port,
            ssl=client_context(AUTHORITY) if secure else None,
            server_hostname="localhost" if secure else None,
        )
        assert stream.peer == f"127.0.0.1:{port}"
        await peer.connected.wait()
        try:
            yield stream, peer
        finally:
            stream.abort()
            peer.ended.set()
            await turns()


plain_and_secure = pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])


@plain_and_secure
def test_bytes_travel_both_ways(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connection(secure) as (stream, peer):
            receiver = Recorder()
            stream.start(receiver)
            stream.write(b"to the peer")
            assert await peer.reader.readexactly(11) == b"to the peer"
            peer.writer.write(b"from the peer")
            await receiver.until(lambda: receiver.data == b"from the peer")

    run(test())


@plain_and_secure
def test_nothing_is_lost_that_came_before_start(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connection(secure) as (stream, peer):
            data = bytes(range(256)) * 8192
            peer.writer.write(data)
            await turns(200)
            receiver = Recorder()
            stream.start(receiver)
            assert receiver.reads == []
            await receiver.until(lambda: len(receiver.data) == len(data))
            assert receiver.data == data

    run(test())


@plain_and_secure
def test_an_end_before_start_is_told_at_start(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connection(secure) as (stream, peer):
            peer.writer.write(b"bye")
            peer.writer.close()
            await turns(200)
            receiver = Recorder()
            stream.start(receiver)
            assert await receiver.closed is None
            assert receiver.data == b"bye"

    run(test())


def test_paused_reading_holds_the_peer_back(run: Run) -> None:
    async def test() -> None:
        async with connection() as (stream, peer):
            receiver = Recorder()
            stream.start(receiver)
            stream.pause_reading()
            peer.writer.write(b"x" * 100)
            await turns(100)
            assert receiver.reads == []
            stream.resume_reading()
            await receiver.until(lambda: len(receiver.data) == 100)

    run(test())


@plain_and_secure
def test_a_peer_that_does_not_read_pauses_writing(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connection(secure) as (stream, peer):
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a writer's transport reads as well
            receiver = Recorder()
            stream.start(receiver)
            await turns()
            written = 0
            while receiver.calls == []:
                stream.write(bytes(WRITE_HIGH_BYTES))
                written += WRITE_HIGH_BYTES
                await turns()
            assert receiver.calls == ["paused"]
            peer.writer.transport.resume_reading()  # type: ignore[attr-defined]
            assert len(await peer.reader.readexactly(written)) == written
            await receiver.until(lambda: receiver.calls == ["paused", "resumed"])

    run(test())


@plain_and_secure
def test_close_sends_what_was_written_and_ends_in_good_order(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connection(secure) as (stream, peer):
            receiver = Recorder()
            stream.start(receiver)
            data = bytes(3 * WRITE_HIGH_BYTES)
            stream.write(data)
            stream.close()
            stream.close()
            stream.write(b"ignored")
            assert receiver.calls == []
            assert await peer.reader.read(-1) == data
            peer.writer.close()
            assert await receiver.closed is None

    run(test())


def test_close_with_unread_bytes_does_not_reset_the_connection(run: Run) -> None:
    async def test() -> None:
        async with connection() as (stream, peer):
            receiver = Recorder()
            stream.start(receiver)
            stream.pause_reading()
            await turns()
            peer.writer.write(b"never delivered")
            await peer.writer.drain()
            stream.write(b"the last acknowledgement")
            stream.close()
            assert await peer.reader.read(-1) == b"the last acknowledgement"
            peer.writer.close()
            assert await receiver.closed is None
            assert receiver.data == b""

    run(test())


@plain_and_secure
def test_close_aborts_when_the_peer_does_not_end_its_half(
    run: Run, secure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "CLOSE_SECONDS_MAX", 0.05)

    async def test() -> None:
        async with connection(secure) as (stream, peer):
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
            receiver = Recorder()
            stream.start(receiver)
            stream.write(bytes(40 * WRITE_HIGH_BYTES))
            stream.close()
            assert await receiver.closed is None

    run(test())


def test_a_peer_that_ends_its_half_and_reads_no_more_does_not_keep_the_stream(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "CLOSE_SECONDS_MAX", 0.05)

    async def test() -> None:
        async with connection() as (stream, peer):
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
            receiver = Recorder()
            stream.start(receiver)
            stream.write(bytes(40 * WRITE_HIGH_BYTES))
            peer.writer.write_eof()
            assert await receiver.closed is None

    run(test())


@plain_and_secure
def test_abort_ends_at_once(run: Run, secure: bool) -> None:
    async def test() -> None:
        async with connection(secure) as (stream, _):
            receiver = Recorder()
            stream.start(receiver)
            stream.abort()
            stream.abort()
            assert receiver.calls == []
            assert await receiver.closed is None

    run(test())


class Failing(Recorder):
    """Fails on all it reads."""

    def data_received(self, data: bytes) -> None:
        raise ValueError("unexpected")


@plain_and_secure
@pytest.mark.parametrize("is_early", [True, False])
def test_a_receiver_that_fails_does_not_keep_the_connection(run: Run, secure: bool, is_early: bool) -> None:
    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
        async with connection(secure) as (stream, peer):
            receiver = Failing()
            if not is_early:
                stream.start(receiver)
                await turns()
            peer.writer.write(b"x")
            await turns(200)
            if is_early:
                stream.start(receiver)
            await receiver.closed

    failures: list[dict[str, object]] = []
    run(test())
    assert [type(failure["exception"]) for failure in failures] == [ValueError]


def test_a_reset_is_told_as_the_error_it_is(run: Run) -> None:
    async def test() -> None:
        async with connection() as (stream, peer):
            receiver = Recorder()
            stream.start(receiver)
            _reset(peer)
            assert isinstance(await receiver.closed, ConnectionResetError)

    run(test())


def test_close_after_a_reset_that_was_not_seen_yet_ends_without_error(run: Run) -> None:
    async def test() -> None:
        async with connection() as (stream, peer):
            receiver = Recorder()
            stream.start(receiver)
            await turns()
            stream.pause_reading()
            _reset(peer)
            await turns(50)
            stream.close()
            assert await receiver.closed is None

    run(test())


def test_packets_leave_without_delay(run: Run) -> None:
    async def test() -> None:
        async with connection() as (stream, _):
            sock = stream._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1

    run(test())


def _reset(peer: Peer) -> None:
    sock = peer.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    peer.writer.transport.abort()


def test_a_peer_that_is_gone_without_a_word_is_probed_for(run: Run) -> None:
    async def test() -> None:
        async with connection() as (stream, _):
            made: socket.socket = stream._transport.get_extra_info("socket")
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle = made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
            assert idle == tcp.PROBE_AFTER_SECONDS

    run(test())
