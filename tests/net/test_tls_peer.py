"""What a server has shown, over a real handshake."""

from tests.certificates import ca
from tests.net.conftest import Run
from tests.net.recorder import Recorder, server
from tests.net.test_dialer import echo, endpoint
from tests.net.tls_contexts import client_context, server_context

from tidegate.net.dialer import dial
from tidegate.net.stream import Stream
from tidegate.net.tcp import TcpStream
from tidegate.net.tls_peer import TlsPeer, tls_peer

AUTHORITY = ca("plant")


async def ended(stream: Stream) -> None:
    """Use a connection and close it in good order."""
    receiver = Recorder()
    stream.start(receiver)
    stream.write(b"ping")
    await receiver.until(lambda: receiver.data == b"ping")
    stream.close()
    await receiver.closed


def test_version_cipher_and_chain_are_known_once_the_connection_is_open(run: Run) -> None:
    async def scenario() -> None:
        seen: list[TlsPeer] = []

        def connected(stream: TcpStream) -> None:
            assert stream.tls is not None
            seen.append(tls_peer(stream.tls))

        async with server(echo, server_context(AUTHORITY.server("localhost"))) as port:
            plan = endpoint("localhost", port, secure=True)
            stream = await dial(plan, tls=client_context(AUTHORITY), timeout_seconds=10, connected=connected)
            await ended(stream)
        (peer,) = seen
        assert peer.version in ("TLSv1.2", "TLSv1.3")
        assert peer.cipher
        assert [each.subject.rfc4514_string() for each in peer.certificates] == ["CN=localhost", "CN=plant"]

    run(scenario())


def test_a_plain_connection_has_none(run: Run) -> None:
    async def scenario() -> None:
        seen: list[TcpStream] = []
        async with server(echo) as port:
            plan = endpoint("127.0.0.1", port)
            stream = await dial(plan, tls=None, timeout_seconds=10, connected=seen.append)
            assert [each.tls for each in seen] == [None]
            await ended(stream)

    run(scenario())
