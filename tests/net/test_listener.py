"""Accepting connections."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.certificates import Issued, ca

from tidegate.auth.server_tls import server_context
from tidegate.exceptions import ListenFailed
from tidegate.net import listener as listener_module
from tidegate.net.listener import Listener, ListenerSettings, PeerInfo
from tidegate.net.stream import Stream

CA = ca()
SETTINGS = ListenerSettings(addresses=("127.0.0.1", "::1"), port=0)


class Echo:
    """Takes streams, and sends back what they bring."""

    def __init__(self) -> None:
        self.accepted: asyncio.Queue[tuple[Stream, PeerInfo]] = asyncio.Queue()
        self.ended = asyncio.Event()

    def take(self, stream: Stream, info: PeerInfo) -> None:
        echo = self

        class Receiver:
            def data_received(self, data: bytes) -> None:
                stream.write(data)

            def stream_closed(self, error: Exception | None) -> None:
                echo.ended.set()

            def writing_paused(self) -> None: ...

            def writing_resumed(self) -> None: ...

        stream.start(Receiver())
        self.accepted.put_nowait((stream, info))


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await scenario()

    asyncio.run(bounded())


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def tls(issued: Issued) -> ssl.SSLContext:
    return server_context("test", issued.certificate, issued.key, CA.certificate.decode())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_plain_tcp_on_both_families(host: str) -> None:
    async def scenario() -> None:
        echo = Echo()
        listener = Listener(SETTINGS, echo.take)
        await listener.listen(None)
        reader, writer = await asyncio.open_connection(host, listener.port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        _, info = await echo.accepted.get()
        assert info == PeerInfo(host, ())
        await closed(writer)
        await echo.ended.wait()
        listener.close()

    run(scenario)


def test_tls_with_another_certificate_while_it_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        echo = Echo()
        listener = Listener(SETTINGS, echo.take)
        await listener.listen(tls(CA.server("localhost")))
        trusted = ssl.create_default_context(cadata=CA.certificate.decode())
        client = CA.client("press")
        pair = tmp_path / "pair.pem"
        pair.write_bytes(client.certificate + client.key)
        trusted.load_cert_chain(pair)
        serials = []
        for issued in (None, CA.server("localhost")):
            if issued is not None:
                await listener.use_tls(tls(issued))
            _, writer = await asyncio.open_connection(
                "127.0.0.1", listener.port, ssl=trusted, server_hostname="localhost"
            )
            serials.append(writer.get_extra_info("ssl_object").getpeercert()["serialNumber"])
            _, info = await echo.accepted.get()
            assert info.certificates_der[0] == ssl.PEM_cert_to_DER_cert(client.certificate.decode())
            await closed(writer)
        assert serials[0] != serials[1]
        listener.close()

    run(scenario)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_certificates_that_a_client_sends_along_are_handed_on_also_when_it_comes_again(
    tmp_path: Path, version: ssl.TLSVersion
) -> None:
    async def scenario() -> None:
        echo = Echo()
        listener = Listener(SETTINGS, echo.take)
        await listener.listen(tls(CA.server("localhost")))
        line = CA.intermediate("Line CA")
        client = line.client("press")
        pair = tmp_path / "pair.pem"
        pair.write_bytes(client.certificate + line.certificate + client.key)
        trusted = ssl.create_default_context(cadata=CA.certificate.decode())
        trusted.maximum_version = version
        trusted.load_cert_chain(pair)
        expected = tuple(ssl.PEM_cert_to_DER_cert(each.decode()) for each in (client.certificate, line.certificate))
        session: ssl.SSLSession | None = None
        for _ in range(2):
            received = await asyncio.to_thread(talk, listener.port, trusted, session)
            _, info = await echo.accepted.get()
            assert info.certificates_der == expected
            session = received
        listener.close()

    def talk(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSession | None:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as wrapped,
        ):
            wrapped.sendall(b"x")
            assert wrapped.recv(1) == b"x"
            return wrapped.session

    run(scenario)


def test_so_many_connections_and_no_more() -> None:
    async def scenario() -> None:
        echo = Echo()
        settings = ListenerSettings(addresses=("127.0.0.1",), port=0, connections_max=2)
        listener = Listener(settings, echo.take)
        await listener.listen(None)
        first = await asyncio.open_connection("127.0.0.1", listener.port)
        second = await asyncio.open_connection("127.0.0.1", listener.port)
        await echo.accepted.get()
        await echo.accepted.get()
        reader, third = await asyncio.open_connection("127.0.0.1", listener.port)
        with pytest.raises(OSError):
            if await reader.read() == b"":
                raise ConnectionResetError
        assert listener.refused == {"too many connections": 1}
        await closed(first[1])
        await echo.ended.wait()
        _, fourth = await asyncio.open_connection("127.0.0.1", listener.port)
        await echo.accepted.get()
        for writer in (second[1], third, fourth):
            await closed(writer)
        listener.close()

    run(scenario)


def test_a_port_that_is_taken_is_said_and_nothing_is_left_open() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            listener = Listener(ListenerSettings(addresses=("127.0.0.1",), port=port), Echo().take)
            with pytest.raises(ListenFailed, match=str(port)):
                await listener.listen(None)
        await listener.listen(None)
        listener.close()

    run(scenario)


@pytest.mark.parametrize("code", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_a_machine_without_ipv6_listens_all_the_same(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def bound(address: str, port: int) -> socket.socket:
        if ":" in address:
            raise OSError(code, "not here")
        return real(address, port)

    real = listener_module._bound
    monkeypatch.setattr(listener_module, "_bound", bound)

    async def scenario() -> None:
        listener = Listener(SETTINGS, Echo().take)
        await listener.listen(None)
        assert listener.port
        listener.close()
        with pytest.raises(ListenFailed):
            await Listener(ListenerSettings(addresses=("::1",), port=0), Echo().take).listen(None)

    run(scenario)


def test_failure_10_half_a_handshake_is_ended() -> None:
    async def scenario() -> None:
        echo = Echo()
        settings = ListenerSettings(addresses=("127.0.0.1",), port=0, ready_seconds_max=0.2)
        listener = Listener(settings, echo.take)
        await listener.listen(tls(CA.server("localhost")))
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"\x16\x03\x01\x02\x00\x01")
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        assert echo.accepted.empty()
        await closed(writer)
        listener.close()

    run(scenario)
